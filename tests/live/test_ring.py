"""The ring: the newest frames, in order, without a gap, and without what was taken back."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.live.ring import Gap, Ring


def frame(seq: int) -> str:
    return json.dumps({"seq": seq, "type": "told", "at": f"at {seq}", "data": {"text": "a text"}})


def filled(head: int, length: int = 100, start: int = 0) -> Ring:
    ring = Ring(start, length)
    for seq in range(start + 1, head + 1):
        ring.add(seq, frame(seq), subject=seq % 3)
    return ring


@given(start=st.integers(0, 50), count=st.integers(0, 60), length=st.integers(1, 40), cursor=st.integers(-3, 120))
def test_a_cursor_gets_exactly_what_follows_it_or_is_told_that_it_cannot(
    start: int, count: int, length: int, cursor: int
) -> None:
    ring = filled(start + count, length, start)
    held = list(range(max(start, start + count - length) + 1, start + count + 1))
    frames = ring.after(cursor, most=1_000)
    if cursor > start + count or cursor + 1 < (held[0] if held else start + count + 1):
        assert frames is None
    else:
        assert frames == [frame(seq) for seq in range(cursor + 1, start + count + 1)]


@pytest.mark.parametrize("seq", [0, 5, 7, 100])
def test_an_entry_that_does_not_follow_is_a_gap_and_is_not_kept(seq: int) -> None:
    ring = filled(5)
    with pytest.raises(Gap):
        ring.add(seq, "another")
    assert ring.head == 5


def test_a_frame_is_the_same_object_for_everybody() -> None:
    ring = filled(3)
    first, second = ring.after(0), ring.after(0)
    assert first is not None
    assert second is not None
    assert all(one is other for one, other in zip(first, second, strict=True))


def test_what_is_taken_back_keeps_its_number_and_loses_its_text() -> None:
    ring = filled(9)
    ring.supersede(1)
    frames = ring.after(0)
    assert frames is not None
    assert [told for told in frames if "a text" in told] == [frame(n) for n in (2, 3, 5, 6, 8, 9)]
    gone = [json.loads(told) for told in frames if "a text" not in told]
    assert gone == [{"v": 1, "seq": n, "type": "superseded", "at": f"at {n}", "data": {}} for n in (1, 4, 7)]
    ring.add(10, frame(10), subject=1)
    assert ring.after(9) == [frame(10)]
