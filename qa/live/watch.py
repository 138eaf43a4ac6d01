"""Two clocks of a process: who may still listen, and what the counters show. Both look once a second."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

import structlog

from qa.domain.channels import Channel
from qa.domain.messages import Close
from qa.live.hub import Hub
from qa.store.database import DatabaseError

log = structlog.get_logger(__name__)

EVERY_SECONDS: Final = 1.0

# (session token, event) pairs in, those that may not listen (any more) out.
Ousted = Callable[[Iterable[tuple[str, int]]], set[tuple[str, int]]]
Totals = Callable[[int], dict[str, Any]]
Voices = Callable[[int], dict[int, int]]


async def every_second(work: Callable[[], Awaitable[None]]) -> None:
    """Do the work once a second for ever; what goes wrong in one turn is reported, and does not end the clock."""
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        try:
            await work()
        except DatabaseError as error:
            log.error("watch.database", error=type(error).__name__)
        except Exception:
            # A clock that died unseen would be worse than any fault of one turn.
            log.exception("watch.fault")


async def revoke(hub: Hub, ousted: Ousted) -> None:
    """Close the staff's sockets whose session ended or whose roles are gone. If that can't be told, all of them."""
    listeners = hub.listeners(Channel.STAFF)
    if not listeners:
        return
    held = {(one.token, one.key[0]) for one in listeners}
    try:
        gone = await asyncio.to_thread(ousted, held)
    except DatabaseError:
        gone = held
    for one in listeners:
        if (one.token, one.key[0]) in gone:
            hub.dismiss(one, Close.ACCESS_CHANGED)


class Tallies:
    """Totals for everybody, voices and presence for staff: states, at most one a second, only what changed."""

    def __init__(self, hub: Hub, totals: Totals, voices: Voices) -> None:
        self._hub = hub
        self._totals = totals
        self._voices = voices
        self._shown: dict[int, dict[int, int]] = {}

    async def __call__(self) -> None:
        for event_id, channel in self._hub.occupied():
            if channel is Channel.PUBLIC:
                totals = await asyncio.to_thread(self._totals, event_id)
                self._hub.put_state((event_id, channel), "totals", totals)
            else:
                await self._tell_staff(event_id)

    async def _tell_staff(self, event_id: int) -> None:
        key = (event_id, Channel.STAFF)
        viewers, staff = (self._hub.count(event_id, channel) for channel in (Channel.PUBLIC, Channel.STAFF))
        self._hub.put_state(key, "presence", {"viewers": viewers, "staff": staff})
        voices = await asyncio.to_thread(self._voices, event_id)
        if voices != self._shown.get(event_id):
            self._shown[event_id] = voices
            self._hub.put_state(key, "voices", {"voices": {str(n): count for n, count in voices.items() if count}})
