"""Sockets in bulk: connected from many addresses, opened with the request of a browser, many under way at once."""

import select
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from time import perf_counter
from typing import Final

UNDER_WAY: Final = 128
FROM_ONE_ADDRESS: Final = 500
WITHIN_SECONDS: Final = 120.0
# A server that is asked too often says so; it is left alone for so long.
PAUSE_SECONDS: Final = 0.25
SMALLEST_BUFFER: Final = 1
ACCEPTED: Final = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # RFC 6455, 1.3: the answer to its example's key
_NO_PORT_YET: Final = 24  # IP_BIND_ADDRESS_NO_PORT: the port is chosen when it connects, per pair of addresses

REQUEST: Final = (
    "GET {path} HTTP/1.1\r\n"
    "Host: 127.0.0.1:{port}\r\n"
    "Connection: Upgrade\r\n"
    "Pragma: no-cache\r\n"
    "Cache-Control: no-cache\r\n"
    "User-Agent: Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 "
    "Mobile Safari/537.36\r\n"
    "Upgrade: websocket\r\n"
    "Origin: http://127.0.0.1:{port}\r\n"
    "Sec-WebSocket-Version: 13\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Accept-Language: en-GB,en;q=0.9,fr;q=0.8\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Protocol: qa.v1\r\n"
    "{extension}\r\n"
)
EXTENSION: Final = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"


class Refused(RuntimeError):
    """The server answered an opening with something that is neither a yes nor "later"."""


class Doors:
    """All sockets of a crowd, by descriptor. `refused` counts the openings that were put off with a 503."""

    def __init__(self, port: int, path: str, *, deflate: bool) -> None:
        self._port = port
        self._request = REQUEST.format(path=path, port=port, extension=EXTENSION if deflate else "").encode()
        self._sockets: dict[int, socket.socket] = {}
        self._made = 0
        self.refused = 0

    def bring(
        self, count: int, *, silent: bool, meanwhile: Callable[[], None]
    ) -> Iterator[tuple[socket.socket, bytes]]:
        """Open so many; each with what came right behind the server's yes. Raises `Refused`, TimeoutError."""
        epoll = select.epoll()
        opening: dict[int, bytes] = {}
        until, pause = perf_counter() + WITHIN_SECONDS, 0.0
        while count:
            if perf_counter() > until:
                raise TimeoutError(f"{count} sockets are not open after {WITHIN_SECONDS} s")
            while len(opening) < min(UNDER_WAY, count) and perf_counter() > pause:
                made = self._connect(silent=silent)
                opening[made.fileno()] = b""
                epoll.register(made, select.EPOLLOUT)
            for descriptor, event in epoll.poll(0.01, UNDER_WAY):
                if event & select.EPOLLOUT:
                    self._sockets[descriptor].send(self._request)
                    epoll.modify(descriptor, select.EPOLLIN)
                    continue
                opening[descriptor] += self.receive(descriptor, 4096)
                answer = _opened(opening[descriptor])
                if answer is None:
                    continue
                epoll.unregister(descriptor)
                del opening[descriptor]
                yes, early = answer
                if yes:
                    count -= 1
                    yield self._sockets[descriptor], early
                else:
                    self.refused += 1
                    pause = perf_counter() + PAUSE_SECONDS
                    self.close(descriptor)
            meanwhile()

    def _connect(self, *, silent: bool) -> socket.socket:
        made = socket.socket()
        made.setblocking(False)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        made.setsockopt(socket.IPPROTO_IP, _NO_PORT_YET, 1)
        if silent:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALLEST_BUFFER)
        address = self._made // FROM_ONE_ADDRESS
        made.bind((f"127.0.{1 + address // 250}.{1 + address % 250}", 0))
        self._made += 1
        with suppress(BlockingIOError):
            made.connect(("127.0.0.1", self._port))
        self._sockets[made.fileno()] = made
        return made

    def receive(self, descriptor: int, most: int) -> bytes:
        """What is there; nothing, when the other end is gone."""
        try:
            return self._sockets[descriptor].recv(most)
        except BlockingIOError:
            raise
        except OSError:
            return b""

    def send(self, descriptor: int, data: bytes) -> None:
        """A few bytes; who is gone will be seen when it is read from."""
        with suppress(OSError):
            self._sockets[descriptor].send(data)

    def close(self, descriptor: int) -> None:
        self._sockets.pop(descriptor).close()


def _opened(received: bytes) -> tuple[bool, bytes] | None:
    """Whether the server said yes, and what it sent behind that; None: its answer isn't whole."""
    head, found, early = received.partition(b"\r\n\r\n")
    if not found:
        return None
    if head.startswith(b"HTTP/1.1 101 ") and ACCEPTED in head:
        return True, early
    if head.startswith(b"HTTP/1.1 503 "):
        return False, b""
    raise Refused(head.decode(errors="replace"))
