"""Holds the viewers of this process and wakes them when their channel has news.

Most are bare descriptors, which the `audience` tells all together. Where the application keeps a connection
(server-sent events, TLS, another server) a task waits in a seat.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from qa.domain.channels import Channel
from qa.domain.messages import Close, encode
from qa.live.audience import Audience, Viewer
from qa.live.ring import Ring
from qa.live.tailer import Tailer
from qa.live.viewer import States
from qa.store.log import Key

# As many viewers as one process serves well.
MOST: Final = 20_000


class TooMany(RuntimeError):
    """This process holds as many viewers as it may."""


@dataclass(slots=True, eq=False)
class Seat:
    """A viewer's place in the hub. `leave` is resolved with a close code when it must go; `token` is a session's."""

    key: Key
    token: str = ""
    leave: "asyncio.Future[Close]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def ask_to_leave(self, code: Close) -> None:
        if not self.leave.done():
            self.leave.set_result(code)


class Hub:
    """No queue and no buffer for anybody: who waits, waits on the channel's one event, or stands in the audience.

    `ring_of(key)` is a channel's ring as it is known now, None while nobody has asked for it.
    """

    def __init__(self, ring_of: Callable[[Key], Ring | None] = lambda key: None, most: int = MOST) -> None:
        self.most = most
        self._news: dict[Key, asyncio.Event] = defaultdict(asyncio.Event)
        self._states: dict[Key, States] = defaultdict(States)
        self._seats: set[Seat] = set()
        self._seated: Counter[Key] = Counter()
        self.audience = Audience(ring_of, self.states)
        self.draining = False

    def start(self) -> None:
        """In the running loop: from now on descriptors can be taken over."""
        self.audience.start()

    def wake(self, key: Key) -> None:
        """The channel has news: everybody who waits goes on, and the next wait is a new one."""
        self.audience.wake(key)
        if event := self._news.pop(key, None):
            event.set()

    def news(self, key: Key) -> asyncio.Event:
        """What to wait on. Take it before looking at the ring, else news in between are slept over."""
        return self._news[key]

    def states(self, key: Key) -> States:
        return self._states[key]

    def put_state(self, key: Key, type_: str, data: dict[str, Any]) -> None:
        """Keep a state and wake the channel, unless it says what it said before."""
        if self._states[key].put(type_, encode(type_, data=data)):
            self.wake(key)

    @contextmanager
    def seat(self, key: Key, token: str = "") -> Iterator[Seat]:
        """A place for as long as the block lasts. Raises `TooMany`."""
        if self.full:
            raise TooMany
        seat = Seat(key, token)
        self._seats.add(seat)
        self._seated[key] += 1
        try:
            yield seat
        finally:
            self._seats.discard(seat)
            self._seated[key] -= 1

    def __len__(self) -> int:
        return len(self._seats) + self.audience.sockets.count

    @property
    def full(self) -> bool:
        """Nobody else is let in for now."""
        return self.draining or len(self._seats) + self.audience.sockets.count >= self.most

    def count(self, event_id: int, channel: Channel) -> int:
        key = (event_id, channel)
        return self._seated[key] + self.audience.count(key)

    def occupied(self) -> set[Key]:
        """The channels somebody listens to."""
        return {key for key, count in self._seated.items() if count} | self.audience.occupied()

    def listeners(self, channel: Channel) -> list[Seat | Viewer]:
        """Who listens to this channel of any event; each has its `key` and, on the staff's, its session's `token`."""
        seated = [seat for seat in self._seats if seat.key[1] is channel]
        return [
            *seated,
            *(one for key in self.audience.occupied() if key[1] is channel for one in self.audience.viewers(key)),
        ]

    def dismiss(self, listener: Seat | Viewer, code: Close) -> None:
        """Have somebody go, and tell them why."""
        if isinstance(listener, Seat):
            listener.ask_to_leave(code)
        else:
            self.audience.dismiss(listener, code)

    def drain(self) -> None:
        """Everybody is told that the server restarts; nobody new is let in."""
        self.draining = True
        for channel in Channel:
            for listener in self.listeners(channel):
                self.dismiss(listener, Close.RESTART)

    async def stop(self) -> None:
        await self.audience.stop()

    async def tick(self) -> None:
        """Once a second: pings, and who is too slow."""
        self.audience.tick()

    def retry(self) -> dict[str, int]:
        """The window in seconds in which clients come back after a cut: wide enough for all who are here now."""
        return {"min": 1, "max": 5 + len(self) // 400}


@dataclass(frozen=True, slots=True)
class Line:
    """A channel as its viewers reach it: the ring with its epoch, and the hub that wakes."""

    tailer: Tailer
    hub: Hub
    key: Key
    epoch: str
    snapshot: str

    async def ring(self) -> Ring:
        return await self.tailer.ring(*self.key)
