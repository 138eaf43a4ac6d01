"""What everybody gets alike is rendered once, kept as bytes, and sent without router, thread, session or template.

A row of the route table names what in a query changes the answer; the handler says with `keep` what it was made of.
Whoever says nothing is not kept. The answer is rendered for a nobody: of all that a request tells, only the address and
the negotiated language reach the handler, so nothing personal can get into it, and no made-up header changes a byte.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from re import Pattern
from time import monotonic
from typing import Final, TypeAlias
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa.web import i18n
from qa.web.guard import host_of
from qa.web.kept import Body, Said, body_of, matches, promised, takes_gzip
from qa.web.queries import canonical
from qa.web.site import Site

log = structlog.get_logger("qa.shelf")

MOST_ADDRESSES: Final = 4_096
MOST_BYTES: Final = 64 * 1024 * 1024
REPORT_SECONDS: Final = 10.0
_READS: Final = frozenset({"GET", "HEAD"})
_LONGEST_PATH: Final = 300
# Those whose headers were understood; forgotten all at once when there are too many.
_MOST_READERS: Final = 4_000
# A log that grows while a page is made makes it once more, but not for ever: then it is older by one making.
_TRIES: Final = 3

# Path, query as `canonical` writes it, language as negotiated (empty: it is not).
Key: TypeAlias = tuple[str, bytes, str]


@dataclass(slots=True)
class Address:
    """The kept answers of an address by negotiated language; `used` in monotonic seconds."""

    negotiated: bool
    bodies: dict[str, Body] = field(default_factory=dict)
    used: float = 0.0


@dataclass(frozen=True, slots=True)
class Reader:
    """All that matters of who asks: the language as negotiated, and whether compressed bytes are understood."""

    tag: str
    packs: bool


@dataclass(slots=True)
class Counts:
    """What was served since the start: `asked` in all, of these `unchanged` with 304; `made` were rendered."""

    asked: int = 0
    unchanged: int = 0
    made: int = 0


class Shelf:
    """ASGI. `rows`: the GET addresses in the order of the route table, with the names in a query or None (not kept)."""

    def __init__(
        self,
        app: ASGIApp,
        site: Site,
        rows: Sequence[tuple[Pattern[str], Sequence[str] | None]],
        *,
        most_bytes: int = MOST_BYTES,
        most_addresses: int = MOST_ADDRESSES,
    ) -> None:
        self._app = app
        self._site = site
        self._rows = rows
        self._most_bytes = most_bytes
        self._most_addresses = most_addresses
        self._addresses: dict[tuple[str, bytes], Address] = {}
        self._flights: dict[Key, asyncio.Task[Body]] = {}
        self._readers: dict[tuple[bytes | None, bytes | None, bytes | None], Reader] = {}
        self._size = 0
        self._reported = (monotonic(), 0)
        self.counts = Counts()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in _READS:
            await self._app(scope, receive, send)
            return
        told = dict(scope["headers"])
        # All that a reader tells and that counts, understood before for whoever told the same.
        reader = self._readers.get((told.get(b"host"), told.get(b"accept-language"), told.get(b"accept-encoding")))
        body = self._at_hand(scope, reader) if reader and len(told) == len(scope["headers"]) else None
        if body is None or reader is None:
            names = self._names(scope["path"])
            reader = self._understood(scope, told) if names is not None else None
            if names is None or reader is None:
                await self._app(scope, receive, send)
                return
            body = await self._fetched(scope, names, reader)
        said = self._said(body, reader, scope, told)
        await send(said.start)
        await send(said.content)

    def quickly(self, scope: Scope) -> tuple[bytes, bytes] | None:
        """What `__call__` would say, as bytes, for a server that asks without waiting: head and body; None: it can't.

        The head lacks the lines of the server itself, and the empty one.
        """
        if scope["method"] not in _READS:
            return None
        told = dict(scope["headers"])
        reader = self._readers.get((told.get(b"host"), told.get(b"accept-language"), told.get(b"accept-encoding")))
        body = self._at_hand(scope, reader) if reader and len(told) == len(scope["headers"]) else None
        if body is None or reader is None:
            return None
        said = self._said(body, reader, scope, told)
        return said.head, said.body

    def _said(self, body: Body, reader: Reader, scope: Scope, told: Mapping[bytes, bytes]) -> Said:
        """The form for this reader. It is counted as sent."""
        self.counts.asked += 1
        form = body.packed if reader.packs and body.packed else body.plain
        if scope["method"] == "HEAD":
            return form.bare
        body.sent += 1
        asked = told.get(b"if-none-match")
        if asked is None or not matches(asked, form.etag):
            return form.whole
        self.counts.unchanged += 1
        return form.unchanged

    def _at_hand(self, scope: Scope, reader: Reader) -> Body | None:
        """The quick way: an address as it is written in most requests, with bytes that are still true."""
        address = self._addresses.get((scope["path"], scope["query_string"]))
        if address is None:
            return None
        body = address.bodies.get(reader.tag if address.negotiated else "")
        at = monotonic()
        if body is None or not body.holds(at):
            return None
        address.used = at
        return body

    async def _fetched(self, scope: Scope, names: Sequence[str], reader: Reader) -> Body:
        """The careful way: bytes that are made now if need be, once for all who wait."""
        query = canonical(names, scope["query_string"])
        # No value holds an equals sign as it is.
        negotiated = "lang" in names and b"lang=" not in query
        key = (scope["path"], query, reader.tag if negotiated else "")
        body = self._kept(key)
        tries = 0
        while body is None or (body.marks is not None and tries < _TRIES and not body.holds(monotonic())):
            tries += 1
            if key not in self._flights:
                task = self._flights[key] = asyncio.create_task(self._made(key, dict(scope)))
                task.add_done_callback(lambda _: self._flights.pop(key, None))
            # Who hangs up must not take along what others wait for.
            body = await asyncio.shield(self._flights[key])
        return body

    def _names(self, path: str) -> Sequence[str] | None:
        if len(path) > _LONGEST_PATH:
            return None
        return next((names for pattern, names in self._rows if pattern.match(path)), None)

    def _understood(self, scope: Scope, told: Mapping[bytes, bytes]) -> Reader | None:
        """What counts of a reader's headers; None for a host that is not ours: the guard says so."""
        headers = Headers(scope=scope)
        if host_of(headers) not in self._site.settings.hosts:
            return None
        wishes, codings = headers.get("accept-language", ""), headers.get("accept-encoding", "")
        reader = Reader(i18n.negotiate(wishes), takes_gzip(codings))
        if len(headers) == len(told):
            if len(self._readers) >= _MOST_READERS:
                self._readers.clear()
            self._readers[told.get(b"host"), told.get(b"accept-language"), told.get(b"accept-encoding")] = reader
        return reader

    def _kept(self, key: Key) -> Body | None:
        address = self._addresses.get(key[:2])
        return address.bodies.get(key[2]) if address else None

    async def _made(self, key: Key, scope: Scope) -> Body:
        """The bytes of an address as they are now: the kept ones if they still are, else rendered and kept."""
        kept = self._kept(key)
        if kept is not None and await kept.renewed(monotonic()):
            return kept
        _, query, tag = key
        host = urlsplit(self._site.settings.public_url).netloc.encode()
        scope.update({"method": "GET", "query_string": query, "headers": [(b"host", host)], "client": None})
        if tag:
            scope["headers"].append((b"accept-language", tag.encode()))
        promise = promised(scope)
        at = monotonic()
        status, headers, content = await _answered(self._app, scope)
        self.counts.made += 1
        body = await body_of(status, headers, content, promise, tag, at)
        if body.marks is not None and body.size <= self._most_bytes // 4:
            self._put(key, body)
        return body

    def _put(self, key: Key, body: Body) -> None:
        path, query, tag = key
        address = self._addresses.setdefault((path, query), Address(negotiated=bool(tag)))
        address.used = monotonic()
        if old := address.bodies.get(tag):
            self._let_go(old)
        address.bodies[tag] = body
        self._size += body.size
        if self._size > self._most_bytes or len(self._addresses) > self._most_addresses:
            self._make_room()

    def _make_room(self) -> None:
        """The addresses that nobody asked for longest go, until a quarter is free: rarely, and then many."""
        by_use = sorted(self._addresses, key=lambda name: self._addresses[name].used)
        for name in by_use:
            if self._size <= self._most_bytes * 3 // 4 and len(self._addresses) <= self._most_addresses * 3 // 4:
                return
            for body in self._addresses.pop(name).bodies.values():
                self._let_go(body)

    def _let_go(self, body: Body) -> None:
        self._size -= body.size
        self._count_seen(body)

    def _bodies(self) -> Iterator[Body]:
        return (body for address in self._addresses.values() for body in address.bodies.values())

    def _count_seen(self, body: Body) -> None:
        """Put down what its readers were shown. Behind a shared cache that is a sample: proportions are enough."""
        if body.shows and body.sent:
            event_id, numbers = body.shows
            for n in numbers:
                self._site.seen[event_id][n] += body.sent
        body.sent = 0

    async def report(self) -> None:
        """Once a second: put down what was seen; now and then one line for all that was served."""
        for body in self._bodies():
            self._count_seen(body)
        since, asked = self._reported
        at = monotonic()
        if at - since >= REPORT_SECONDS and self.counts.asked > asked:
            told = {"asked": self.counts.asked, "unchanged": self.counts.unchanged, "made": self.counts.made}
            log.info("served", **told, addresses=len(self._addresses), bytes=self._size)
            self._reported = (at, self.counts.asked)


async def _answered(app: ASGIApp, scope: Scope) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Status, headers and content of what the application says to a request without a body."""
    start: list[Message] = []
    content: list[bytes] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.append(message)
        else:
            content.append(message.get("body", b""))

    try:
        await app(scope, receive, send)
    except Exception:
        # A fault that was answered has been written down as well.
        if not start:
            raise
    return start[0]["status"], list(start[0]["headers"]), b"".join(content)
