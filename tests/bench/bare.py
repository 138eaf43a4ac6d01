"""`python -m tests.bench.bare`: the floor. One frame, encoded once, and `os.write` to one socket after the other.

No WebSocket library, no log, no pings, no slow viewers, nothing of the product: what the kernel and a bare Python loop
cost. PORT on 127.0.0.1; `POST /publish` sends its body to everybody, in the frame that the product would make of it.
"""

import json
import os
import select
import socket
from base64 import b64encode
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha1
from typing import Final

from qa import descriptors
from qa.domain.messages import encode
from qa.domain.views import stamp

_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_OPENED: Final = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n"
)
_DONE: Final = b"HTTP/1.1 204 No Content\r\n\r\n"


def framed(text: str) -> bytes:
    payload = text.encode()
    size = len(payload)
    head = bytes((0x81, size)) if size < 126 else bytes((0x81, 126)) + size.to_bytes(2, "big")
    return head + payload


class Loop:
    def __init__(self, port: int) -> None:
        self.listening = socket.create_server(("127.0.0.1", port), backlog=4096)
        self.listening.setblocking(False)
        self.epoll = select.epoll()
        self.epoll.register(self.listening, select.EPOLLIN)
        self.sockets: dict[int, socket.socket] = {}
        self.viewers: dict[int, None] = {}
        self.broadcasts = 0

    def run(self) -> None:
        while True:
            for descriptor, _ in self.epoll.poll():
                if descriptor == self.listening.fileno():
                    self._accept()
                else:
                    self._read(descriptor)

    def _accept(self) -> None:
        with suppress(BlockingIOError):
            while True:
                new, _ = self.listening.accept()
                new.setblocking(False)
                new.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.sockets[new.fileno()] = new
                self.epoll.register(new, select.EPOLLIN)

    def _read(self, descriptor: int) -> None:
        try:
            data = self.sockets[descriptor].recv(1 << 16)
        except OSError:
            data = b""
        if not data:
            self.viewers.pop(descriptor, None)
            self.sockets.pop(descriptor).close()
        elif data.startswith(b"POST "):
            self._broadcast(data.partition(b"\r\n\r\n")[2])
            os.write(descriptor, _DONE)
        elif descriptor not in self.viewers:
            key = data.partition(b"Sec-WebSocket-Key: ")[2].partition(b"\r\n")[0]
            os.write(descriptor, _OPENED % b64encode(sha1(key + _GUID, usedforsecurity=False).digest()))
            self.viewers[descriptor] = None

    def _broadcast(self, body: bytes) -> None:
        self.broadcasts += 1
        frame = framed(encode("bench", seq=self.broadcasts, at=stamp(datetime.now(UTC)), data=json.loads(body)))
        write = os.write
        for viewer in self.viewers:
            try:  # noqa: SIM105 - a context manager for each would cost a tenth of what is measured
                write(viewer, frame)
            except BlockingIOError:
                pass  # what is lost, the viewer sees


if __name__ == "__main__":
    descriptors.allow()
    Loop(int(os.environ["PORT"])).run()
