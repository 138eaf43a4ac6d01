"""Shared compression: whoever follows reads everything with one decoder, whatever happens to them and to the others."""

import zlib
from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.domain.messages import encode
from qa.live.history import ANEW_AFTER
from qa.live.ring import AT_ONCE_BYTES, LENGTH, Ring
from qa.live.room import Room
from qa.live.viewer import States
from tests.bench.publisher import answers
from tests.live.listeners import Listener, comes, framed, goes, inflated


def entry(seq: int, text: str) -> str:
    return encode("answer.published", seq=seq, at=f"at {seq}", data={"text": text})


def room_of(length: int = LENGTH) -> Room:
    return Room(Ring(0, length), States(), "epoch", "/snapshot.json")


def say(room: Room, text: str, subject: int | None = None) -> str:
    seq = room.ring.head + 1
    room.ring.add(seq, entry(seq, text), subject)
    return entry(seq, text)


def come(room: Room, seq: int | None = None, *, deflated: bool = True) -> Listener:
    listener = comes(room, room.ring.head if seq is None else seq, deflated=deflated)
    assert listener is not None
    return listener


def hear(room: Room, *listeners: Listener) -> None:
    for listener in listeners:
        assert listener.hear(room) is not None


class Evening:
    """Everybody in one room, each as far as they like. What they are told is held against the ring as it is then."""

    def __init__(self, length: int) -> None:
        self.room = room_of(length)
        self.listeners: list[Listener] = []
        # By entry what it is about, and what was taken back.
        self.about: dict[int, int] = {}
        self.gone: list[str] = []

    def behind(self, seq: int) -> list[str]:
        texts = self.room.ring.after(seq, LENGTH)
        assert texts is not None
        return list(texts)

    def say(self, text: str, subject: int) -> None:
        seq = self.room.ring.head + 1
        say(self.room, f"<{seq}>{text}", subject)
        self.about[seq] = subject

    def come(self, behind: int, deflated: bool) -> None:
        seq = self.room.ring.head - behind
        listener = comes(self.room, seq, deflated=deflated)
        assert (listener is not None) == self.room.ring.holds(seq)
        if listener:
            assert listener.heard == self.behind(seq)[: len(listener.heard)]
            assert listener.at.seq == seq + len(listener.heard)
            self.listeners.append(listener)

    def take(self, chosen: int) -> None:
        """One of them takes one write."""
        if not self.listeners:
            return
        listener = self.listeners[chosen % len(self.listeners)]
        before, after = listener.at, self.room.next(listener.at)
        if after is None:
            assert not self.room.ring.holds(before.seq)
            self.leave(chosen)
            return
        expected = self.behind(before.seq)
        new = listener.take(after)
        assert new == expected[: len(new)]
        assert listener.at.seq == before.seq + len(new)
        assert new or not expected
        assert not any(text in said for said in new for text in self.gone)
        if new:
            assert len(set(listener.squeezed[-len(new) :])) == 1
            assert listener.at.follows == listener.squeezed[-1]

    def all(self) -> None:
        """Everybody hears all there is."""
        for chosen in range(len(self.listeners) - 1, -1, -1):
            while chosen < len(self.listeners) and not self.room.is_newest(self.listeners[chosen].at):
                self.take(chosen)

    def back(self, subject: int) -> None:
        """As the tailer does it: take it out, then say that it is gone."""
        ring = self.room.ring
        self.gone += [f"<{seq}>" for seq, about in self.about.items() if about == subject]
        self.about = {seq: about for seq, about in self.about.items() if about != subject}
        ring.supersede(subject)
        say(self.room, "removed")

    def leave(self, chosen: int) -> None:
        if self.listeners:
            goes(self.room, self.listeners.pop(chosen % len(self.listeners)))


REAL: Final = [encode("answer.published", seq=seq, at="", data=data) for seq, data in enumerate(answers(), 1)]

TEXTS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(REAL),
    st.builds(str.__mul__, st.sampled_from(["愛國", "שלום ", "long ", "😀"]), st.integers(1, 4_000)),
)
DEEDS = st.one_of(
    st.tuples(st.just("say"), TEXTS, st.integers(0, 2)),
    st.tuples(st.just("say"), TEXTS, st.integers(0, 2)),
    st.tuples(st.just("come"), st.integers(-1, 12), st.sampled_from([True, True, True, False])),
    st.tuples(st.just("take"), st.integers(0, 20)),
    st.tuples(st.just("take"), st.integers(0, 20)),
    st.tuples(st.just("all")),
    st.tuples(st.just("back"), st.integers(0, 2)),
    st.tuples(st.just("leave"), st.integers(0, 20)),
)


