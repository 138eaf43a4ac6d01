"""Who may open a public socket, decided from the bytes of the request: no task, no query, no header objects."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Final

import structlog

from qa.live import handshake, streams
from qa.live.audience import Viewer
from qa.live.door import Door, take
from qa.live.gate import Gate
from qa.live.handshake import Request
from qa.live.hub import Hub, Line
from qa.live.room import At
from qa.store.database import DatabaseError

log = structlog.get_logger(__name__)

_ENDING: Final = "/live"
RETRY_SECONDS: Final = 10
# So many different openings are kept.
_WAYS: Final = 512
# As many wait at most; the others the application serves one by one.
_WAITING: Final = 20_000


class Way:
    """What all have in common who ask with the same bytes: their place in the room, and what they are told first."""

    def __init__(self, hub: Hub, line: Line, request: Request, cursor: int | None, *, from_now: bool) -> None:
        self._hub = hub
        self._key = line.key
        self._room = hub.audience.room(line.key, line.epoch, line.snapshot)
        self._at = At(-1 if cursor is None else cursor, 0, request.deflate, follows=False)
        self._from_now = from_now
        self._answer = handshake.rest(request.subprotocol, request.deflate)
        self._seen: tuple[tuple[int, ...], int] | None = None

    def seat(self, transport: asyncio.Transport, key: bytes) -> None:
        """Take a connection over, and say all that a newcomer is told in one write."""
        retry = self._hub.retry()
        seen = (self._room.look(), retry["max"])
        if self._seen != seen:
            self._seen = seen
            if self._from_now:
                self._at = self._at._replace(seq=self._room.ring.head)
            self._told = self._room.next(self._at)
            self._rest = self._answer + self._room.greeting(retry, self._told)
        first = handshake.accepted(key) + self._rest
        self._hub.audience.seat(Viewer(take(transport), self._key, self._at, ""), self._room, first, self._told)


class Admission:
    """`find(base)` gives the public channel of the event at `/@handle/slug`, its ring at hand, or None;
    `trusted(request)` says whether its host is ours, and a browser sent it from our own pages.

    What it leaves alone the application decides, with the same rules and more time.
    """

    def __init__(
        self, hub: Hub, find: Callable[[str], Awaitable[Line | None]], trusted: Callable[[Request], bool]
    ) -> None:
        self._hub = hub
        self._find = find
        self._trusted = trusted
        self._gate = Gate()
        # An event keeps its address for as long as a process runs.
        self._lines: dict[str, Line] = {}
        self._ways: dict[Request, Way] = {}
        # Who asks for an event that this process does not know yet waits for the one query of all.
        self._waiting: dict[str, list[tuple[Request, bytes, Door]]] = {}
        self._finding: set[asyncio.Task[None]] = set()

    def __call__(self, request: Request, key: bytes, door: Door) -> bool:
        """Take the connection over, now or in a moment, or refuse it; False: it is not for us to say."""
        way = self._ways.get(request)
        if way is None:
            if not self._hub.audience.running or not request.path.endswith(_ENDING) or not self._trusted(request):
                return False
            line = self._lines.get(request.path)
            if line is None:
                return self._wait(request, key, door)
            way = self._way(request, line)
            if way is None:
                return False
        if self._hub.full or not self._gate.opens(monotonic()):
            door.transport.write(handshake.busy(RETRY_SECONDS))
            door.transport.close()
        else:
            way.seat(door.transport, key)
        return True

    def _way(self, request: Request, line: Line) -> Way | None:
        """None: it takes more time to say."""
        ring = line.tailer.known(line.key)
        asked = _query(request.query)
        if ring is None or asked is None:
            return None
        cursor = streams.cursor_of(asked, line, ring.head)
        if cursor is not None and cursor > ring.head:
            # A page may be ahead of what this process has followed of the log: somebody must wait for it.
            return None
        if len(self._ways) >= _WAYS:
            self._ways.clear()
        way = Way(self._hub, line, request, cursor, from_now=cursor is not None and "after" not in asked)
        self._ways[request] = way
        return way

    def _wait(self, request: Request, key: bytes, door: Door) -> bool:
        if sum(map(len, self._waiting.values())) >= _WAITING:
            return False
        door.transport.pause_reading()
        if request.path in self._waiting:
            self._waiting[request.path].append((request, key, door))
            return True
        self._waiting[request.path] = [(request, key, door)]
        task = asyncio.create_task(self._learn(request.path))
        self._finding.add(task)
        task.add_done_callback(self._finding.discard)
        return True

    async def _learn(self, path: str) -> None:
        line = None
        try:
            line = await self._find(path.removesuffix(_ENDING))
        except DatabaseError:
            log.warning("admission.database")
        finally:
            if line is not None:
                self._lines[path] = line
            for request, key, door in self._waiting.pop(path):
                door.transport.resume_reading()
                if door.transport.is_closing() or (line is not None and self(request, key, door)):
                    continue
                door.go_on()


def _query(query: str) -> dict[str, str] | None:
    """The parts of a query without any escapes."""
    if "%" in query or "+" in query:
        return None
    return dict(part.partition("=")[::2] for part in query.split("&")) if query else {}
