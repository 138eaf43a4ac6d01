"""Compress once for everybody, against a history that all of them share.

A short text alone compresses badly; against what the same channel said before it shrinks to a third. A compressor for
each viewer costs tens of kilobytes and microseconds each. Here one stream serves all (RFC 7692 with a kept context):
each entry is compressed once, against the entries since the stream last began anew. An entry with which it begins anew
looks back at nothing, so whoever has read all entries before it can follow from there; until then a newcomer is told
plainly. Nothing is ever said twice, and no client needs to know of it.

Whatever else is said to a viewer goes uncompressed, which leaves the shared history alone. Only entries of the public
channel come here, so no secret can be guessed from a length. When a text was taken back the stream begins anew: nobody
is sent that text only to be able to read on.
"""

import zlib
from collections import deque
from typing import Final

from qa.live import frames
from qa.live.frames import Op
from qa.live.ring import LENGTH, Ring, fitting

# After so many bytes the stream begins anew if somebody waits to follow. Real answers: 39 % of plain at 16 KiB, 37 % at
# 64 KiB, 36 % if it never does.
ANEW_AFTER: Final = 16 * 1024
_LEVEL: Final = 9
# What ends each flushed block; the protocol leaves it out.
_TAIL: Final = b"\x00\x00\xff\xff"


class History:
    """The shared stream of a ring.

    `following` and `waiting` count who reads it, or will once they come to where it begins anew, and who would like to.
    """

    def __init__(self, ring: Ring) -> None:
        self.following = 0
        self.waiting = 0
        self.replace(ring)

    def replace(self, ring: Ring) -> None:
        """Begin with the next entry of another ring."""
        self._ring = ring
        self._rewritten = ring.rewritten
        self._head = ring.head
        # Compressed frames up to `_head`, and which of the entries begin the stream anew.
        self._wires: deque[bytes] = deque(maxlen=LENGTH)
        self._begins: deque[int] = deque()
        self._anew = True
        self._since = 0

    def _leads(self, cursor: int) -> bool:
        """Whether the stream begins anew somewhere behind a cursor."""
        return bool(self._begins) and self._begins[-1] > cursor

    def join(self, cursor: int, *, follows: bool = False) -> None:
        """Somebody came who takes compressed frames."""
        if follows or self._leads(cursor):
            self.following += 1
        else:
            self.waiting += 1

    def leave(self, cursor: int, *, follows: bool) -> None:
        """One of them is gone."""
        if not self.waiting or (self.following and (follows or self._leads(cursor))):
            self.following -= 1
        else:
            self.waiting -= 1

    def catch_up(self) -> None:
        """Compress what the ring has grown by, or forget it where nobody would read it."""
        if self._head == self._ring.head and self._rewritten == self._ring.rewritten:
            return
        texts = self._ring.after(self._head, LENGTH) if self.following or self.waiting else None
        if texts is None or self._rewritten != self._ring.rewritten:
            self.replace(self._ring)
            return
        for text in texts:
            self._add(text)
        while self._begins and self._begins[0] <= self._head - len(self._wires):
            self._begins.popleft()

    def _add(self, text: str) -> None:
        if self._anew or (self.waiting > 0 and (self._since >= ANEW_AFTER or self.waiting > self.following)):
            self._deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
            self._begins.append(self._head + 1)
            self._anew, self._since = False, 0
            self.following, self.waiting = self.following + self.waiting, 0
        raw = text.encode()
        squeezed = self._deflate.compress(raw) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        self._wires.append(frames.frame(Op.TEXT, squeezed.removesuffix(_TAIL), compressed=True))
        self._since += len(raw)
        self._head += 1

    def wires(self, cursor: int, until: int) -> list[bytes]:
        """The frames behind a cursor up to entry `until`, as `Ring.wires`; none if the stream does not reach there."""
        start = cursor + len(self._wires) - self._head
        return [] if start < 0 or cursor >= until else fitting(self._wires, start, until - cursor + start)

    def begins(self, cursor: int) -> int:
        """The next entry behind a cursor with which somebody can begin to follow; the one to come, if there is none."""
        return next((seq for seq in self._begins if seq > cursor), self._head + 1)
