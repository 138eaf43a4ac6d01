"""The quick way in for what a crowd sends: JSON, to an event that is known here.

It is answered by the same functions and in the same words as on the ordinary way, without what that spends on requests
of every kind: the router's patterns, an object for each part of a request, a net for exceptions around each layer.
Whatever is unusual goes on to the ordinary way, untouched. The guard stands before both.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from re import Match, Pattern
from typing import Any, Final, TypeAlias

from starlette.requests import ClientDisconnect, Request, cookie_parser
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from qa.domain.messages import dumps
from qa.domain.people import Actor
from qa.domain.refusals import Invalid, Refused
from qa.web import errors, limits, who
from qa.web.site import Place, Site

_JSON: Final = b"application/json"
_HEADERS: Final = ((b"content-type", _JSON), (b"cache-control", b"no-store"))


class _TooLarge(Exception):
    """More than a request may hold."""


@dataclass(slots=True)
class Letter:
    """A request as far as it was read. `headers` has each header once; `body` is the JSON object in it."""

    site: Site
    scope: Scope
    headers: Mapping[bytes, bytes]
    params: Match[str]
    place: Place
    body: dict[str, Any]

    def header(self, name: bytes) -> str:
        return self.headers.get(name, b"").decode("latin-1")

    def limit(self, purpose: str) -> None:
        """As `limits.require`."""
        client = self.scope["client"]
        limits.count(self.site, client[0] if client else "", purpose)

    def asker(self) -> Actor | None:
        """As `who.asker_of`."""
        return who.asker_in(self.site.settings, cookie_parser(self.header(b"cookie")))

    def request(self) -> Request:
        """For what is seldom asked."""
        return Request(self.scope)


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered. `new`: the pseudonym that the browser is to keep from now on."""

    status: int
    body: Mapping[str, Any]
    new: str | None = None


Quick: TypeAlias = Callable[[Letter], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Slot:
    """A row of the route table that takes letters: the addresses, their name in the log, what answers."""

    pattern: Pattern[str]
    path: str
    answer: Quick


class Inbox:
    """ASGI."""

    def __init__(self, app: ASGIApp, site: Site, slots: Sequence[Slot], largest: int) -> None:
        self._app = app
        self._site = site
        self._slots = slots
        self._largest = largest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST" and not scope["root_path"]:
            for slot in self._slots:
                if found := slot.pattern.match(scope["path"]):
                    headers = dict(scope["headers"])
                    place = self._site.places.get((found["handle"], found["slug"]))
                    # A header that comes twice is looked at with care.
                    if place and len(headers) == len(scope["headers"]) and _is_json(headers):
                        scope["route"] = slot
                        letter = Letter(self._site, scope, headers, found, place, {})
                        await self._answer(letter, slot.answer, receive, send)
                        return
        await self._app(scope, receive, send)

    async def _answer(self, letter: Letter, answer: Quick, receive: Receive, send: Send) -> None:
        try:
            letter.body = _object(await _content(receive, self._largest))
            reply = await answer(letter)
        except Refused as refused:
            await errors.problem(letter.request(), refused)(letter.scope, receive, send)
        except _TooLarge:
            await PlainTextResponse("Content Too Large", 413)(letter.scope, receive, send)
        except ClientDisconnect as gone:
            response = await errors.on_gone(letter.request(), gone)
            await response(letter.scope, receive, send)
        else:
            await _send(letter, reply, receive, send)


def _is_json(headers: Mapping[bytes, bytes]) -> bool:
    """Whether it is sent and wanted: see `errors.fields` and `errors.wants_json`."""
    return headers.get(b"content-type", b"").startswith(_JSON)


async def _content(receive: Receive, largest: int) -> bytes:
    content = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        content += message.get("body", b"")
        if len(content) > largest:
            raise _TooLarge
        if not message.get("more_body", False):
            return bytes(content)


def _object(content: bytes) -> dict[str, Any]:
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        raise Invalid("refused", field="") from None
    if not isinstance(body, dict):
        raise Invalid("refused", field="")
    return body


async def _send(letter: Letter, reply: Reply, receive: Receive, send: Send) -> None:
    content = dumps(reply.body).encode()
    if reply.new:
        response = Response(content, reply.status, media_type="application/json")
        who.give_name(letter.site.settings, response, reply.new)
        await response(letter.scope, receive, send)
        return
    headers = [*_HEADERS, (b"content-length", b"%d" % len(content))]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
