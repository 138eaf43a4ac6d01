"""The real application on a real socket, in a thread of the test's own process."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvicorn
from starlette.applications import Starlette

from qa import app, settings
from qa.web.site import Site
from tests.eventually import eventually

SECRET = "a secret of the tests that is long enough"

# uvicorn's own protocols: the application keeps every socket.
PLAIN: Final = {"http": "httptools", "ws": "websockets-sansio"}


@dataclass(frozen=True, slots=True)
class Served:
    url: str
    app: Starlette
    site: Site

    @property
    def sockets(self) -> str:
        return self.url.replace("http", "ws", 1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(
    database_url: str, *, plain: bool = False, certificate: Path | None = None, **environ: str
) -> Iterator[Served]:
    """Serve a migrated database, everything in one process, until the block ends.

    `plain`: as another server would, that hands no descriptor over. `certificate`, with its key in one file: TLS ends
    in the server itself.
    """
    port = free_port()
    read = settings.read({"DATABASE_URL": database_url, "SECRET_KEY": SECRET, "PORT": str(port), **environ})
    application = app.create(read, embedded=True)
    options = (
        app.serving_options(read) | (PLAIN if plain else {}) | ({"ssl_certfile": certificate} if certificate else {})
    )
    server = uvicorn.Server(uvicorn.Config(application, **options))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        eventually(lambda: server.started)
        scheme = "https" if certificate else "http"
        yield Served(f"{scheme}://127.0.0.1:{port}", application, application.state.site)
    finally:
        server.should_exit = True
        thread.join(15)
        assert not thread.is_alive(), "the server did not stop"
