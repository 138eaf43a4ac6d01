"""The newest entries of one channel as frames, numbered without a gap. Every viewer's cursor points here. No I/O."""

import json
from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import Final

from qa.domain.messages import encode

LENGTH: Final = 2_000


class Gap(ValueError):
    """An entry came that does not follow the last one: the log must be read again."""


class Ring:
    """Frames `first … head`. A frame is encoded once, when it is added, and is the same object for everybody."""

    def __init__(self, head: int = 0, length: int = LENGTH) -> None:
        self.head = head
        self._frames: deque[str] = deque(maxlen=length)
        self._subjects: deque[int | None] = deque(maxlen=length)

    @property
    def first(self) -> int:
        """The lowest number at hand; `head + 1` while there is none."""
        return self.head - len(self._frames) + 1

    def add(self, seq: int, frame: str, subject: int | None = None) -> None:
        """Append the next frame, about question `subject`. Raises `Gap` unless `seq == head + 1`."""
        if seq != self.head + 1:
            raise Gap(f"entry {seq} after {self.head}")
        self._frames.append(frame)
        self._subjects.append(subject)
        self.head = seq

    def supersede(self, subject: int) -> None:
        """Take the text out of what was said of a question: who resumes from before must not be told it again."""
        for index, about in enumerate(self._subjects):
            if about == subject:
                told = json.loads(self._frames[index])
                self._frames[index] = encode("superseded", seq=told["seq"], at=told["at"], data={})

    def after(self, cursor: int, most: int = 200) -> Sequence[str] | None:
        """The frames behind a cursor, at most `most`; None if some of them are gone or the cursor is ahead of all."""
        if cursor > self.head or cursor + 1 < self.first:
            return None
        start = cursor + 1 - self.first
        return list(islice(self._frames, start, start + most))