def show(length: int, deeds: list[tuple[object, ...]]) -> Evening:
    evening = Evening(length)
    for what, *how in deeds:
        getattr(evening, str(what))(*how)
        history = evening.room.history
        able = [listener for listener in evening.listeners if listener.at.deflated]
        assert history.following >= 0
        assert history.waiting >= 0
        assert history.following + history.waiting == len(able)
    return evening


@settings(max_examples=200)
@given(length=st.integers(1, 30), deeds=st.lists(DEEDS, min_size=5, max_size=60))
def test_everybody_reads_exactly_what_the_ring_holds_whoever_comes_lags_leaves_or_is_taken_back(
    length: int, deeds: list[tuple[object, ...]]
) -> None:
    evening = show(length, deeds)
    evening.all()
    # Nobody is forgotten: where the stream begins anew, all who can follow do.
    for _ in range(2):
        evening.say("愛" * ANEW_AFTER, 3)
        evening.all()
    assert all(listener.at.follows == listener.at.deflated for listener in evening.listeners)


def test_an_evening_like_these_is_compressed_for_some_and_plain_for_others() -> None:
    deeds = [("come", 0, True), ("come", 0, False), *[("say", text, 0) for text in REAL[:20]], ("come", 3, True)]
    evening = show(30, [*deeds, ("all",), ("say", "a", 1), ("all",)])
    assert [(len(one.heard), sum(one.squeezed)) for one in evening.listeners] == [(21, 21), (21, 0), (4, 1)]


# Following


def test_what_follows_can_not_be_read_without_what_came_before() -> None:
    room = room_of()
    first = come(room)
    said = [say(room, "the very same words, said again and again " + "愛國" * 20) for _ in range(3)]
    hear(room, first)
    assert first.heard == said
    late = [payload for _, payload in framed(b"".join(room.history.wires(1, 3)))]
    with pytest.raises((zlib.error, UnicodeDecodeError, AssertionError)):  # noqa: PT012 - the frame in which it shows
        decoder = zlib.decompressobj(-zlib.MAX_WBITS)
        assert [inflated(decoder, payload) for payload in late] == said[1:]


def test_who_waits_is_told_plainly_until_the_stream_begins_anew() -> None:
    room = room_of()
    early = [come(room) for _ in range(3)]
    since = len(say(room, "one").encode())
    hear(room, *early)
    late = come(room)
    while since < ANEW_AFTER:
        since += len(say(room, "plain to who waits " * 50).encode())
        hear(room, *early, late)
    assert not any(late.squeezed)
    say(room, "compressed to all")
    hear(room, *early, late)
    assert late.squeezed.count(True) == 1
    assert all(all(listener.squeezed) for listener in early)
    assert late.at is early[0].at
    assert late.heard == early[0].heard[1:]


def test_where_more_wait_than_follow_the_stream_begins_anew_at_once() -> None:
    room = room_of()
    early = come(room)
    say(room, "one")
    hear(room, early)
    late = [come(room) for _ in range(2)]
    say(room, "two")
    hear(room, early, *late)
    assert [listener.squeezed for listener in late] == [[True], [True]]


def test_where_nobody_waits_the_stream_goes_on() -> None:
    room = room_of()
    listener = come(room)
    for _ in range(10):
        say(room, "愛" * ANEW_AFTER)
    hear(room, listener)
    assert room.history.begins(0) == 1
    assert room.history.begins(1) == room.ring.head + 1


def test_who_leaves_before_following_keeps_nobody_waiting() -> None:
    room = room_of()
    stays = come(room)
    leaves = [come(room) for _ in range(3)]
    say(room, "one")
    hear(room, stays)
    for listener in leaves:
        goes(room, listener)
    late = come(room)
    say(room, "愛" * ANEW_AFTER)
    say(room, "two")
    hear(room, stays, late)
    assert late.at.follows


def test_who_comes_where_the_stream_can_be_read_from_its_beginning_does_not_wait() -> None:
    room = room_of()
    early = come(room)
    for number in range(3):
        say(room, f"{number}")
    hear(room, early)
    late = come(room, 0)
    assert all(late.squeezed)
    assert (room.history.following, room.history.waiting) == (2, 0)


