"""A public answer as bytes: plain and compressed, with its tag, and for how long it is true."""

import asyncio
import gzip
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, Protocol, TypeAlias

from starlette.requests import Request

from qa.domain.refusals import NotFound
from qa.store.database import DatabaseError

# For all that can change. A reader's browser asks each time; a shared cache gives the same bytes for one second, for a
# second more while it fetches new ones, and for an hour if nobody answers: what is hidden is gone from it within two.
CHANGING: Final = b"public, max-age=0, s-maxage=1, stale-while-revalidate=1, stale-if-error=3600"
# What is not there may be there a moment later.
MISSING: Final = b"public, max-age=0, s-maxage=1"
# For an address that changes with its content.
FOREVER: Final = b"public, max-age=31536000, immutable"
# No mark knows of a changed name or role: so old such a thing may be.
LONGEST_SECONDS: Final = 60.0

_SMALLEST_TO_PACK: Final = 200
_LEVEL: Final = 6
# What an answer weighs beside its content: six heads, and what holds them.
_HEADS: Final = 10_000
# What a kept answer says for itself, whatever the handler said.
_OURS: Final = frozenset({b"content-length", b"cache-control", b"vary", b"etag"})
_NOT_WITHOUT_BODY: Final = frozenset({b"content-length", b"content-type", b"content-encoding"})
_PROMISE: Final = "qa.promise"

Header: TypeAlias = tuple[bytes, bytes]


class Mark(Protocol):
    """Something an answer was made of. `holds` looks at what the process knows (`at`: monotonic seconds)."""

    def holds(self, at: float) -> bool: ...

    async def renewed(self) -> bool:
        """Whether it still is as it was, asked now."""
        ...


@dataclass(slots=True)
class Promise:
    """What a handler says of its answer; `shows` are the open questions in it: an event and their numbers."""

    marks: tuple[Mark, ...] | None = None
    shows: tuple[int, Sequence[int]] | None = None
    policy: bytes = CHANGING


def keep(
    request: Request, *marks: Mark, shows: tuple[int, Sequence[int]] | None = None, policy: bytes = CHANGING
) -> None:
    """Say that the answer to this request may be kept, and is true while all the marks hold."""
    promise = request.scope.get(_PROMISE)
    if promise is not None:
        promise.marks, promise.shows, promise.policy = marks, shows, policy


def promised(scope: Any) -> Promise:
    """Ready `scope` for what the handler will say."""
    promise: Promise = scope.setdefault(_PROMISE, Promise())
    return promise


class Said:
    """An answer as ASGI's two messages, and as the bytes they mean (`head` without the server's own lines and its end).

    It is made once, and changed by nobody.
    """

    __slots__ = ("body", "content", "head", "start")

    def __init__(self, status: int, headers: Sequence[Header], body: bytes = b"") -> None:
        self.start = {"type": "http.response.start", "status": status, "headers": headers}
        self.content = {"type": "http.response.body", "body": body}
        lines = b"".join(b"%b: %b\r\n" % header for header in headers)
        self.head = b"HTTP/1.1 %d %b\r\n%b" % (status, HTTPStatus(status).phrase.encode(), lines)
        self.body = body


class Form:
    """One representation: `whole` for GET, `bare` for HEAD, `unchanged` for who has it."""

    __slots__ = ("bare", "etag", "unchanged", "whole")

    def __init__(self, status: int, headers: Sequence[Header], body: bytes, etag: bytes) -> None:
        tagged = [*headers, (b"etag", etag)] if etag else list(headers)
        sized = [*tagged, (b"content-length", b"%d" % len(body))]
        self.etag = etag
        self.whole = Said(status, sized, body)
        self.bare = Said(status, sized)
        self.unchanged = Said(304, [header for header in tagged if header[0] not in _NOT_WITHOUT_BODY])


@dataclass(slots=True)
class Body:
    """An answer. `marks` None: it is for those who wait for it at this moment, and is not kept.

    `sent` counts how often it was, since the impressions were counted last. `until` is in monotonic seconds.
    """

    plain: Form
    packed: Form | None
    marks: tuple[Mark, ...] | None
    shows: tuple[int, Sequence[int]] | None
    until: float
    size: int
    sent: int = field(default=0)

    def holds(self, at: float) -> bool:
        """Whether it is true, as far as the process knows."""
        if at >= self.until or self.marks is None:
            return False
        for mark in self.marks:  # noqa: SIM110 - a generator would cost as much as all the rest of a hit
            if not mark.holds(at):
                return False
        return True

    async def renewed(self, at: float) -> bool:
        """Whether it still is true, asked now. If that can't be told, it is not."""
        if at >= self.until or self.marks is None:
            return False
        try:
            return all([await mark.renewed() for mark in self.marks])
        except (DatabaseError, NotFound):
            return False


async def body_of(
    status: int, headers: Iterable[Header], content: bytes, promise: Promise, tag: str, at: float
) -> Body:
    """What a handler answered, with its compressed twin and its headers for shared caches. `tag`: as negotiated."""
    given = list(headers)
    told = dict(given)
    personal = b"no-store" in told.get(b"cache-control", b"") and status != 404
    if personal or b"set-cookie" in told or status not in {200, 404}:
        return Body(Form(status, _sized(given), content, b""), None, None, None, at, 0)
    policy = MISSING if status == 404 else promise.policy
    own = [header for header in given if header[0] not in _OURS]
    varies = b"Accept-Language, Accept-Encoding" if tag else b"Accept-Encoding"
    dressed = [*own, (b"cache-control", policy), (b"vary", varies)]
    if status == 404:
        return Body(Form(status, dressed, content, b""), None, None, None, at, 0)
    etag = hashlib.blake2b(content, digest_size=12).hexdigest().encode()
    packed = await _packed(content, told)
    return Body(
        Form(status, dressed, content, b'"%b"' % etag),
        Form(status, [*dressed, (b"content-encoding", b"gzip")], packed, b'"%b-gz"' % etag) if packed else None,
        promise.marks,
        promise.shows,
        at + LONGEST_SECONDS,
        len(content) + len(packed) + _HEADS,
    )


def _sized(headers: Sequence[Header]) -> list[Header]:
    return [header for header in headers if header[0] != b"content-length"]


async def _packed(content: bytes, told: dict[bytes, bytes]) -> bytes:
    """The bytes as gzip, without a time in them; nothing where that saves nothing."""
    if len(content) < _SMALLEST_TO_PACK or b"content-encoding" in told:
        return b""
    return await asyncio.to_thread(gzip.compress, content, _LEVEL, mtime=0)


def takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding header allows gzip."""
    for part in accepted.lower().split(","):
        coding, _, parameters = part.partition(";")
        if coding.strip() in {"gzip", "*"}:
            return parameters.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def matches(asked: bytes, etag: bytes) -> bool:
    """Whether an If-None-Match header names a tag; weak ones are compared without their mark (RFC 9110)."""
    if asked == etag:
        return bool(etag)
    named = {part.strip().removeprefix(b"W/") for part in asked.split(b",")}
    return bool(etag) and (etag in named or b"*" in named)
