"""What stands before every handler: known hosts, same-origin writes and sockets, headers, a count for the log."""

import time
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa.settings import Settings
from qa.web.served import Served

# What decides whether a request is let in. Of most requests these are the same: the answer is kept.
_DECISIVE: Final = frozenset({b"host", b"origin", b"sec-fetch-site"})
_MOST_KEPT: Final = 1_000
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def content_policy(*styles: str) -> str:
    """What a page may load and do. `styles`: where its stylesheets come from; a hash allows one inside the page."""
    return (
        f"default-src 'none'; script-src 'self'; style-src {' '.join(styles)}; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'"
    )


HEADERS: Final = {
    "content-security-policy": content_policy("'self'"),
    "x-content-type-options": "nosniff",
    "referrer-policy": "strict-origin-when-cross-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=()",
}


def host_of(headers: Headers) -> str | None:
    """The host a request names, without its port; None if it names none, several, or something that is no host."""
    named = headers.getlist("host")
    if len(named) != 1 or any(character in named[0] for character in "/?#@\\ "):
        return None
    try:
        return urlsplit(f"//{named[0]}").hostname
    except ValueError:
        return None


def same_origin(headers: Headers, settings: Settings) -> bool:
    """Whether a browser sent this from our own pages. What sends neither header is no browser, and has no cookies."""
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = headers.get("origin")
    if origin is None:
        return True
    parts = urlsplit(origin)
    if f"{parts.scheme}://{parts.netloc}" == settings.public_url:
        return True
    # Reached by another of its names: then the origin must be exactly the host that was asked.
    return parts.scheme in {"http", "https"} and parts.netloc == headers.get("host")


_BEGINS: Final = frozenset({"http.response.start", "websocket.http.response.start", "websocket.accept"})


class Guard:
    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._served = Served()
        self._refusals: dict[tuple[bool, tuple[tuple[bytes, bytes], ...]], str] = {}
        self._ours = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
        if settings.https:
            self._ours.append((b"strict-transport-security", b"max-age=31536000"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            # The application has ended.
            self._served.tell()
            return
        refusal = self._refuse(scope)
        if not refusal:
            await self._serve(scope, receive, send)
        elif scope["type"] == "http":
            await PlainTextResponse(refusal, 403 if "origin" in refusal else 400)(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 4403})

    def _refuse(self, scope: Scope) -> str:
        """Why this is not let in, or empty."""
        writes = scope["type"] == "websocket" or scope["method"] not in _SAFE
        key = (writes, tuple([header for header in scope["headers"] if header[0] in _DECISIVE]))
        refusal = self._refusals.get(key)
        if refusal is None:
            if len(self._refusals) >= _MOST_KEPT:
                self._refusals.clear()
            refusal = self._refusals[key] = self._why_not(Headers(scope=scope), writes=writes)
        return refusal

    def _why_not(self, headers: Headers, *, writes: bool) -> str:
        if host_of(headers) not in self._settings.hosts:
            return "unknown host"
        return "another origin" if writes and not same_origin(headers, self._settings) else ""

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        # Without an answer of its own it failed; somebody further out answers then.
        status, begun = 500, 0.0

        async def send_with_headers(message: Message) -> None:
            nonlocal status, begun
            if message["type"] in _BEGINS:
                status, begun = message.get("status", 101), time.perf_counter()
                if message["type"] != "websocket.accept":
                    message["headers"] = self._with_ours(message.get("headers", ()))
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        finally:
            milliseconds = ((begun or time.perf_counter()) - started) * 1000
            self._served.note(scope.get("method", "WS"), _route(scope), status, milliseconds)

    def _with_ours(self, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """Our headers beside those of the handler, which it may have set otherwise."""
        theirs = list(headers)
        named = {name for name, _ in theirs}
        return theirs + [ours for ours in self._ours if ours[0] not in named]


def _route(scope: Scope) -> str:
    """The pattern of the route, not the address: receipts and sign-in links have their secret in the path."""
    route = scope.get("route")
    return str(getattr(route, "path", "")) or "-"
