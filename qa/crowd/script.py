"""What a rehearsal plays: real questions, in the rhythm in which real petitions came, with voices like signatures."""

import random
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate, pairwise
from typing import Final
from uuid import UUID

from qa import samples

EACH_A_MINUTE: Final = 6
VOICES_FOR_EACH: Final = 3
MOST_ASKS: Final = 20_000


class Way(StrEnum):
    """How a question is sent: once; cut off before the answer and sent again; twice at the same moment."""

    ONCE = "once"
    CUT = "cut"
    TWICE = "twice"


@dataclass(frozen=True, slots=True)
class Ask:
    """One question: when, in seconds from the start, by which asker, with the client's key.

    The `mark` is sent as its context, and tells it from all others where the key, the asker's own, is not told.
    """

    at: float
    asker: int
    key: str
    mark: str
    lang: str
    text: str
    way: Way


@dataclass(frozen=True, slots=True)
class Say:
    """One voice: when and by whom; `taste` (0 to 1) chooses among what is open then. `back`: it is taken back."""

    at: float
    asker: int
    taste: float
    back: bool


@dataclass(frozen=True, slots=True)
class Script:
    """All that happens in `seconds`."""

    seed: int
    askers: int
    seconds: float
    asks: list[Ask]
    voices: list[Say]


def write(seed: int, askers: int, seconds: float) -> Script:
    """The same script for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - a play, the same each time
    count = min(MOST_ASKS, max(askers, round(askers * seconds / 60 * EACH_A_MINUTE)))
    lines = [*samples.questions()]
    chance.shuffle(lines)
    asked: set[int] = set()
    asks = []
    for place, at in enumerate(_rhythm(chance, count, seconds)):
        who = place % askers if place < askers else chance.randrange(askers)
        line = lines[place % len(lines)]
        # Somebody's first question brings them their cookie: only then a repeat comes from the same person.
        way = chance.choices((Way.ONCE, Way.CUT, Way.TWICE), (80, 12, 8))[0] if who in asked else Way.ONCE
        asked.add(who)
        key = str(UUID(int=chance.getrandbits(128), version=4))
        asks.append(Ask(at, who, key, f"Rehearsed question {place + 1}", line.lang, line.question, way))
    voices = [
        Say(chance.uniform(0.1, 1) * seconds, chance.randrange(askers), chance.random(), chance.random() < 0.05)
        for _ in range(count * VOICES_FOR_EACH)
    ]
    return Script(seed, askers, seconds, asks, voices)


def _rhythm(chance: random.Random, count: int, seconds: float) -> list[float]:
    """Times between 0 and `seconds` with the pauses between real petitions: long silences, and many at once."""
    came = [second for second, _ in samples.arrivals()]
    pauses = [later - earlier for earlier, later in pairwise(came)]
    times = [0.0, *accumulate(chance.choice(pauses) for _ in range(count - 1))]
    return [at / (times[-1] or 1) * seconds for at in times]
