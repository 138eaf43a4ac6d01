"""Viewers that drop and come back at random: nothing lost, doubled or out of order; and a seeded fault that shows."""

import random
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.live.ring import Ring
from qa.live.viewer import Batch, Cursor, States


class MovesTooEarly(Cursor):
    """The seeded fault: the cursor moves when the batch is made, not when it went out."""

    def next(self, ring: Ring, states: States) -> Batch | None:
        batch = super().next(ring, states)
        if batch:
            self.sent(batch)
        return batch


@dataclass(slots=True)
class Screen:
    """What one person has seen. The page keeps the last number it rendered, and takes no frame twice."""

    seen: list[int] = field(default_factory=list)
    reloads: int = 0

    @property
    def after(self) -> int:
        return self.seen[-1] if self.seen else 0


def show(kind: type[Cursor], seed: int, *, entries: int = 300, viewers: int = 20, length: int = 40) -> list[Screen]:
    """A random evening: entries come, sockets are cut between and inside of batches, viewers return by their cursor.

    A viewer that fell off the ring takes the snapshot, which holds everything up to the head.
    """
    chance = random.Random(seed)  # noqa: S311 - a scenario, no secret
    ring, states = Ring(0, length), States()
    screens = [Screen() for _ in range(viewers)]
    sockets: list[Cursor | None] = [None] * viewers
    while ring.head < entries or any(screen.after < entries for screen in screens):
        if ring.head < entries and chance.random() < 0.3:
            ring.add(ring.head + 1, str(ring.head + 1))
        index = chance.randrange(viewers)
        screen, socket = screens[index], sockets[index]
        if socket is None:
            sockets[index] = kind(screen.after)
            continue
        batch = socket.next(ring, states)
        if batch is None:
            screen.reloads += 1
            screen.seen += range(screen.after + 1, ring.head + 1)
            sockets[index] = None
            continue
        # Some of the frames arrive; then, perhaps, the line is cut, or sending blocks and is tried again.
        arrived = chance.randrange(len(batch.frames) + 1) if chance.random() < 0.2 else len(batch.frames)
        screen.seen += [int(frame) for frame in batch.frames[:arrived]]
        if arrived < len(batch.frames):
            if chance.random() < 0.5:
                sockets[index] = None
            else:
                sockets[index] = _goes_on(socket, screen)
        else:
            socket.sent(batch)
        if ring.head == entries and screen.after == entries - 1 and isinstance(socket, MovesTooEarly):
            break
        if isinstance(socket, MovesTooEarly) and _faults(screen.seen):
            break
    return screens


def _goes_on(socket: Cursor, screen: Screen) -> Cursor:
    """A write that stopped half-way goes on behind the last whole frame."""
    if not isinstance(socket, MovesTooEarly):
        socket.cursor = screen.after
    return socket


def _faults(seen: list[int]) -> bool:
    return seen != list(range(1, len(seen) + 1))


@settings(max_examples=60)
@given(seed=st.integers(0, 10**9), length=st.integers(1, 60))
def test_nothing_is_lost_doubled_or_out_of_order_however_often_the_line_is_cut(seed: int, length: int) -> None:
    for screen in show(Cursor, seed, length=length):
        assert screen.seen == list(range(1, 301))


def test_the_evening_is_rough_enough_to_mean_something() -> None:
    assert sum(screen.reloads for screen in show(Cursor, 7, length=5)) > 10


@pytest.mark.parametrize("seed", range(5))
def test_a_cursor_that_moves_before_the_send_is_found_out(seed: int) -> None:
    assert any(_faults(screen.seen) for screen in show(MovesTooEarly, seed))


def test_a_state_takes_the_place_of_the_one_before_and_waits_for_nobody() -> None:
    ring, states, viewer = Ring(), States(), Cursor(0)
    for count in range(1_000):
        states.put("totals", f"{count}")
    states.put("presence", "p")
    batch = viewer.next(ring, states)
    assert batch is not None
    assert batch.frames == ["999", "p"]
    viewer.sent(batch)
    assert not states.put("presence", "p")
    again = viewer.next(ring, states)
    assert again is not None
    assert again.frames == []
