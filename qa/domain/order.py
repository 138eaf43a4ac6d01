"""The order in which open questions are shown: a shuffle of each viewer's own, with places kept for the under-seen."""

import hashlib
from collections.abc import Iterable
from typing import Final, NamedTuple

UNDER_SEEN_EVERY: Final = 3


class Seen(NamedTuple):
    """A question's number and how often it has been put before somebody."""

    n: int
    impressions: int


def shuffled(questions: Iterable[Seen], seed: str) -> list[int]:
    """Numbers in an order that depends on the seed alone, but every third place goes to the least seen left over.

    The same seed and the same counts give the same order, so a page can be cached and taken up again. A question that
    arrives late has few impressions, and so stands in the kept places until it has caught up: being early is no lead.
    """
    by_chance = sorted(questions, key=lambda question: _chance(seed, question.n))
    by_need = sorted(by_chance, key=lambda question: question.impressions)
    placed: set[int] = set()
    order: list[int] = []
    sources = (iter(by_chance), iter(by_need))
    while len(order) < len(by_chance):
        source = sources[len(order) % UNDER_SEEN_EVERY == UNDER_SEEN_EVERY - 1]
        chosen = next(question.n for question in source if question.n not in placed)
        placed.add(chosen)
        order.append(chosen)
    return order


def _chance(seed: str, n: int) -> bytes:
    return hashlib.blake2b(f"{seed}:{n}".encode(), digest_size=8).digest()
