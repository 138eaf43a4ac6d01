"""One clock for all pings: the next few each time, so that everybody's turn comes once in a round."""

import math
from collections import deque
from collections.abc import Callable
from typing import Final, Generic, TypeVar

PING_SECONDS: Final = 25

T = TypeVar("T")


class Round(Generic[T]):
    """`everybody()` is who is there when a round begins. A round takes `PING_SECONDS`, for one as for twenty thousand:
    who is asked has that long to answer.
    """

    def __init__(self, everybody: Callable[[], list[T]]) -> None:
        self._everybody = everybody
        self._waiting: deque[T] = deque()
        self._size = 0
        # Turns that are due, with the part of one that is left over from tick to tick.
        self._owed = 0.0
        # Nothing is due at the first look.
        self._at = math.inf

    def due(self, now: float) -> list[T]:
        """Whose turn it is; some of them may be gone by now."""
        if not self._waiting:
            self._waiting.extend(self._everybody())
            self._size = len(self._waiting)
            self._owed = 0.0
        self._owed += self._size * min(1.0, max(0.0, now - self._at) / PING_SECONDS)
        self._at = now
        some = min(len(self._waiting), int(self._owed))
        self._owed -= some
        return [self._waiting.popleft() for _ in range(some)]
