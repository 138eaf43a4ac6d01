"""A connection as the kernel knows it, and nothing around it: neither a transport nor a buffer."""

import socket
import struct
from contextlib import suppress
from typing import Final

# The kernel doubles it for its own bookkeeping.
SEND_BUFFER: Final = 48 * 1024
_AT_ONCE: Final = struct.pack("ii", 1, 0)

# The type beneath the standard library's class, which would be three times as large.
Line = socket.SocketType


def line_of(fd: int) -> Line:
    """Take over a connected, non-blocking descriptor; what the kernel keeps for a reader that does not read is bounded.

    The family matters to whoever asks for an address, and nobody here does.
    """
    line = Line(socket.AF_INET, socket.SOCK_STREAM, 0, fd)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    return line


def finish(line: Line) -> bool:
    """Say that nothing more comes; what is unsent still goes out. False: the connection is gone."""
    try:
        line.shutdown(socket.SHUT_WR)
    except OSError:
        return False
    return True


def cut(line: Line) -> None:
    """Close at once and forget what is unsent: a close would keep it for a reader that never reads."""
    with suppress(OSError):
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    line.close()
