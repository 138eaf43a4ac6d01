"""The token bucket: a few at once, then one at a time, whatever the clock does."""

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.domain.rates import Bucket, take

START: Final = datetime(2026, 11, 27, 15, 0, tzinfo=UTC)


def seconds_after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_three_at_once_and_then_one_a_minute() -> None:
    """As an asker meets it: the seconds at which they try, and what they are told."""
    bucket: Bucket | None = None
    told = []
    for at in (0, 0, 1, 2, 21, 60, 61, 119, 120, 300, 300, 300, 301):
        bucket, seconds = take(bucket, seconds_after(at), 3, 1)
        told.append(seconds)
    assert told == [0, 0, 0, 58, 39, 0, 59, 1, 0, 0, 0, 0, 59]


@pytest.mark.parametrize("burst", [1, 3, 10])
def test_a_burst_is_as_long_as_it_says(burst: int) -> None:
    bucket: Bucket | None = None
    told = []
    for _ in range(burst + 1):
        bucket, seconds = take(bucket, START, burst, 1)
        told.append(seconds)
    assert told == [0] * burst + [60]


def test_waiting_for_days_saves_up_no_more_than_the_burst() -> None:
    bucket, _ = take(Bucket(0.0, START), seconds_after(86_400 * 9), 3, 1)
    assert bucket.tokens == 2


@given(
    st.floats(0, 20),
    st.floats(0, 100_000),
    st.integers(1, 20),
    st.integers(1, 600),
)
def test_who_waits_as_long_as_they_were_told_is_let_in(
    tokens: float, since: float, burst: int, per_minute: int
) -> None:
    bucket = Bucket(min(tokens, burst), START)
    now = seconds_after(since)
    same, seconds = take(bucket, now, burst, per_minute)
    if seconds:
        assert same == bucket, "a refusal costs nothing"
        assert take(bucket, now + timedelta(seconds=seconds), burst, per_minute)[1] == 0
        assert seconds <= 60 / per_minute + 1
    else:
        assert 0 <= same.tokens <= burst - 1


@given(st.lists(st.tuples(st.floats(-4_000, 4_000), st.integers(1, 3)), max_size=40))
def test_no_dance_of_the_clock_lets_more_in_than_burst_and_refill(steps: list[tuple[float, int]]) -> None:
    now = furthest = START
    bucket, _ = take(None, now, 3, 1)
    let_in = 1
    for step, tries in steps:
        now += timedelta(seconds=step)
        furthest = max(furthest, now)
        for _ in range(tries):
            bucket, seconds = take(bucket, now, 3, 1)
            let_in += not seconds
    assert let_in <= 3 + (furthest - START).total_seconds() / 60 + 0.01


def test_a_clock_that_jumps_back_adds_nothing_and_takes_nothing_away() -> None:
    before = Bucket(1.5, START)
    after, seconds = take(before, seconds_after(-3_600), 3, 1)
    assert (seconds, after.tokens) == (0, 0.5)
    again, seconds = take(after, START, 3, 1)
    assert (seconds, again) == (30, after)
