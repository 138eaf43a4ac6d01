"""Everybody who listens by a bare descriptor, told together: one pass over all for whatever is new.

A pass goes in steps that let the loop breathe. What comes up while it runs waits for the next pass and goes out in one
write: the busier it is, the more is joined. Who would block is left where they stand, and goes on when there is room.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from itertools import islice
from time import monotonic
from typing import Final

import structlog

from qa.domain.messages import Close
from qa.live.ring import Ring
from qa.live.room import At, Room, Told
from qa.live.sockets import Sockets, Wire
from qa.live.viewer import States
from qa.store.log import Key

log = structlog.get_logger(__name__)

STEP: Final = 512
# Who is behind for so long is told to start anew; who does not even take that is cut off.
BEHIND_SECONDS: Final = 10


class Viewer(Wire):
    """`at` is where it stands in its room, `since` when it fell behind (0: it did not); `token` is a session's."""

    __slots__ = ("at", "key", "since", "token")

    def __init__(self, fd: int, key: Key, at: At, token: str) -> None:
        super().__init__(fd)
        self.key = key
        self.at = at
        self.token = token
        self.since = 0.0

    @property
    def compressed(self) -> bool:
        return self.at.deflated


class Audience:
    """`ring_of(key)` is the channel's ring as it is known now; `states_of(key)` its states."""

    def __init__(
        self,
        ring_of: Callable[[Key], Ring | None],
        states_of: Callable[[Key], States],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._ring_of = ring_of
        self._states_of = states_of
        self.sockets: Sockets[Viewer] = Sockets(self._lost, self._go_on, clock=clock)
        self._clock = clock
        self._rooms: dict[Key, Room] = {}
        # In no order that means anything; who is gone stays until the next look at all.
        self._viewers: dict[Key, list[Viewer]] = {}
        self._counts: Counter[Key] = Counter()
        self._behind: dict[Viewer, None] = {}
        self._passes: dict[Key, asyncio.Task[None]] = {}

    def start(self) -> None:
        self.sockets.start()
        self._loop = asyncio.get_running_loop()

    @property
    def running(self) -> bool:
        return self.sockets.running

    async def stop(self) -> None:
        """Everybody was told; whoever did not go is cut off after a moment."""
        deadline = self._clock() + 1
        # Nobody but this waits for the end of many, so there is no event for it.
        while self.sockets.count and self._clock() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        for task in list(self._passes.values()):
            task.cancel()
        self.sockets.stop()

    def count(self, key: Key) -> int:
        return self._counts[key]

    def occupied(self) -> set[Key]:
        """The channels somebody listens to."""
        return {key for key, count in self._counts.items() if count}

    def viewers(self, key: Key) -> list[Viewer]:
        """Everybody who is there now."""
        viewers = self._viewers.get(key, [])
        if len(viewers) != self._counts[key]:
            self._viewers[key] = viewers = [viewer for viewer in viewers if not viewer.gone]
        return viewers.copy()

    # Coming and going

    def room(self, key: Key, epoch: str, snapshot: str) -> Room:
        """The room of a channel whose ring is known by now."""
        room = self._rooms.get(key)
        if room is None:
            ring = self._ring_of(key)
            if ring is None:
                raise LookupError(f"nobody has asked for the ring of {key}")
            room = self._rooms[key] = Room(ring, self._states_of(key), epoch, snapshot)
            self._viewers[key] = []
        return room

    def seat(self, viewer: Viewer, room: Room, first: bytes, told: Told | None) -> None:
        """Take a socket over. `first` goes out before all else, and ends with what `told` says, or with `reload`."""
        self._viewers[viewer.key].append(viewer)
        self._counts[viewer.key] += 1
        if told:
            viewer.at = told.at
        if viewer.at.deflated:
            room.history.join(viewer.at.seq, follows=viewer.at.follows)
        sent = self.sockets.add(viewer, first)
        if told is None:
            self.sockets.close(viewer, Close.MOVED)
        elif not (sent and told.newest):
            self._go_on(viewer)

    def dismiss(self, viewer: Viewer, code: Close) -> None:
        self.sockets.close(viewer, code)

    def _lost(self, viewer: Viewer) -> None:
        self._counts[viewer.key] -= 1
        self._behind.pop(viewer, None)
        if viewer.at.deflated:
            self._rooms[viewer.key].history.leave(viewer.at.seq, follows=viewer.at.follows)

    # Telling

    def wake(self, key: Key) -> None:
        """The channel has news: begin a pass, unless one is under way, which looks again at its end."""
        if key in self._rooms and key not in self._passes:
            task = self._loop.create_task(self._tell(key))
            self._passes[key] = task
            task.add_done_callback(lambda done: self._ended(key, done))

    def _ended(self, key: Key, task: "asyncio.Task[None]") -> None:
        if self._passes.get(key) is task:
            del self._passes[key]
        if not task.cancelled() and (error := task.exception()):
            log.error("audience.fault", error=repr(error))

    async def _tell(self, key: Key) -> None:
        room = self._rooms[key]
        told: tuple[int, int, int] | None = None
        while True:
            ring = self._ring_of(key)
            if ring is not None and ring is not room.ring:
                self._replace(room, key, ring)
            newest = room.look()
            if newest == told:
                # At once, not when the task is done: news between the two would be slept over.
                del self._passes[key]
                return
            viewers = iter(self.viewers(key))
            while step := list(islice(viewers, STEP)):
                self._step(room, step)
                await asyncio.sleep(0)
            told = newest

    def _replace(self, room: Room, key: Key, ring: Ring) -> None:
        room.replace(ring)
        for viewer in self.viewers(key):
            viewer.at = viewer.at._replace(follows=False)

    def _step(self, room: Room, viewers: list[Viewer]) -> None:
        """One write each; those in step with each other get the same bytes."""
        known: At | None = None
        at: At | None = None
        wire, size, behind = b"", 0, False
        for viewer in viewers:
            if viewer.at is not known:
                known = viewer.at
                told = room.next(known)
                wire, at = (told.wire, told.at) if told else (b"", None)
                size = len(wire)
                behind = told is not None and not told.newest
            if viewer.busy:
                continue
            if at is None:
                self._start_anew(viewer, room)
                continue
            try:
                sent = viewer.line.send(wire) if size else 0
            except BlockingIOError:
                sent = 0
            except OSError:
                self.sockets.abort(viewer)
                continue
            viewer.at = at
            if sent != size:
                self.sockets.keep(viewer, wire[sent:])
                self._fell_behind(viewer)
            elif behind or viewer.since:
                self._go_on(viewer)

    def _go_on(self, viewer: Viewer) -> None:
        """There is room again: what came meanwhile, piece by piece, until it blocks or stands with the others."""
        room = self._rooms[viewer.key]
        while not viewer.busy:
            if room.is_newest(viewer.at):
                self._caught_up(viewer)
                return
            told = room.next(viewer.at)
            if told is None:
                self._start_anew(viewer, room)
                return
            viewer.at = told.at
            if told.wire:
                self.sockets.send(viewer, told.wire)
        if viewer.rest is not None:
            self._fell_behind(viewer)

    def _fell_behind(self, viewer: Viewer) -> None:
        if not viewer.since:
            viewer.since = self._clock()
        self._behind[viewer] = None

    def _caught_up(self, viewer: Viewer) -> None:
        viewer.since = 0.0
        self._behind.pop(viewer, None)

    def _start_anew(self, viewer: Viewer, room: Room) -> None:
        self.sockets.send(viewer, room.reload)
        self.sockets.close(viewer, Close.TOO_SLOW if viewer.since else Close.MOVED)

    def tick(self) -> None:
        """Once a second: pings, and who is behind for too long."""
        now = self._clock()
        for viewer in [one for one in self._behind if now - one.since > BEHIND_SECONDS]:
            # Who still reads is told where to start anew; who does not is cut off a moment later.
            self._start_anew(viewer, self._rooms[viewer.key])
        self.sockets.tick()
