"""What a viewer reads in one go: frames of a server, whole or not, plain or compressed. Pure: bytes in, facts out."""

import re
import zlib
from dataclasses import dataclass, field
from typing import Final

NUMBER: Final = re.compile(rb'"n":(\d+)')
_KEPT: Final = 2_000
_TAIL: Final = b"\x00\x00\xff\xff"
TEXT, CLOSE, PING = 1, 8, 9


class Broken(ValueError):
    """What came is no frame of a server, or can't be decompressed."""


@dataclass(slots=True, eq=False)
class Chunk:
    """Numbers of broadcasts in the order in which they came; `closed` is the close code; `rest` belongs to the next."""

    size: int
    numbers: list[int] = field(default_factory=list)
    pings: list[bytes] = field(default_factory=list)
    closed: int | None = None
    rest: bytes = b""

    @property
    def follows(self) -> int:
        """The number that the viewer has to have seen last; -1 where that can't be one number."""
        first = self.numbers[0]
        return first - 1 if self.numbers == list(range(first, first + len(self.numbers))) else -1


@dataclass(slots=True)
class Reader:
    """Understands chunks. All viewers are sent the same bytes: a compressed message is decoded once, with the window
    that all of them share, and found again by its bytes."""

    _window: "zlib._Decompress" = field(default_factory=lambda: zlib.decompressobj(-15))
    _known: dict[bytes, int | None] = field(default_factory=dict)

    def read(self, data: bytes) -> Chunk:
        """Raises `Broken`."""
        chunk = Chunk(len(data))
        at = 0
        while frame := _frame(data, at):
            start, end = frame
            self._take(chunk, data[at], data[start:end])
            at = end
        chunk.rest = data[at:]
        return chunk

    def _take(self, chunk: Chunk, head: int, payload: bytes) -> None:
        opcode = head & 15
        if opcode == TEXT and head & 0x80:
            number = self._compressed(payload) if head & 0x40 else number_in(payload)
            if number is not None:
                chunk.numbers.append(number)
        elif opcode == PING:
            chunk.pings.append(payload)
        elif opcode == CLOSE:
            chunk.closed = int.from_bytes(payload[:2], "big")
        else:
            raise Broken(f"a frame that begins with {head:#x}")

    def _compressed(self, payload: bytes) -> int | None:
        if payload not in self._known:
            if len(self._known) > _KEPT:
                self._known.clear()
            try:
                self._known[payload] = number_in(self._window.decompress(payload + _TAIL))
            except zlib.error as error:
                raise Broken(str(error)) from None
        return self._known[payload]


def _frame(data: bytes, at: int) -> tuple[int, int] | None:
    """Where the payload of the frame at `at` begins and ends; None: it isn't whole."""
    if len(data) < at + 2:
        return None
    length = data[at + 1]
    start = at + 2
    if length > 125:
        if length > 127:
            raise Broken("a server's frame is not masked")
        start += 2 if length == 126 else 8
        if len(data) < start:
            return None
        length = int.from_bytes(data[at + 2 : start], "big")
    return (start, start + length) if len(data) >= start + length else None


def number_in(text: bytes) -> int | None:
    """The number of a broadcast; None for frames that are none."""
    found = NUMBER.search(text)
    return int(found[1]) if found else None


def framed(opcode: int, payload: bytes) -> bytes:
    """A client's short frame; its mask is zero, so that the payload stands there as it is."""
    return bytes((0x80 | opcode, 0x80 | len(payload), 0, 0, 0, 0)) + payload
