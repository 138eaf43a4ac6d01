"""`python -m tests.bench.hub`: the real application on a log that is thrown away, with a live event at /@bench/bench.

PORT says where on 127.0.0.1. It has one route more than the product: `POST /publish` appends the JSON object in its
body, as it is, as the data of a public entry, through the writer, the commit, the bell and the tailer; 204 says that it
is committed.
"""

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Final
from urllib.error import URLError
from urllib.request import urlopen

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from qa import app, descriptors, logs, settings
from qa.domain.channels import Channel
from qa.settings import Settings
from qa.store import log
from qa.store.database import Database
from qa.store.migrations.run import upgrade
from qa.store.writer import Writer
from qa.web.site import Site, now, order
from tests.bench.doors import Doors
from tests.bench.machine import STARTS_WITHIN
from tests.eventually import eventually
from tests.world import SECRET, World

NAME: Final = "bench"
EVENT: Final = f"/@{NAME}/{NAME}"
PUBLISH: Final = "/publish"


class Publisher:
    """`POST /publish`, as an ASGI application: not even a handler's wrapping stands between it and the writer."""

    def __init__(self, site: Site, event_id: int) -> None:
        self._site = site
        self._event_id = event_id
        self._append = partial(log.append, event_id=event_id, channel=Channel.PUBLIC, type_=NAME)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        data = json.loads(await Request(scope, receive).body())
        await order(self._site, partial(self._append, data=data), self._event_id)
        await Response(status_code=204)(scope, receive, send)


def prepare(database_url: str) -> int:
    """Make the tables, the account and the event that is live; its number."""
    upgrade(database_url)
    database = Database(database_url)
    writer = Writer(database, now)
    try:
        world = World(database, writer)
        world.account(NAME)
        return world.event(NAME).id
    finally:
        writer.close()
        database.close()


def application(read: Settings, event_id: int) -> Starlette:
    made = app.create(read, embedded=True)
    publisher = Publisher(made.state.site, event_id)
    made.router.routes.insert(0, Route(PUBLISH, publisher, methods=["POST"]))
    return made


@contextmanager
def thrown_away() -> Iterator[Path]:
    """A folder that is gone at the end, also when the process is told to stop before the server listens to that."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with TemporaryDirectory(prefix="qa-bench-") as folder:
        yield Path(folder)


def visit(port: int) -> None:
    """Be the first to see the page and to hear the channel: what the first brings in is needed once, not by each."""
    eventually(partial(_shown, f"http://127.0.0.1:{port}{EVENT}"), STARTS_WITHIN)
    doors = Doors(port, f"{EVENT}/live", deflate=False)
    for viewer, _ in doors.bring(1, silent=False, meanwhile=lambda: None):
        doors.close(viewer.fileno())


def _shown(url: str) -> bool:
    try:
        with urlopen(url) as response:  # noqa: S310 - our own address
            return bool(response.read())
    except URLError:
        return False


def main() -> None:
    logs.set_up("warning")
    descriptors.allow()
    with thrown_away() as folder:
        environ = {
            "SECRET_KEY": SECRET.decode(),
            "DATABASE_URL": f"sqlite:///{folder}/bench.db",
            "PORT": os.environ.get("PORT", "8000"),
        }
        read = settings.read(environ)
        event_id = prepare(read.database_url)
        Thread(target=visit, args=(read.port,), daemon=True).start()
        uvicorn.run(application(read, event_id), **app.serving_options(read))


if __name__ == "__main__":
    main()
