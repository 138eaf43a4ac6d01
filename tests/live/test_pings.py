"""The clock of the pings: everybody in turn, in even portions, within one round."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from qa.live.pings import PING_SECONDS, Round

# A portion that is not whole yet waits for the tick after.
ROUND_TICKS = PING_SECONDS + 1


def turns(count: int, ticks: int) -> list[list[int]]:
    everybody = list(range(count))
    clock = Round(lambda: everybody)
    return [clock.due(1_000.0 + tick) for tick in range(ticks)]


@given(count=st.integers(0, 3_000))
def test_everybodys_turn_comes_exactly_once_in_a_round(count: int) -> None:
    asked = [one for tick in turns(count, ROUND_TICKS + 1) for one in tick]
    assert asked[:count] == list(range(count))


@given(count=st.integers(0, 3_000))
def test_each_tick_asks_as_many_as_the_next(count: int) -> None:
    sizes = [len(tick) for tick in turns(count, 2 * ROUND_TICKS)]
    assert sizes[0] == 0
    assert max(sizes) <= math.ceil(count / PING_SECONDS)


@given(count=st.integers(1, 200))
def test_who_was_asked_has_nearly_a_round_to_answer_also_in_a_small_crowd(count: int) -> None:
    last: dict[int, int] = {}
    for tick, asked in enumerate(turns(count, 5 * ROUND_TICKS)):
        for one in asked:
            assert tick - last.get(one, -ROUND_TICKS) >= PING_SECONDS - 1
            assert tick - last.get(one, tick) <= ROUND_TICKS + 1
            last[one] = tick
    assert len(last) == count


@settings(max_examples=50)
@given(st.data())
def test_whoever_stays_is_asked_at_least_every_second_round_while_others_come_and_go(data: st.DataObject) -> None:
    everybody = list(range(data.draw(st.integers(1, 400))))
    clock = Round(lambda: list(everybody))
    stays, last, newest = everybody[-1], 0, len(everybody)
    moves = st.tuples(st.integers(0, 100), st.integers(0, 100))
    for tick in range(4 * ROUND_TICKS):
        come, go = data.draw(moves) if tick % 9 == 0 else (0, 0)
        del everybody[: min(go, everybody.index(stays))]
        everybody.extend(range(newest, newest + come))
        newest += come
        if stays in clock.due(float(tick)):
            last = tick
        assert tick - last <= 2 * ROUND_TICKS


def test_a_crowd_that_leaves_in_the_middle_of_a_round_makes_it_no_longer() -> None:
    everybody = list(range(10_000))
    clock = Round(lambda: list(everybody))
    asked = [one for tick in range(10) for one in clock.due(float(tick))]
    everybody = [9_999]
    asked += [one for tick in range(10, ROUND_TICKS + 1) for one in clock.due(float(tick))]
    assert asked[9_999] == 9_999


def test_a_clock_that_stood_still_asks_nobody_twice() -> None:
    clock = Round(lambda: list(range(100)))
    clock.due(0.0)
    assert clock.due(10_000.0) == list(range(100))


def test_nobody_is_asked_where_nobody_is() -> None:
    assert turns(0, 100) == [[]] * 100
