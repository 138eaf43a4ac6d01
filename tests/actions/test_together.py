"""What many do at once leaves the same rows and gets the same answers as if they had come one after the other."""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qa.actions.asking import Asking, Put, ask_all
from qa.actions.voicing import Hand, voice_all
from qa.domain.events import Switch
from qa.domain.people import Actor, asker
from qa.domain.permissions import Role
from qa.domain.questions import Action
from qa.domain.refusals import Refused, outcome
from qa.store import events as event_store
from qa.store.writer import OneOf, Tx
from tests.actions.stage import PATHS, SECRET, Stage

Many: TypeAlias = Callable[[Tx, int, Sequence[Any]], Sequence[Any]]
Told: TypeAlias = tuple[Sequence[object], dict[str, list[Any]]]

PEOPLE: Final = (*map(asker, ("ann", "bob", "cem", "asker-one")), Actor("9", "", "ED", frozenset({Role.EDITOR})))
KEYS: Final = ("", "no key", *(str(UUID(int=number)) for number in range(10**9, 10**9 + 5)))
TEXTS: Final = ("Why?", "מה עם ציבור המורים? 👩‍🏫", "疫苗", " a\r\nb\u202e ", "", "\u200b", "x" * 281)

puts = st.builds(
    Put,
    who=st.sampled_from(PEOPLE),
    asking=st.builds(Asking, key=st.sampled_from(KEYS), text=st.sampled_from(TEXTS), name=st.sampled_from(("", "Lin"))),
    secret=st.just(SECRET),
)
# One number more than there are questions.
hands = st.builds(Hand, who=st.sampled_from(PEOPLE), n=st.integers(1, len(PATHS) + 1), on=st.booleans())
switches = st.sampled_from((None, None, None, *Switch))

# Each is told twice on a database, with some thirty statements in between.
EXAMPLES: Final = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def one_by_one(stage: Stage, many: Many, items: Sequence[Any]) -> Sequence[object]:
    """As the writer does it where nobody waits together: each in a savepoint of its own."""
    told = []
    for item in items:
        savepoint = stage.conn.begin_nested()
        result = outcome(OneOf(many, stage.event_id, item), Tx(stage.conn, stage.now))
        if isinstance(result, Refused):
            savepoint.rollback()
        else:
            savepoint.commit()
        told.append(result)
    return told


def together(stage: Stage, many: Many, items: Sequence[Any]) -> Sequence[object]:
    return many(Tx(stage.conn, stage.now), stage.event_id, items)


def comparable(told: Sequence[object]) -> list[object]:
    return [(type(one), one.code, one.facts) if isinstance(one, Refused) else one for one in told]


def both_ways(stage: Stage, many: Many, items: Sequence[Any], switch: Switch | None, burst: int) -> list[Told]:
    """Answers and rows, the one way and the other, from the same beginning."""
    told: list[Told] = []
    with stage.undone():
        for path in PATHS.values():
            n = stage.asked(*path)
            if path == (Action.APPROVE,):
                stage.voice(n, "ann")
        event_store.change(Tx(stage.conn, stage.now), stage.event, burst=burst, per_minute=1)
        # Some of what comes has been here before.
        one_by_one(stage, many, items[:2])
        stage.pass_time(40)
        if switch:
            stage.throw(switch)
        for way in (one_by_one, together):
            with stage.undone():
                told.append((comparable(way(stage, many, items)), dict(stage.tables())))
    return told


@given(items=st.lists(puts, min_size=2, max_size=12), switch=switches, burst=st.integers(1, 3))
@EXAMPLES
def test_questions_asked_at_once_are_as_if_asked_in_turn(
    shared_stage: Stage, items: list[Put], switch: Switch | None, burst: int
) -> None:
    in_turn, at_once = both_ways(shared_stage, ask_all, items, switch, burst)
    assert at_once == in_turn


@given(items=st.lists(hands, min_size=2, max_size=20), switch=switches)
@EXAMPLES
def test_voices_raised_at_once_are_as_if_raised_in_turn(
    shared_stage: Stage, items: list[Hand], switch: Switch | None
) -> None:
    in_turn, at_once = both_ways(shared_stage, voice_all, items, switch, 3)
    assert at_once == in_turn


def test_a_set_that_left_one_out_would_be_found(shared_stage: Stage) -> None:
    """The seeded fault: where several come, the last of them is answered like the one before, and not written."""

    def careless(tx: Tx, event_id: int, items: Sequence[Put]) -> Sequence[object]:
        told = ask_all(tx, event_id, items[:-1] or items)
        return [*told, *told[-1:]][: len(items)]

    items = [Put(asker(who), Asking(key, "Why?"), SECRET) for who, key in zip("abcd", KEYS[2:6], strict=True)]
    in_turn, at_once = both_ways(shared_stage, careless, items, None, 3)
    assert in_turn[0] != at_once[0]
    assert in_turn[1] != at_once[1]
