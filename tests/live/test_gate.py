"""The bound on how many sockets are opened in a second."""

from hypothesis import given
from hypothesis import strategies as st

from qa.live.gate import Gate


def let_in(gate: Gate, now: float, most: int = 1_000) -> int:
    """How many of those who come at once get in."""
    return sum(gate.opens(now) for _ in range(most))


def test_as_many_come_at_once_as_fit_and_not_one_more() -> None:
    assert let_in(Gate(per_second=10, at_once=25), 1_000.0) == 25


def test_a_second_later_as_many_get_in_as_the_bound_says() -> None:
    gate = Gate(per_second=10, at_once=25)
    let_in(gate, 1_000.0)
    assert let_in(gate, 1_000.0) == 0
    assert let_in(gate, 1_001.0) == 10
    assert let_in(gate, 1_001.5) == 5


def test_a_quiet_night_saves_up_no_more_than_one_crowd() -> None:
    gate = Gate(per_second=10, at_once=25)
    let_in(gate, 1_000.0)
    assert let_in(gate, 50_000.0) == 25


def test_who_is_refused_costs_those_who_come_later_nothing() -> None:
    gate = Gate(per_second=10, at_once=25)
    let_in(gate, 1_000.0, most=100_000)
    assert let_in(gate, 1_001.0) == 10


@given(
    # In sixty-fourths of a second: what is reckoned with them comes out even.
    waits=st.lists(st.integers(0, 320).map(lambda parts: parts / 64), max_size=200),
    per_second=st.integers(1, 50),
    at_once=st.integers(1, 30),
)
def test_over_any_time_no_more_get_in_than_the_bound_allows_and_no_fewer(
    waits: list[float], per_second: int, at_once: int
) -> None:
    gate = Gate(per_second, at_once)
    now, inside = 1_000.0, 0
    assert gate.opens(now)
    for wait in waits:
        now += wait
        opened = gate.opens(now)
        inside += opened
        # Who waited long enough for a token of one's own is let in.
        assert opened or wait * per_second < 1
    assert 1 + inside <= at_once + (now - 1_000.0) * per_second + 0.001
