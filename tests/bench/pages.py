"""The event page as everybody gets it, beside a bare ASGI application that sends the same bytes."""

import base64
import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.bench.hub import EVENT
from tests.bench.loads import OURS
from tests.bench.machine import Server, serving
from tests.bench.rows import Row, Size, tell

NAMES: Final = ("page",)
MOST: Final = 1.25
VISITORS: Final = 16
REQUEST: Final = (
    f"GET {EVENT} HTTP/1.1\r\n"
    "Host: 127.0.0.1:{port}\r\n"
    "User-Agent: Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 "
    "Mobile Safari/537.36\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Accept-Language: en-GB,en;q=0.9\r\n"
    "Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n\r\n"
)
BARE: Final = "tests.bench.bare_page"


class Visitors:
    """Kept-alive connections; each of them asks when all are answered."""

    def __init__(self, server: Server, stack: ExitStack) -> None:
        self._server = server
        self._request = REQUEST.format(port=server.port).encode()
        self._sockets = [
            stack.enter_context(closing(socket.create_connection(("127.0.0.1", server.port)))) for _ in range(VISITORS)
        ]
        self._pieces = [connection.makefile("rb") for connection in self._sockets]

    def come(self, pages: int) -> float:
        """CPU seconds of the server for about so many pages, for one of them."""
        before = self._server.cpu_seconds()
        rounds = max(1, pages // VISITORS)
        for _ in range(rounds):
            for connection in self._sockets:
                connection.sendall(self._request)
            for index in range(VISITORS):
                self.answer(index)
        return (self._server.cpu_seconds() - before) / (rounds * VISITORS)

    def once(self) -> tuple[list[tuple[str, str]], bytes]:
        self._sockets[0].sendall(self._request)
        return self.answer(0)

    def answer(self, index: int) -> tuple[list[tuple[str, str]], bytes]:
        """Headers and body. RuntimeError if it isn't the page."""
        pieces = self._pieces[index]
        status = pieces.readline()
        headers = []
        while line := pieces.readline().decode("latin-1").strip():
            name, _, value = line.partition(": ")
            headers.append((name.lower(), value))
        if b" 200 " not in status:
            raise RuntimeError(f"the page: {status!r}")
        return headers, pieces.read(int(dict(headers)["content-length"]))


def measure(size: Size, only: str | None) -> Iterator[Row]:
    tell("event pages")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        ours = Visitors(stack.enter_context(serving((OURS,)))[0], stack)
        ours.come(200)
        headers, body = ours.once()
        # Its own server writes the date.
        kept = [pair for pair in headers if pair[0] != "date"]
        page = folder / "page.json"
        page.write_text(json.dumps({"headers": kept, "body": base64.b64encode(body).decode()}))
        bare = Visitors(stack.enter_context(serving((BARE, str(page))))[0], stack)
        if bare.once()[1] != body:
            raise RuntimeError("the yardstick sends other bytes")
        bare.come(200)
        floors, figures = [], []
        for _ in range(size.turns):
            floors.append(bare.come(size.pages))
            figures.append(ours.come(size.pages))
    floor, figure = sum(floors) / size.turns * 1e6, sum(figures) / size.turns * 1e6
    ratio = figure / max(floor, 0.001)
    encoding = dict(headers).get("content-encoding", "not compressed")
    yield Row(
        "page",
        "CPU per cached event page",
        f"{figure:.0f} µs ({len(body):,} B, {encoding})",
        ratio,
        f"{ratio:.2f} × {floor:.0f} µs (bare ASGI, the same bytes)",
        f"≤ {MOST} ×",
        ratio <= MOST,
    )
