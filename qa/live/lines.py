"""What is asked of the kernel for a bare descriptor of a connection, beyond reading and writing."""

import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

# The kernel doubles it for its own bookkeeping.
SEND_BUFFER: Final = 48 * 1024
_AT_ONCE: Final = struct.pack("ii", 1, 0)


@contextmanager
def _borrowed(fd: int) -> Iterator[socket.socket]:
    line = socket.socket(fileno=fd)
    try:
        yield line
    finally:
        line.detach()


def bound(fd: int) -> None:
    """Bound what the kernel keeps for a reader that does not read."""
    # Without the class around it: this happens twenty thousand times in a second.
    line = socket.SocketType(socket.AF_INET, socket.SOCK_STREAM, 0, fd)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    line.detach()


def finish(fd: int) -> bool:
    """Say that nothing more comes; what is unsent still goes out. False: the connection is gone."""
    try:
        with _borrowed(fd) as line:
            line.shutdown(socket.SHUT_WR)
    except OSError:
        return False
    return True


def cut(fd: int) -> None:
    """Close at once and forget what is unsent: a close would keep it for a reader that never reads."""
    with suppress(OSError), _borrowed(fd) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    os.close(fd)
