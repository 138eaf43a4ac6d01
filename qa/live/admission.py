"""Who may open a public socket, decided from the bytes of the request: no task, no query, no header objects."""

import asyncio
from collections.abc import Callable
from typing import Final

from qa.live import handshake, streams
from qa.live.door import take
from qa.live.gate import Gate
from qa.live.handshake import Request
from qa.live.hub import Hub, Line

_ENDING: Final = "/live"
RETRY_SECONDS: Final = 10


class Admission:
    """`line_of(base)` is the public channel of the event at `/@handle/slug`, if this process knows it already;
    `trusted(request)` whether its host is ours, and a browser sent it from our own pages.

    What it leaves alone the application decides, with the same rules and more time.
    """

    def __init__(self, hub: Hub, line_of: Callable[[str], Line | None], trusted: Callable[[Request], bool]) -> None:
        self._hub = hub
        self._line_of = line_of
        self._trusted = trusted
        self._gate = Gate()
        # An event keeps its address for as long as a process runs.
        self._lines: dict[str, Line] = {}

    def __call__(self, request: Request, transport: asyncio.Transport) -> bool:
        """Take the connection over, or refuse it; False: it is not for us to say."""
        line = self._lines.get(request.path) or self._find(request.path)
        if line is None or not self._hub.crowd.running or not self._trusted(request):
            return False
        ring = line.tailer.known(line.key)
        asked = _query(request.query)
        if ring is None or asked is None:
            return False
        if self._hub.full or not self._gate.opens(asyncio.get_running_loop().time()):
            transport.write(handshake.busy(RETRY_SECONDS))
            transport.close()
            return True
        cursor = streams.cursor_of(asked, line, ring.head)
        if cursor is not None and cursor > ring.head:
            # A page may be ahead of what this process has followed of the log: somebody must wait for it.
            return False
        opening = handshake.accept(request, deflate=request.deflate)
        streams.seat(line, take(transport), cursor, opening, compressed=request.deflate)
        return True

    def _find(self, path: str) -> Line | None:
        line = self._line_of(path.removesuffix(_ENDING)) if path.endswith(_ENDING) else None
        if line is not None:
            self._lines[path] = line
        return line


def _query(query: str) -> dict[str, str] | None:
    """The parts of a query without any escapes."""
    if "%" in query or "+" in query:
        return None
    return dict(part.partition("=")[::2] for part in query.split("&")) if query else {}
