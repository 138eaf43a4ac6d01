"""What public answers are made of, and how a process knows that it has not changed."""

from dataclasses import dataclass
from time import monotonic
from typing import Final, TypeAlias

from starlette.requests import Request

from qa.store import log
from qa.web.present import FRESH_SECONDS, Present, kept_present
from qa.web.site import Looked, Site, ask, site_of

# How old what a process knows of the logs it does not follow may be.
LOOK_SECONDS: Final = 0.5

Heads: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OfPresent:
    """The public present of an event: its log has not grown, its totals are of these two seconds."""

    site: Site
    present: Present

    def holds(self, at: float) -> bool:
        kept = self.site.presents.get(self.present.event.id)
        if kept is None or kept.present is not self.present or at - kept.looked > FRESH_SECONDS:
            return False
        head = self.site.known_head(self.present.event.id)
        return head is not None and head <= self.present.seq

    async def renewed(self) -> bool:
        return await kept_present(self.site, self.present.event.id) is self.present


@dataclass(frozen=True, slots=True)
class OfLog:
    """The public log of an event up to `seq`, and figures that were fresh at `made` (monotonic seconds)."""

    site: Site
    event_id: int
    seq: int
    made: float

    def holds(self, at: float) -> bool:
        head = self.site.known_head(self.event_id)
        return head is not None and head <= self.seq and at - self.made <= FRESH_SECONDS

    async def renewed(self) -> bool:
        return self.holds(monotonic())


@dataclass(frozen=True, slots=True)
class OfHeads:
    """How far logs had come that nobody follows here: all public ones (`of` None), or all channels of one event."""

    site: Site
    of: int | None
    heads: Heads

    def holds(self, at: float) -> bool:
        looked = self.site.heads.get(self.of)
        return looked is not None and looked.heads == self.heads and at - looked.at <= LOOK_SECONDS

    async def renewed(self) -> bool:
        return await _heads(self.site, self.of) == self.heads


def present(request: Request, of: Present) -> OfPresent:
    """The mark of what was made of a present."""
    return OfPresent(site_of(request), of)


async def log_of(request: Request, event_id: int) -> OfLog:
    """The mark of what is read of an event's public log after this."""
    site = site_of(request)
    return OfLog(site, event_id, await site.head(event_id), monotonic())


async def heads(request: Request, of: int | None = None) -> OfHeads:
    """The mark of what is read after this of all events, or of what the staff of one know, too."""
    site = site_of(request)
    return OfHeads(site, of, await _heads(site, of))


async def _heads(site: Site, of: int | None) -> Heads:
    """Asked at most every half second in a process, once for all who wait."""
    async with site.heads_locks[of]:
        at = monotonic()
        looked = site.heads.get(of)
        if looked is None or at - looked.at > LOOK_SECONDS:
            # A closed event's record shows what only the staff's log tells of: a text that is hidden late.
            looked = site.heads[of] = Looked(await ask(site, log.reached, of), at)
        return looked.heads
