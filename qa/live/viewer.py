"""A viewer is a cursor: where it stands in the ring, and which states it has. Pure: no socket, no clock."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from qa.live.ring import Ring


@dataclass(slots=True)
class States:
    """Frames without `seq`, one for each type: a newer one takes the place of the older, nobody queues them."""

    version: int = 0
    _frames: dict[str, tuple[int, str]] = field(default_factory=dict)

    def put(self, type_: str, frame: str) -> bool:
        """Keep a frame; False if it says what the last one said."""
        if self._frames.get(type_, (0, ""))[1] == frame:
            return False
        self.version += 1
        self._frames[type_] = (self.version, frame)
        return True

    def since(self, version: int) -> list[str]:
        return [frame for at, frame in self._frames.values() if at > version]


@dataclass(slots=True)
class Batch:
    """What a viewer is to be sent in one go, and where it stands once that has been sent."""

    frames: Sequence[str]
    cursor: int
    states: int


@dataclass(slots=True)
class Cursor:
    cursor: int
    states: int = 0

    def next(self, ring: Ring, states: States) -> Batch | None:
        """What waits for this viewer (perhaps nothing), or None: it must reload. The cursor does not move yet."""
        entries = ring.after(self.cursor)
        if entries is None:
            return None
        return Batch([*entries, *states.since(self.states)], self.cursor + len(entries), states.version)

    def sent(self, batch: Batch) -> None:
        """The batch went out whole. Only now the cursor moves: a cut before this skips nothing."""
        self.cursor = batch.cursor
        self.states = batch.states
