"""One tailer per process: it reads what the log has grown by, checks that nothing is missing, and fills the rings."""

import asyncio
import contextlib
import random
from collections.abc import Callable
from typing import Final

import structlog

from qa.domain.channels import Channel
from qa.domain.messages import encode
from qa.domain.views import stamp
from qa.live.ring import Gap, Ring
from qa.store import log as event_log
from qa.store.database import Database, DatabaseError
from qa.store.log import Entry, Key

log = structlog.get_logger(__name__)

AT_ONCE: Final = 500
# How many of the newest entries a ring starts with, so that who was away while the process restarted can resume.
LOOK_BACK: Final = 1_000


class Tailer:
    """Rings by event and channel, kept up to date from the first time one is asked for.

    `on_news(key)` is called in the loop whenever a ring grew.
    """

    def __init__(self, database: Database, on_news: Callable[[Key], None], *, poll_seconds: float = 0.5) -> None:
        self._database = database
        self._on_news = on_news
        self._poll_seconds = poll_seconds
        self._rings: dict[Key, Ring] = {}
        self._opening: dict[Key, asyncio.Lock] = {}
        self._news = asyncio.Event()
        self._heard: set[int] | None = set()
        self._task: asyncio.Task[None] | None = None
        self.alive = False

    async def ring(self, event_id: int, channel: Channel) -> Ring:
        """The ring of a channel, filled with its newest entries the first time."""
        key = (event_id, channel)
        if key not in self._rings:
            async with self._opening.setdefault(key, asyncio.Lock()):
                if key not in self._rings:
                    head_and_newest = await asyncio.to_thread(
                        self._database.read, event_log.newest, event_id, channel, LOOK_BACK
                    )
                    self._rings[key] = filled(*head_and_newest)
        return self._rings[key]

    def known(self, key: Key) -> Ring | None:
        """The ring of a channel as it is now; None while nobody has asked for it."""
        return self._rings.get(key)

    def heard(self, events: set[int] | None) -> None:
        """The bell rang, for some events or (None) for whatever may be new."""
        self._heard = None if events is None or self._heard is None else self._heard | events
        self._news.set()

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        next_poll = loop.time()
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(next_poll):
                    await self._news.wait()
            # By the clock, not by silence: a bell that rings all the time for one event keeps no other unread.
            if loop.time() >= next_poll:
                self._heard = None
                # The jitter keeps many processes from asking the database in step.
                next_poll = loop.time() + self._poll_seconds * random.uniform(0.5, 1)  # noqa: S311 - no secret
            self._news.clear()
            heard, self._heard = self._heard, set()
            try:
                await self._catch_up(heard)
                self.alive = True
            except DatabaseError as error:
                self.alive = False
                log.error("tailer.database", error=type(error).__name__)
            except Exception:
                # A tailer that died unseen would leave every viewer in the past.
                self.alive = False
                log.exception("tailer.fault")

    async def _catch_up(self, heard: set[int] | None) -> None:
        keys = [key for key in self._rings if heard is None or key[0] in heard]
        if not keys:
            return
        while True:
            cursors = {key: self._rings[key].head for key in keys}
            grown = await asyncio.to_thread(self._database.read, event_log.grown, cursors, AT_ONCE)
            for entry in grown:
                self._add(entry)
            for key in {(entry.event_id, entry.channel) for entry in grown}:
                self._on_news(key)
            if len(grown) < AT_ONCE:
                return

    def _add(self, entry: Entry) -> None:
        key = (entry.event_id, entry.channel)
        try:
            _add(self._rings[key], entry)
        except Gap as gap:
            # Never send over a hole: the ring is dropped, and who stood in it is told to reload from the log.
            log.error("tailer.gap", event_id=entry.event_id, channel=entry.channel.value, what=str(gap))
            self._rings[key] = filled(entry.seq, [entry])


def frame(entry: Entry) -> str:
    """An entry as it goes to every viewer of its channel."""
    return encode(entry.type, seq=entry.seq, at=stamp(entry.at), data=entry.data)


def filled(head: int, newest: list[Entry]) -> Ring:
    """A ring that ends at `head`, with the log's newest entries."""
    ring = Ring(head - len(newest))
    for entry in newest:
        _add(ring, entry)
    return ring


# What takes a text off every page takes it out of the ring as well. A question that was answered goes the same way:
# its answer's card, which follows, holds it.
_TAKES_BACK: Final = frozenset({"question.removed", "answer.removed", "answer.retracted"})
# These hold no text, and stay: who comes back with an older page must still take off what they name.
_NAMES_ONLY: Final = frozenset({"question.removed", "answer.removed"})


def _add(ring: Ring, entry: Entry) -> None:
    if entry.type in _TAKES_BACK and entry.n is not None:
        ring.supersede(entry.n)
    ring.add(entry.seq, frame(entry), None if entry.type in _NAMES_ONLY else entry.n)
