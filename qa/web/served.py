"""What an operator reads of the requests: each that failed or was slow, each of the staff's, and the rest as counts.

A line for each of a crowd's requests would cost more than to serve them, and nobody would read it: every ten seconds
one line says how many there were by route and status, and how long the slowest took. Failures and slow ones have lines
of their own, but only so many in those ten seconds: when everything fails the log must not be the next thing to fail.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

log = structlog.get_logger("qa.http")

TELL_SECONDS: Final = 10.0
SLOW_MILLISECONDS: Final = 1_000.0
MOST_LINES: Final = 50
# What staff do is little, and of each thing one may want to know when it was.
_STAFF: Final = "/desk"


@dataclass(slots=True)
class Count:
    """Requests of one kind, and the slowest of them in milliseconds until its answer began."""

    number: int = 0
    slowest: float = 0.0


@dataclass(slots=True)
class Served:
    """Counts by (method, pattern of the route, status), since they were told last."""

    counts: dict[tuple[str, str, int], Count] = field(default_factory=dict)
    lines: int = 0

    def note(self, method: str, route: str, status: int, milliseconds: float) -> None:
        """A request was answered. Called in the loop."""
        if not self.counts:
            asyncio.get_running_loop().call_later(TELL_SECONDS, self.tell)
        count = self.counts.setdefault((method, route, status), Count())
        count.number += 1
        count.slowest = max(count.slowest, milliseconds)
        notable = status >= 500 or milliseconds >= SLOW_MILLISECONDS or route.startswith(_STAFF)
        if notable and self.lines < MOST_LINES:
            self.lines += 1
            log.info("request", method=method, route=route, status=status, ms=round(milliseconds, 1))

    def tell(self) -> None:
        """One line for all that was counted, the most frequent first; then the counts begin anew."""
        counts, self.counts, self.lines = self.counts, {}, 0
        if counts:
            told = sorted(counts.items(), key=lambda item: -item[1].number)
            log.info("requests", seconds=TELL_SECONDS, counts=[_told(*each) for each in told])


def _told(of: tuple[str, str, int], count: Count) -> Mapping[str, Any]:
    method, route, status = of
    return {"method": method, "route": route, "status": status, "n": count.number, "slowest": round(count.slowest, 1)}
