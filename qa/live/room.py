"""A channel as those see it who listen by descriptor: where they stand, and the bytes that bring them to the newest.

No I/O. A viewer stands at an `At`; who is in step shares the very same object with everybody else, so that a whole
crowd is told with one comparison and one write each.
"""

from typing import Final, NamedTuple

from qa.domain.messages import encode_bare
from qa.live import frames
from qa.live.history import History
from qa.live.ring import Ring
from qa.live.viewer import States

# Stragglers stand at many places: what was put together for so many is kept.
_KEPT: Final = 64


class At(NamedTuple):
    """Where a viewer stands: the last entry and the version of the last states that were sent.

    `deflated`: it takes compressed frames; `follows`: and has read the compressed stream so far.
    """

    seq: int
    states: int
    deflated: bool
    follows: bool


class Told(NamedTuple):
    """Bytes for one write, and where a viewer stands who has them; `newest`: that is where everybody should."""

    wire: bytes
    at: At
    newest: bool


class Room:
    """`ring` and `states` of one channel; `snapshot` is where to reload from."""

    def __init__(self, ring: Ring, states: States, epoch: str, snapshot: str) -> None:
        self.ring = ring
        self.states = states
        self._epoch = epoch
        self._reload = frames.text(encode_bare("reload", {"snapshot": snapshot}))
        self._newest: dict[tuple[bool, bool], At] = {}
        self._seen = (-1, -1, -1)
        self.history = History(ring)
        self._hello: tuple[tuple[int, int], bytes] = ((-1, -1), b"")
        self._told: dict[At, Told | None] = {}

    def look(self) -> tuple[int, int, int]:
        """What changes with any news: the newest entry, the version of the states, how often the ring was rewritten."""
        seen = (self.ring.head, self.states.version, self.ring.rewritten)
        if self._seen != seen:
            self._seen = seen
            self._newest.clear()
            self._told.clear()
        return seen

    def is_newest(self, at: At) -> bool:
        return at[:2] == self.look()[:2]

    @property
    def reload(self) -> bytes:
        """Tells a viewer to start anew from the snapshot."""
        return self._reload

    def greeting(self, retry: dict[str, int], told: Told | None) -> bytes:
        """The hello and what comes first for a newcomer, or where they start anew."""
        return self.hello(retry) + (told.wire if told else self._reload)

    def replace(self, ring: Ring) -> None:
        """The log was read again: go on with this ring, and everybody starts anew who does not fit it."""
        self.ring = ring
        self.history.replace(ring)
        self._told.clear()

    def hello(self, retry: dict[str, int]) -> bytes:
        """The first frame; the same bytes for all who come between two entries."""
        asked = (self.ring.head, retry["max"])
        if self._hello[0] != asked:
            text = encode_bare("hello", {"epoch": self._epoch, "seq": self.ring.head, "retry": retry})
            self._hello = (asked, frames.text(text))
        return self._hello[1]

    def next(self, at: At) -> Told | None:
        """What is sent next to who stands at `at`, the same object for all who do; None: they start anew."""
        self.look()
        if at not in self._told:
            if len(self._told) >= _KEPT:
                self._told.clear()
            self._told[at] = self._next(at) if self.ring.holds(at.seq) else None
        return self._told[at]

    def _next(self, at: At) -> Told:
        wires: list[bytes] = []
        head = until = self.ring.head
        if at.deflated:
            self.history.catch_up()
            begins = self.history.begins(at.seq)
            if at.follows or begins == at.seq + 1:
                wires = self.history.wires(at.seq, until)
            if not wires:
                # Plain, but not past where the stream begins anew.
                until = min(until, begins - 1)
        follows = bool(wires) or (at.follows and at.seq == head)
        wires = wires or self.ring.wires(at.seq, until)
        seq = at.seq + len(wires)
        if seq < head:
            return Told(b"".join(wires), At(seq, at.states, at.deflated, follows), newest=False)
        # States come last, once all entries before them are told.
        states = [frames.text(frame) for frame in self.states.since(at.states)]
        newest = At(seq, self.states.version, at.deflated, follows)
        return Told(b"".join((*wires, *states)), self._newest.setdefault((at.deflated, follows), newest), newest=True)
