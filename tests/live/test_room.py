"""A room: from wherever somebody stands, the bytes that bring them to the newest, the same for all who stand there."""

import gc
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.domain.messages import encode
from qa.live import frames
from qa.live.ring import AT_ONCE_BYTES, Ring
from qa.live.room import At, Room, Told
from qa.live.viewer import States
from tests.live.listeners import Listener, comes, framed

KEPT: Final = 64


def entry(seq: int, size: int = 0) -> str:
    return encode("answer.published", seq=seq, at="", data={"text": f"{seq}" + "a" * size})


def grow(room: Room, sizes: list[int]) -> None:
    for size in sizes:
        seq = room.ring.head + 1
        room.ring.add(seq, entry(seq, size))


def room_of(head: int = 0, *, length: int = 2_000, start: int = 0) -> Room:
    room = Room(Ring(start, length), States(), "epoch", "/snapshot.json")
    grow(room, [0] * (head - start))
    return room


def come(room: Room, seq: int, *, deflated: bool = False, states: int = 0) -> Listener:
    listener = comes(room, seq, deflated=deflated, states=states)
    assert listener is not None
    return listener


SIZES = st.lists(st.sampled_from([0, 0, 10, 1_000, 30_000, 70_000]), max_size=8)
PUTS = st.lists(st.tuples(st.sampled_from(["totals", "presence", "voices"]), st.integers(0, 3)), max_size=4)


@settings(max_examples=100)
@given(
    rounds=st.lists(st.tuples(SIZES, PUTS, st.lists(st.integers(0, 30), max_size=5)), min_size=1, max_size=5),
    coming=st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=5),
)
def test_from_anywhere_it_leads_to_the_newest_by_every_entry_in_order_and_then_the_newer_states(
    rounds: list[tuple[list[int], list[tuple[str, int]], list[int]]], coming: list[tuple[int, bool]]
) -> None:
    room = room_of(5)
    told = {seq: entry(seq) for seq in range(1, 6)}
    crowd = [(seq, come(room, seq, deflated=deflated)) for seq, deflated in coming]
    known = [listener.at.states for _, listener in crowd]
    for sizes, puts, steps in rounds:
        told |= {room.ring.head + number: entry(room.ring.head + number, size) for number, size in enumerate(sizes, 1)}
        grow(room, sizes)
        for type_, value in puts:
            room.states.put(type_, encode(type_, data={"value": value}))
        for chosen in steps:
            step(room, crowd[chosen % len(crowd)][1])
    for (seq, listener), states in zip(crowd, known, strict=True):
        while not room.is_newest(listener.at):
            step(room, listener)
        entries = [text for text in listener.heard if '"seq"' in text]
        assert entries == [told[number] for number in range(seq + 1, room.ring.head + 1)]
        assert set(room.states.since(states)) <= set(listener.heard)
        again = room.next(listener.at)
        assert again is not None
        assert (again.wire, again.at) == (b"", listener.at)


def step(room: Room, listener: Listener) -> None:
    """One write: entries, of which no more than fit, and the states only behind the last of them."""
    before, after = listener.at, room.next(listener.at)
    assert after is not None
    new = listener.take(after)
    entries = ['"seq"' in text for text in new]
    assert entries == sorted(entries, reverse=True)
    assert listener.at.seq == before.seq + sum(entries)
    assert any(entries) or before.seq == room.ring.head
    assert after.newest == room.is_newest(after.at)
    expected = room.states.since(before.states) if listener.at.seq == room.ring.head else []
    assert [text for text in new if '"seq"' not in text] == expected
    assert listener.at.states == (room.states.version if listener.at.seq == room.ring.head else before.states)
    assert room.is_newest(listener.at) == (listener.at.seq == room.ring.head)
    wires = [len(frames.frame(frames.Op.TEXT, payload)) for _, payload in framed(after.wire)][: sum(entries)]
    assert len(wires) <= 1 or sum(wires) <= AT_ONCE_BYTES


def test_states_are_told_once_and_only_what_is_newer() -> None:
    room = room_of(3)
    room.states.put("totals", "1")
    listener = come(room, 3)
    assert listener.heard == ["1"]
    room.states.put("presence", "p")
    room.states.put("totals", "2")
    room.states.put("totals", "3")
    grow(room, [0])
    assert listener.hear(room) == [entry(4), "3", "p"] or listener.heard[1:] == [entry(4), "p", "3"]
    assert listener.hear(room) == []


