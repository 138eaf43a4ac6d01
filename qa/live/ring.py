"""The newest entries of one channel as frames, numbered without a gap. Every viewer's cursor points here. No I/O."""

import json
from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import Final

from qa.domain.messages import encode
from qa.live import frames

LENGTH: Final = 2_000
# What is put together for one write: who is further behind gets it in several.
AT_ONCE_BYTES: Final = 64 * 1024


class Gap(ValueError):
    """An entry came that does not follow the last one: the log must be read again."""


class Ring:
    """Frames `first … head`. A frame is encoded once, when it is added, and is the same object for everybody.

    `rewritten` counts how often something that had been said was taken back.
    """

    def __init__(self, head: int = 0, length: int = LENGTH) -> None:
        self.head = head
        self.rewritten = 0
        self._texts: deque[str] = deque(maxlen=length)
        self._wires: deque[bytes] = deque(maxlen=length)
        self._subjects: deque[int | None] = deque(maxlen=length)

    @property
    def first(self) -> int:
        """The lowest number at hand; `head + 1` while there is none."""
        return self.head - len(self._texts) + 1

    def add(self, seq: int, text: str, subject: int | None = None) -> None:
        """Append the next frame, about question `subject`. Raises `Gap` unless `seq == head + 1`."""
        if seq != self.head + 1:
            raise Gap(f"entry {seq} after {self.head}")
        self._texts.append(text)
        self._wires.append(frames.text(text))
        self._subjects.append(subject)
        self.head = seq

    def supersede(self, subject: int) -> None:
        """Take the text out of what was said of a question: who resumes from before must not be told it again."""
        for index, about in enumerate(self._subjects):
            if about == subject:
                told = json.loads(self._texts[index])
                text = encode("superseded", seq=told["seq"], at=told["at"], data={})
                self._texts[index] = text
                self._wires[index] = frames.text(text)
                self.rewritten += 1

    def holds(self, cursor: int) -> bool:
        """Whether everything behind the cursor is at hand, and the cursor is not ahead of all."""
        return self.first <= cursor + 1 <= self.head + 1

    def after(self, cursor: int, most: int = 200) -> Sequence[str] | None:
        """The frames behind a cursor, at most `most`; None if some of them are gone or the cursor is ahead of all."""
        if not self.holds(cursor):
            return None
        start = cursor + 1 - self.first
        return list(islice(self._texts, start, start + most))

    def wires(self, cursor: int, until: int) -> list[bytes]:
        """The WebSocket frames behind a cursor up to entry `until`, as many as fit into one write, at least one.

        The cursor must be one that the ring `holds`.
        """
        return fitting(self._wires, cursor + 1 - self.first, until + 1 - self.first)


def fitting(wires: "deque[bytes]", start: int, stop: int) -> list[bytes]:
    """As many from `start` up to `stop` as fit into one write, at least one."""
    chosen: list[bytes] = []
    size = 0
    # From the near end: a deque is quick at its ends only, and who is told something mostly lacks the newest alone.
    newest = list(islice(reversed(wires), len(wires) - stop, len(wires) - start))
    for wire in reversed(newest):
        size += len(wire)
        if chosen and size > AT_ONCE_BYTES:
            break
        chosen.append(wire)
    return chosen
