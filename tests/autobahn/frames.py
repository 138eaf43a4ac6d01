"""Frames of RFC 6455, right or wrong, as bytes."""

from dataclasses import dataclass
from typing import Final

_LENGTHS: Final = ((126, 2), (127, 8))


@dataclass(frozen=True, slots=True)
class Frame:
    fin: bool
    rsv: int
    opcode: int
    payload: bytes

    def head(self, mask: bytes) -> bytes:
        """What stands before the payload of a client's frame."""
        size = len(self.payload)
        first = self.fin << 7 | self.rsv << 4 | self.opcode
        if size < 126:
            return bytes((first, 0x80 | size)) + mask
        mark, width = _LENGTHS[size >= 1 << 16]
        return bytes((first, 0x80 | mark)) + size.to_bytes(width, "big") + mask

    def as_client(self, mask: bytes) -> bytes:
        return self.head(mask) + masked(self.payload, mask)


def masked(payload: bytes, mask: bytes) -> bytes:
    size = len(payload)
    repeated = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(size, "big")


def frame_at(received: bytearray) -> tuple[Frame, int] | None:
    """A server's first frame and its size; None: it isn't whole. A masked one has bits that none may have."""
    if len(received) < 2:
        return None
    mark, width = next(((mark, width) for mark, width in _LENGTHS if received[1] == mark), (0, 0))
    start = 2 + width
    if len(received) < start:
        return None
    size = int.from_bytes(received[2:start], "big") if mark else received[1]
    if len(received) < start + size:
        return None
    first = received[0]
    return Frame(bool(first & 0x80), first >> 4 & 7, first & 15, bytes(received[start : start + size])), start + size