# The very same


@pytest.mark.parametrize("deflated", [False, True])
def test_who_stands_in_step_gets_the_very_same_bytes_and_stands_at_the_very_same_place(*, deflated: bool) -> None:
    room = room_of(5)
    crowd = [come(room, 5, deflated=deflated) for _ in range(3)]
    for _ in range(3):
        grow(room, [10])
        told = [room.next(listener.at) for listener in crowd]
        assert all(one is told[0] for one in told)
        assert told[0] is not None
        for listener in crowd:
            listener.take(told[0])
        assert all(listener.at is crowd[0].at for listener in crowd)


def test_who_catches_up_stands_where_the_others_stand() -> None:
    room = room_of(5)
    in_step, behind = come(room, 5), come(room, 0)
    grow(room, [40_000, 40_000])
    assert in_step.hear(room) == behind.hear(room)
    assert behind.at is in_step.at


def test_an_equal_place_is_told_the_same_as_the_place_itself() -> None:
    room = room_of(5)
    assert room.next(At(3, 0, False, False)) is room.next(At(3, 0, False, False))
    assert room.next(At(3, 0, False, False)) is not room.next(At(2, 0, False, False))


# Starting anew


@pytest.mark.parametrize("deflated", [False, True])
@pytest.mark.parametrize(
    ("seq", "told"), [(-1, None), (14, None), (15, 5), (19, 1), (20, 0), (21, None), (1_000, None)]
)
def test_off_the_ring_or_ahead_of_it_they_start_anew(seq: int, told: int | None, *, deflated: bool) -> None:
    room = room_of(20, length=5)
    listener = comes(room, seq, deflated=deflated)
    assert (None if listener is None else len(listener.heard)) == told


def test_who_fell_off_while_others_go_on_starts_anew() -> None:
    room = room_of(5, length=5)
    listener = come(room, 5)
    grow(room, [0] * 5)
    assert room.next(listener.at) is not None
    grow(room, [0])
    assert room.next(listener.at) is None


def test_another_ring_is_told_of_and_what_was_put_together_of_the_old_one_forgotten() -> None:
    room = room_of(5)
    at = At(4, 0, False, False)
    before = room.next(at)
    other = Ring(3)
    other.add(4, "other")
    other.add(5, "words")
    room.replace(other)
    after = room.next(at)
    assert before is not None
    assert after is not None
    assert [payload for _, payload in framed(before.wire)] == [entry(5).encode()]
    assert [payload for _, payload in framed(after.wire)] == [b"words"]
    assert room.next(At(2, 0, False, False)) is None


def test_the_first_frame_is_the_same_for_all_who_come_between_two_entries() -> None:
    room = room_of(5)
    hello = room.hello({"min": 1, "max": 5})
    assert room.hello({"min": 1, "max": 5}) is hello
    assert b'"seq":5' in hello
    assert b'"max":9' in room.hello({"min": 1, "max": 9})
    grow(room, [0])
    assert b'"seq":6' in room.hello({"min": 1, "max": 9})


# What it keeps


def kept(room: Room) -> int:
    """How many writes put together hang on a room."""
    known: dict[int, object] = {}
    waiting: list[object] = [room]
    while waiting:
        for thing in gc.get_referents(waiting.pop()):
            if id(thing) not in known and isinstance(thing, dict | tuple | list):
                known[id(thing)] = thing
                waiting.append(thing)
    return sum(isinstance(thing, Told) for thing in known.values())


def test_of_what_is_told_to_stragglers_little_is_kept() -> None:
    room = room_of(500)
    most = 0
    for seq in range(500):
        assert room.next(At(seq, 0, False, False)) is not None
        most = max(most, kept(room))
    assert 1 < most <= KEPT


def test_with_the_next_entry_all_of_it_is_forgotten() -> None:
    room = room_of(50)
    for seq in range(50):
        room.next(At(seq, 0, False, False))
    assert kept(room) == 50
    grow(room, [0])
    room.look()
    assert kept(room) == 0
