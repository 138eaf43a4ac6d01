"""The application: its parts made and joined, for as long as it runs."""

import asyncio
import gc
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from re import Pattern
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute, Route, WebSocketRoute, compile_path

from qa import descriptors, logs, settings, worker
from qa.domain.channels import Channel
from qa.domain.refusals import Refused
from qa.live.admission import Admission
from qa.live.bell import Bell, LocalBell, RedisBell
from qa.live.door import ADMIT, Door, Socket
from qa.live.hub import MOST, Hub
from qa.live.pages import PAGES
from qa.live.tailer import Tailer
from qa.live.watch import Tallies, every_second, revoke
from qa.routes import Row, Who, table
from qa.settings import Settings
from qa.store import accounts, questions
from qa.store.database import Database, DatabaseError
from qa.store.writer import Writer
from qa.web import errors, files
from qa.web.guard import Guard
from qa.web.inbox import Inbox, Slot
from qa.web.present import read_totals
from qa.web.shelf import Shelf
from qa.web.site import Site, ask, flush_seen, now
from qa.wires import Wires, ousted, trusting

LARGEST_BODY: Final = 64 * 1024
# What viewers send is at most a few bytes; a frame of more than this is an attack.
LARGEST_FRAME: Final = 16 * 1024
# The open files a process needs beside its viewers' sockets.
BESIDES: Final = 500


def web() -> Starlette:
    """One web process, with the settings of the environment: what `qa web` starts, once or several times."""
    read = settings.read()
    logs.set_up(read.log_level)
    return create(read)


def serving_options(read: Settings) -> dict[str, Any]:
    """How uvicorn serves the application, here and in the tests."""
    return {
        "host": read.host,
        "port": read.port,
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "http": Door,
        "ws": Socket,
        "ws_max_size": LARGEST_FRAME,
        # A compressor for each viewer would cost more than everything else about them.
        "ws_per_message_deflate": False,
        "timeout_graceful_shutdown": 5,
        "forwarded_allow_ips": read.forwarded_allow_ips,
    }


def create(read: Settings, *, embedded: bool = False) -> Starlette:
    """The application; `embedded` does the worker's part as well."""
    bell: Bell = RedisBell(read.redis_url) if read.redis_url else LocalBell()
    database = Database(read.database_url)
    most = min(MOST, max(BESIDES, descriptors.allow() - BESIDES))
    hub = Hub(lambda key: tailer.known(key), most)  # noqa: PLW0108 - the two know each other
    tailer = Tailer(database, hub.wake, poll_seconds=read.poll_seconds)
    writer = Writer(database, now, bell.ring)

    async def head(event_id: int) -> int:
        return (await tailer.ring(event_id, Channel.PUBLIC)).head

    def known_head(event_id: int) -> int | None:
        ring = tailer.known((event_id, Channel.PUBLIC))
        return None if ring is None else ring.head

    wires = Wires(tailer, hub)
    rows = table(wires)
    site = Site(read, database, writer, head, known_head, lambda: tailer.alive)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[dict[str, Any]]:
        site.demo = any(account.demo for account in await ask(site, accounts.every))
        await bell.start(tailer.heard)
        await tailer.start()
        hub.start()
        # What was made until now stays as long as the process: nobody looks through it again for garbage.
        gc.freeze()
        tasks = [asyncio.create_task(task) for task in _tasks(site, hub, shelf, embedded=embedded)]
        try:
            yield {ADMIT: Admission(hub, lambda base: wires.find(site, base), trusting(read)), PAGES: shelf.quickly}
        finally:
            hub.drain()
            await hub.stop()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await tailer.stop()
            await bell.stop()
            await asyncio.to_thread(writer.close)
            database.close()

    app = Starlette(
        routes=_routes(rows),
        middleware=[
            Middleware(Guard, settings=read),
            Middleware(Inbox, site=site, slots=_slots(rows), largest=LARGEST_BODY),
            Middleware(RequestBodyLimitMiddleware, max_body_size=LARGEST_BODY),
        ],
        exception_handlers={
            Refused: errors.on_refused,
            HTTPException: errors.on_http,
            DatabaseError: errors.on_database,
            ClientDisconnect: errors.on_gone,
            Exception: errors.on_error,
        },
        lifespan=lifespan,
    )
    app.state.site = site
    app.state.hub = hub
    # Before everything, the guard too: what is kept needs none of it.
    shelf = app.middleware_stack = Shelf(app.build_middleware_stack(), site, _addresses(rows))
    return app


def _tasks(site: Site, hub: Hub, shelf: Shelf, *, embedded: bool) -> list[Coroutine[Any, Any, None]]:
    read = site.database.read
    tallies = Tallies(
        hub,
        lambda event_id: read(read_totals, event_id),
        lambda event_id: read(questions.voices_by_number, event_id),
    )
    tasks = [
        every_second(tallies),
        every_second(lambda: revoke(hub, lambda held: read(ousted, held))),
        every_second(shelf.report),
        every_second(lambda: flush_seen(site)),
        every_second(hub.tick),
    ]
    return [*tasks, worker.work(site.database, site.writer, now)] if embedded else tasks


def _addresses(rows: tuple[Row, ...]) -> list[tuple[Pattern[str], tuple[str, ...] | None]]:
    """What a GET can reach, in the order of the table, with what in a query counts; None: it is not kept."""
    return [(compile_path(row.path)[0], row.query) for row in rows if row.method == "GET"]


def _slots(rows: tuple[Row, ...]) -> list[Slot]:
    """The rows that can be answered the quick way."""
    return [
        Slot(compile_path(row.path)[0], row.path, row.quick) for row in rows if row.quick and row.who is Who.EVERYBODY
    ]


def _routes(rows: tuple[Row, ...]) -> list[BaseRoute]:
    # Read and packed now, not when the first reader waits.
    files.every()
    routes: list[BaseRoute] = []
    for row in rows:
        if row.method == "WS":
            routes.append(WebSocketRoute(row.path, row.handler))
        else:
            routes.append(Route(row.path, row.handler, methods=[row.method]))
    return routes
