"""One clock for all pings: the next few each time, so that everybody's turn comes once in a round."""

import math
from collections import deque
from collections.abc import Callable
from typing import Final, Generic, TypeVar

PING_SECONDS: Final = 25

T = TypeVar("T")


class Round(Generic[T]):
    """`everybody()` is who is there when a round begins."""

    def __init__(self, everybody: Callable[[], list[T]]) -> None:
        self._everybody = everybody
        self._waiting: deque[T] = deque()
        self._at = 0.0

    def due(self, now: float, count: int) -> list[T]:
        """Whose turn it is, of `count` in all; some of them may be gone by now."""
        share = min(1.0, (now - self._at) / PING_SECONDS)
        self._at = now
        if not self._waiting:
            self._waiting.extend(self._everybody())
        some = min(len(self._waiting), math.ceil(count * share))
        return [self._waiting.popleft() for _ in range(some)]
