"""Somebody who listens to a room by a bare descriptor, without the descriptor: what it is sent, and understands."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from qa.live.room import At, Room, Told

_TAIL: Final = b"\x00\x00\xff\xff"


def framed(wire: bytes) -> Iterator[tuple[bool, bytes]]:
    """Whether it is compressed, and the payload, of each whole text frame in what a server wrote."""
    at = 0
    while at < len(wire):
        first, length = wire[at], wire[at + 1]
        assert first in (0x81, 0xC1)
        at += 2
        if length > 125:
            size = 2 if length == 126 else 8
            length = int.from_bytes(wire[at : at + size], "big")
            at += size
        yield first == 0xC1, wire[at : at + length]
        at += length
    assert at == len(wire)


def inflated(decoder: "zlib._Decompress", payload: bytes) -> str:
    return decoder.decompress(payload + _TAIL).decode()


@dataclass(eq=False, slots=True)
class Listener:
    """`heard` are all texts in order; `squeezed` says of each whether it came compressed. One decoder for its life."""

    at: At
    heard: list[str] = field(default_factory=list)
    squeezed: list[bool] = field(default_factory=list)
    decoder: "zlib._Decompress" = field(default_factory=lambda: zlib.decompressobj(-zlib.MAX_WBITS))

    def take(self, told: Told) -> list[str]:
        """Read one write, whole, and move on. Fails where a frame can't be read."""
        new = []
        for compressed, payload in framed(told.wire):
            assert self.at.deflated or not compressed
            new.append(inflated(self.decoder, payload) if compressed else payload.decode())
            self.squeezed.append(compressed)
        self.at = told.at
        self.heard += new
        return new

    def hear(self, room: Room) -> list[str] | None:
        """All that is new, in as many writes as it takes; None: it was told to start anew."""
        new: list[str] = []
        while not room.is_newest(self.at):
            told = room.next(self.at)
            if told is None:
                return None
            before = self.at
            new += self.take(told)
            assert self.at != before
        return new


def comes(room: Room, seq: int, *, deflated: bool = True, states: int = 0) -> Listener | None:
    """Somebody comes who has read up to `seq`, as a crowd seats them; None: they start anew."""
    listener = Listener(At(seq, states, deflated, False))
    told = room.next(listener.at)
    if told is None:
        return None
    if deflated:
        room.history.join(seq)
    listener.take(told)
    return listener


def goes(room: Room, listener: Listener) -> None:
    if listener.at.deflated:
        room.history.leave(listener.at.seq, follows=listener.at.follows)
