"""Templates and static files: where they lie, under which address they are served for ever, and their bytes."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from qa.domain.refusals import NotFound
from qa.web import slim
from qa.web.kept import FOREVER, keep

_PACKAGE: Final = Path(__file__).resolve().parent.parent
_KINDS: Final[dict[str, tuple[str, Callable[[str], str]]]] = {
    ".css": ("text/css; charset=utf-8", slim.css),
    ".js": ("text/javascript; charset=utf-8", slim.js),
    ".svg": ("image/svg+xml", str.strip),
}
# Its modules reach the browser as one: so many readers open this page at once, and most of them for the first time.
_JOINED: Final = "event.js"


@dataclass(frozen=True, slots=True)
class Static:
    """A file as it is sent."""

    text: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """Stylesheets to stand in a page itself; `source` is what the page's policy allows them by."""

    text: str
    source: str

    def __html__(self) -> str:
        """Templates take this as markup: it is our own."""
        return f"<style>{self.text}</style>"


def folder(name: str) -> Path:
    """`templates` or `static`: inside an installed package, or beside it in a checkout."""
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


@cache
def every() -> dict[str, Static]:
    """All static files by name, read once. There is no other: what is not in here is not served."""
    paths = [path for path in sorted(folder("static").iterdir()) if path.suffix in _KINDS]
    texts = {path.name: _KINDS[path.suffix][1](path.read_text(encoding="utf-8")) for path in paths}
    texts[_JOINED] = slim.joined(_JOINED, texts)
    return {path.name: Static(texts[path.name], _KINDS[path.suffix][0]) for path in paths}


@cache
def fingerprint() -> str:
    """Changes whenever any static file does: a part of their addresses, so that they can be kept for a year."""
    digest = hashlib.sha256()
    for name, file in every().items():
        digest.update(f"{name}{file.text}".encode())
    return digest.hexdigest()[:10]


def static(name: str) -> str:
    """The address of a static file."""
    return f"/static/{fingerprint()}/{name}"


@cache
def inside(name: str) -> str:
    """A picture so small that a request for it would weigh more, as an address that holds it."""
    file = every()[name]
    return f"data:{file.media_type},{quote(file.text, safe=' /:=')}"


@cache
def sheet(*names: str) -> Sheet:
    """Some stylesheets, one after the other."""
    text = "".join(every()[name].text for name in names)
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Sheet(text, f"'sha256-{digest}'")


async def serve(request: Request) -> Response:
    """`/static/{fingerprint}/{name}`. With another fingerprint it is today's file, and nobody keeps it for long."""
    file = every().get(request.path_params["name"])
    if file is None:
        raise NotFound()
    if request.path_params["fingerprint"] == fingerprint():
        keep(request, policy=FOREVER)
    return Response(file.text, media_type=file.media_type)