def test_more_than_fits_into_one_write_comes_in_several_and_can_be_read() -> None:
    room = room_of()
    listener = come(room)
    alphabet = "".join(map(chr, range(0x4E00, 0x9F00)))
    said = [say(room, alphabet[start:] + alphabet[:start]) for start in range(0, 20_000, 2_500)]
    first = room.next(listener.at)
    assert first is not None
    listener.take(first)
    assert 0 < len(listener.heard) < len(said)
    hear(room, listener)
    assert listener.heard == said
    assert all(listener.squeezed)
    assert sum(len(text) for text in said) > AT_ONCE_BYTES


# Taken back

SECRET: Final = "what should never have been said"


def lagging(*, compressed: bool) -> tuple[Room, Listener, Listener]:
    """A room in which a secret was said; one listener has heard it, another lags behind."""
    room = room_of()
    quick, slow = come(room, deflated=compressed), come(room, deflated=compressed)
    say(room, "one", 1)
    hear(room, quick, slow)
    say(room, "two", 2)
    say(room, SECRET, 3)
    hear(room, quick)
    return room, quick, slow


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("removed", [True, False])
def test_who_lags_is_not_sent_what_was_taken_back_meanwhile(compressed: bool, removed: bool) -> None:
    room, quick, slow = lagging(compressed=compressed)
    # What was put together for who stands there is forgotten as well.
    assert room.next(slow.at) is not None
    room.ring.supersede(3)
    if removed:
        say(room, "removed")
    hear(room, slow)
    newcomer = come(room, 0, deflated=compressed)
    say(room, "four", 4)
    say(room, SECRET[:4] + "five", 5)
    hear(room, quick, slow, newcomer)
    assert SECRET in "".join(quick.heard)
    assert SECRET not in "".join(slow.heard + newcomer.heard)
    assert slow.heard == newcomer.heard
    assert slow.at is quick.at
    assert slow.at.follows == compressed


def test_who_lags_would_have_been_sent_it_compressed_otherwise() -> None:
    room, _, slow = lagging(compressed=True)
    hear(room, slow)
    assert SECRET in "".join(slow.heard)
    assert all(slow.squeezed)


def test_the_stream_that_goes_on_looks_back_at_nothing_that_was_taken_back() -> None:
    room, quick, _ = lagging(compressed=True)
    room.ring.supersede(3)
    say(room, "removed")
    hear(room, quick)
    before = len(quick.heard)
    said = [say(room, f"{number} {SECRET}"[:-2]) for number in range(3)]
    told = room.next(quick.at)
    assert told is not None
    fresh = zlib.decompressobj(-zlib.MAX_WBITS)
    assert [inflated(fresh, payload) for _, payload in framed(told.wire)] == said
    quick.take(told)
    assert quick.heard[before:] == said


# What it costs and saves


def leave_all(room: Room) -> None:
    for listener in [come(room), come(room)]:
        goes(room, listener)


def leave_unread(room: Room) -> None:
    listeners = [come(room), come(room)]
    say(room, "one")
    hear(room, listeners[0])
    for listener in listeners:
        goes(room, listener)


def plain_only(room: Room) -> None:
    come(room, deflated=False)


@pytest.mark.parametrize("before", [lambda room: None, leave_all, leave_unread, plain_only])
def test_nothing_is_compressed_when_nobody_listens(before: Callable[[Room], None]) -> None:
    room = room_of()
    before(room)
    for text in REAL[:5]:
        say(room, text)
        room.history.catch_up()
        assert room.history.wires(room.ring.head - 1, room.ring.head) == []
    listener = come(room)
    say(room, "somebody does")
    room.history.catch_up()
    assert len(room.history.wires(room.ring.head - 1, room.ring.head)) == 1
    hear(room, listener)
    assert listener.squeezed == [True]


def share(*, newcomers: bool) -> float:
    """Bytes on the wire of the real answers, compressed by plain; with `newcomers` there is always somebody waiting."""
    room = room_of()
    listeners = [come(room) for _ in range(3)]
    plain = compressed = 0
    for seq, text in enumerate(REAL, 1):
        room.ring.add(seq, text)
        (wire,) = room.ring.wires(seq - 1, seq)
        plain += len(wire)
        told = room.next(listeners[0].at)
        assert told is not None
        compressed += len(told.wire)
        hear(room, *listeners)
        if newcomers:
            goes(room, listeners.pop())
            listeners.append(come(room))
    assert listeners[0].heard == REAL
    assert all(listeners[0].squeezed)
    return compressed / plain


def test_real_answers_take_at_most_half_of_their_bytes_also_while_people_come() -> None:
    alone, coming = share(newcomers=False), share(newcomers=True)
    assert alone < coming <= 0.5
