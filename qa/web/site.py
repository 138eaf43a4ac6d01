"""What the handlers of one process share, and their two ways to the database: read, and write through the one door."""

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

import anyio.to_thread
from starlette.requests import HTTPConnection

from qa.actions.questions import count_seen
from qa.settings import Settings
from qa.store.database import Database, Reading
from qa.store.writer import Tx, Writer

P = ParamSpec("P")
T = TypeVar("T")


def now() -> datetime:
    """The time, in UTC, to the millisecond: what goes over the wire and what is stored are the same."""
    at = datetime.now(UTC)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


@dataclass(frozen=True, slots=True)
class Place:
    """An announced event as its address leads to it; `base` is that address."""

    event_id: int
    epoch: str
    base: str


@dataclass(frozen=True, slots=True)
class Looked:
    """How far logs had come (see `store.log.reached`) when they were looked at: monotonic seconds."""

    heads: tuple[int, ...]
    at: float


class Answers:
    """What the writer's threads answer, on its way into the loop: however many answers wait, it is woken once."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[asyncio.Future[Any], Any, BaseException | None]] = deque()
        self._called = False

    def put(self, future: "asyncio.Future[Any]", result: Any, error: BaseException | None) -> None:
        """In a thread of the writer."""
        self._waiting.append((future, result, error))
        if not self._called:
            self._called = True
            # Where the loop has ended nobody waits any more.
            with suppress(RuntimeError):
                future.get_loop().call_soon_threadsafe(self._give)

    def _give(self) -> None:
        # First this: what is put from now on calls again, or is found by the loop below.
        self._called = False
        while self._waiting:
            future, result, error = self._waiting.popleft()
            if future.done():
                continue
            if error:
                future.set_exception(error)
            else:
                future.set_result(result)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A closed block of a public log: what names its content, the questions it tells of, and what of their answers'
    texts could be read then (see `record.readable_texts`)."""

    digest: str
    numbers: frozenset[int]
    texts: dict[int, set[int]]


@dataclass(slots=True)
class Site:
    settings: Settings
    database: Database
    writer: Writer
    # The number of the newest public entry this process knows of: see `live`.
    head: Callable[[int], Awaitable[int]]
    # The same without waiting; None while this process does not follow that event.
    known_head: Callable[[int], int | None]
    # Whether the log is being followed.
    following: Callable[[], bool]
    # Whether the accounts are those of a demonstration.
    demo: bool = False
    # How often open questions were put before somebody since the last flush, by event and number.
    seen: dict[int, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    # Which event is at an address (handle, slug): see `present`.
    places: dict[tuple[str, str], Place] = field(default_factory=dict)
    # Snapshots by event, kept as long as nothing happens: see `present`.
    presents: dict[int, Any] = field(default_factory=dict)
    presents_locks: dict[int, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    # How far logs that nobody follows here had come, by event or (None) all public ones: see `marks`.
    heads: dict[int | None, Looked] = field(default_factory=dict)
    heads_locks: dict[int | None, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    answers: Answers = field(default_factory=Answers)
    # Closed blocks of public logs by event and first number: see `segments`.
    segments: dict[tuple[int, int], Sealed] = field(default_factory=dict)
    # Tries by network and purpose: see `limits`.
    tries: dict[tuple[str, str], Any] = field(default_factory=dict)


def site_of(connection: HTTPConnection) -> Site:
    return cast(Site, connection.app.state.site)


async def read(
    connection: HTTPConnection, query: Callable[Concatenate[Reading, P], T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """A query's result, from a thread."""
    return await ask(site_of(connection), query, *args, **kwargs)


async def ask(site: Site, query: Callable[Concatenate[Reading, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The same where there is no request."""
    return await anyio.to_thread.run_sync(partial(site.database.read, query, *args, **kwargs))


async def write(connection: HTTPConnection, action: Callable[[Tx], T], event_id: int = 0) -> T:
    """An action's result, once it is committed. Raises what the action refuses, `Overloaded`, `NotSaved`.

    `event_id`: the event in which it is done, if it is in one.
    """
    return await order(site_of(connection), action, event_id)


async def order(site: Site, action: Callable[[Tx], T], event_id: int = 0) -> T:
    """The same where there is no request."""
    future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
    site.writer.put(action, partial(site.answers.put, future), event_id)
    return await future


async def flush_seen(site: Site) -> None:
    """Write the impressions that gathered: one transaction, however many pages were shown."""
    gathered, site.seen = site.seen, defaultdict(Counter)
    for event_id, counts in gathered.items():
        await order(site, partial(count_seen, event_id=event_id, counts=counts), event_id)
