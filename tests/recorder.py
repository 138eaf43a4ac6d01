"""A wire between a browser and the server that keeps every byte the server sends: pages, files, sockets, streams."""

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

AT_ONCE = 64 * 1024
# A browser that takes nothing compressed is sent everything as it is. The same lengths, so that nothing else moves.
_OFFERS = (
    (re.compile(rb"^Accept-Encoding:", re.IGNORECASE | re.MULTILINE), b"Refuse-Encoding:"),
    (re.compile(rb"^Sec-WebSocket-Extensions:", re.IGNORECASE | re.MULTILINE), b"Not-WebSocket-Extensions:"),
)


@dataclass(slots=True)
class Recorder:
    """`url` is where the browser goes; `heard()` is what came back so far. The wire can be cut and mended.

    `readable`: what the browser offers to take compressed is taken out, else there would be nothing to read.
    """

    upstream: tuple[str, int]
    listening: socket.socket
    readable: bool
    _chunks: list[bytes] = field(default_factory=list)
    _open: list[socket.socket] = field(default_factory=list)
    _cut: bool = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listening.getsockname()[1]}"

    def heard(self) -> bytes:
        assert self.readable, "what came may be compressed: nothing can be found in it"
        return b"".join(self._chunks)

    def cut(self) -> None:
        """Everything that is open breaks off, and nothing gets through until `mend`."""
        self._cut = True
        _close(self._open)
        self._open.clear()

    def lead_to(self, url: str) -> None:
        """From now on new connections go to another server on this machine."""
        host, port = url.removeprefix("http://").split(":")
        self.upstream = host, int(port)

    def mend(self) -> None:
        self._cut = False

    def accept(self) -> None:
        while True:
            try:
                browser, _ = self.listening.accept()
                server = socket.create_connection(self.upstream)
            except OSError:
                return
            if self._cut:
                _close([browser, server])
                continue
            self._open += [browser, server]
            asks = _without_offers if self.readable else _as_it_is
            threading.Thread(target=_pump, args=(browser, server, asks), daemon=True).start()
            threading.Thread(target=_pump, args=(server, browser, self._keep), daemon=True).start()

    def _keep(self, chunk: bytes) -> bytes:
        self._chunks.append(chunk)
        return chunk

    def close(self) -> None:
        _close([self.listening, *self._open])


def _close(sockets: list[socket.socket]) -> None:
    for one in sockets:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()


def _as_it_is(chunk: bytes) -> bytes:
    return chunk


def _without_offers(chunk: bytes) -> bytes:
    for offer, instead in _OFFERS:
        chunk = offer.sub(instead, chunk)
    return chunk


def _pump(source: socket.socket, target: socket.socket, through: Callable[[bytes], bytes]) -> None:
    with suppress(OSError):
        while chunk := source.recv(AT_ONCE):
            target.sendall(through(chunk))
        target.shutdown(socket.SHUT_WR)


@contextmanager
def recording(url: str, *, readable: bool = False) -> Iterator[Recorder]:
    """A recorder in front of a server on this machine, until the block ends."""
    recorder = Recorder(("", 0), socket.create_server(("127.0.0.1", 0)), readable)
    recorder.lead_to(url)
    thread = threading.Thread(target=recorder.accept, daemon=True)
    thread.start()
    try:
        yield recorder
    finally:
        recorder.close()
        thread.join(5)
