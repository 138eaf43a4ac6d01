"""How many sockets a process opens in a second: whoever comes above that is told to come back, for nearly nothing.

When a server restarts everybody comes at once. The bound leaves time for those who are already here.
"""

from typing import Final

PER_SECOND: Final = 5_000
# As many may come at once: a whole process' viewers after a cut of the line.
AT_ONCE: Final = 20_000


class Gate:
    """A bucket of tokens; `now` is any clock in seconds that only goes forward."""

    def __init__(self, per_second: float = PER_SECOND, at_once: float = AT_ONCE) -> None:
        self._per_second = per_second
        self._at_once = at_once
        self._tokens = at_once
        self._at = 0.0

    def opens(self, now: float) -> bool:
        """Let one through, if there is a token left."""
        self._tokens = min(self._at_once, self._tokens + (now - self._at) * self._per_second)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
