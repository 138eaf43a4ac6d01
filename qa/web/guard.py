"""What stands before every handler: known hosts, same-origin writes and sockets, headers, a line in the log."""

import time
from typing import Final
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa.settings import Settings

log = structlog.get_logger("qa.http")

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


class Guard:
    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        refusal = self._refuse(scope)
        if refusal is None:
            await self._serve(scope, receive, send)
        elif scope["type"] == "http":
            await PlainTextResponse(refusal, 403 if "origin" in refusal else 400)(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 4403})

    def _refuse(self, scope: Scope) -> str | None:
        headers = Headers(scope=scope)
        if host_of(headers) not in self._settings.hosts:
            return "unknown host"
        writes = scope["type"] == "websocket" or scope["method"] not in _SAFE
        if writes and not same_origin(headers, self._settings):
            return "another origin"
        return None

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] in {"http.response.start", "websocket.http.response.start"}:
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if self._settings.https:
                    headers["strict-transport-security"] = "max-age=31536000"
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        finally:
            # The path alone: queries and bodies may hold what people typed, and codes.
            milliseconds = round((time.perf_counter() - started) * 1000, 1)
            log.info("request", method=scope.get("method", "WS"), route=_route(scope), status=status, ms=milliseconds)


def _route(scope: Scope) -> str:
    """The pattern of the route, not the address: receipts and sign-in links have their secret in the path."""
    route = scope.get("route")
    return str(getattr(route, "path", "")) or "-"
