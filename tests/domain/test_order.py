"""Fair exposure: an order of each viewer's own, in which nobody leads by being early."""

from collections import Counter
from random import Random
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from qa.domain.order import Seen, shuffled

QUESTIONS: Final = st.lists(
    st.builds(Seen, st.integers(1, 10_000), st.integers(0, 50)), max_size=60, unique_by=lambda seen: seen.n
)


@given(QUESTIONS, st.text(max_size=8))
def test_every_seed_shows_every_question_once(questions: list[Seen], seed: str) -> None:
    assert sorted(shuffled(questions, seed)) == sorted(seen.n for seen in questions)


@given(QUESTIONS, st.text(max_size=8), st.randoms())
def test_the_order_hangs_on_the_seed_and_the_counts_and_on_nothing_else(
    questions: list[Seen], seed: str, chance: Random
) -> None:
    order = shuffled(questions, seed)
    chance.shuffle(questions)
    assert shuffled(questions, seed) == order


@given(QUESTIONS, st.text(max_size=8))
def test_every_third_place_is_for_the_least_seen_that_is_left(questions: list[Seen], seed: str) -> None:
    impressions = dict(questions)
    order = shuffled(questions, seed)
    for place in range(2, len(order), 3):
        assert impressions[order[place]] == min(impressions[n] for n in order[place:])


def test_the_under_seen_get_a_third_of_the_places_from_the_first_screen_on() -> None:
    late = set(range(900, 930))
    questions = [Seen(n, 0 if n in late else 500) for n in (*range(1, 900), *late)]
    for seed in map(str, range(64)):
        first_screen = shuffled(questions, seed)[:12]
        assert sum(n in late for n in first_screen) >= 4
    # By chance alone it would be 12 · 30 / 929, less than one in most orders.
    assert len(late) * 12 / len(questions) < 0.5


def test_who_came_late_has_caught_up_once_it_was_seen_as_often() -> None:
    questions = [Seen(n, 500) for n in range(1, 31)]
    first = Counter(shuffled(questions, str(seed))[0] for seed in range(3_000))
    assert set(first) == set(range(1, 31)), "every question comes first for somebody"
    assert max(first.values()) < 2 * 3_000 / 30


def test_two_viewers_see_two_orders() -> None:
    questions = [Seen(n, 0) for n in range(1, 31)]
    assert len({tuple(shuffled(questions, str(seed))) for seed in range(64)}) == 64
