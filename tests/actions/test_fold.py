"""A page that was opened earlier and heard every entry shows what a page opened now shows: after each act, each two."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Final, TypeAlias

import pytest

from qa.domain.channels import Channel
from qa.domain.events import Action as Step
from qa.domain.events import Switch
from qa.domain.permissions import Role
from qa.domain.questions import Action
from qa.domain.refusals import Closed, NoSuchMove, Refused
from qa.domain.snapshot import Json, fold
from qa.live.ring import Ring
from qa.live.tailer import filled, frame
from qa.store import log, questions
from qa.store.log import Entry
from qa.store.writer import Tx
from tests.actions.stage import EVERYTHING, Stage


@dataclass(frozen=True, slots=True)
class Act:
    """`before` brings a new question to where it can be done and gives its number; `do` does it."""

    name: str
    before: Callable[[Stage], int]
    do: Callable[[Stage, int], object]


@cache
def _asked(*path: Action) -> Callable[[Stage], int]:
    return lambda stage: stage.asked(*path)


def _nothing(stage: Stage) -> int:
    """It is done to the event, not to a question."""
    return 0


def _move(action: Action, *path: Action, name: str = "") -> Act:
    return Act(name or action.value, _asked(*path), lambda stage, n: stage.move(n, action))


def _hidden(stage: Stage) -> int:
    n = stage.published()
    stage.move(n, Action.HIDE)
    return n


def _corrected(stage: Stage) -> int:
    n = stage.published()
    stage.correct(n)
    stage.save(n)
    return n


def _retracted(stage: Stage) -> int:
    n = stage.published()
    stage.retract(n)
    return n


def _corrected_after_retraction(stage: Stage) -> int:
    n = _retracted(stage)
    stage.correct(n)
    return n


def _voiced(stage: Stage) -> int:
    n = stage.asked(Action.APPROVE)
    stage.voice(n)
    return n


A: Final = Action

ACTS: Final = [
    Act("ask", _nothing, lambda stage, n: stage.ask()),
    _move(A.TAKE),
    _move(A.RELEASE, A.TAKE),
    _move(A.RELEASE, A.APPROVE, A.SHORTLIST, name="release chosen"),
    _move(A.RELEASE, A.APPROVE, A.ANSWER, name="release answering"),
    _move(A.APPROVE),
    _move(A.APPROVE, A.DECLINE, name="approve declined"),
    _move(A.FLAG, A.TAKE),
    _move(A.FLAG, A.APPROVE, name="flag open"),
    _move(A.DECLINE),
    _move(A.DECLINE, A.APPROVE, name="decline open"),
    _move(A.HIDE),
    _move(A.HIDE, A.APPROVE, name="hide open"),
    _move(A.EDIT),
    _move(A.EDIT, A.APPROVE, name="edit open"),
    _move(A.EDIT, A.APPROVE, A.SHORTLIST, name="edit chosen"),
    _move(A.SHORTLIST, A.APPROVE),
    _move(A.ANSWER, A.APPROVE, A.SHORTLIST),
    _move(A.ANSWER, A.APPROVE, name="answer at once"),
    _move(A.UNDO, A.APPROVE, name="undo approve"),
    _move(A.UNDO, A.APPROVE, A.HIDE, name="undo hide"),
    _move(A.UNDO, A.APPROVE, A.EDIT, name="undo edit"),
    _move(A.UNDO, A.APPROVE, A.SHORTLIST, A.ANSWER, name="undo answer"),
    Act("withdraw", _asked(A.APPROVE), lambda stage, n: stage.withdraw(n)),
    Act("voice", _asked(A.APPROVE), lambda stage, n: stage.voice(n)),
    Act("voice back", _voiced, lambda stage, n: stage.voice(n, on=False)),
    Act("draft", Stage.answering, lambda stage, n: stage.save(n)),
    Act("save", Stage.drafted, lambda stage, n: stage.save(n)),
    Act("hold", Stage.drafted, lambda stage, n: stage.hold(n)),
    Act("hide held", Stage.held, lambda stage, n: stage.move(n, A.HIDE)),
    Act("release held", Stage.held, lambda stage, n: stage.move(n, A.RELEASE)),
    Act("stop", Stage.held, lambda stage, n: stage.stop(n)),
    Act("publish", Stage.drafted, lambda stage, n: stage.hold(n, seconds=0)),
    Act("publish due", Stage.held, lambda stage, n: stage.publish_due(n)),
    Act("correct", Stage.published, lambda stage, n: stage.correct(n)),
    Act("publish correction", _corrected, lambda stage, n: stage.hold(n, seconds=0)),
    Act("publish after retraction", _corrected_after_retraction, lambda stage, n: stage.hold(n, seconds=0)),
    Act("retract", Stage.published, lambda stage, n: stage.retract(n)),
    Act("retract beside a draft", _corrected, lambda stage, n: stage.retract(n)),
    Act("hide answered", Stage.published, lambda stage, n: stage.move(n, A.HIDE)),
    Act("hide retracted", _retracted, lambda stage, n: stage.move(n, A.HIDE)),
    Act("undo hide answered", _hidden, lambda stage, n: stage.move(n, A.UNDO)),
    Act("stop asking", _nothing, lambda stage, n: stage.throw(Switch.ASKING)),
    Act("stop voting", _nothing, lambda stage, n: stage.throw(Switch.VOTING)),
    Act("stop publishing", _nothing, lambda stage, n: stage.throw(Switch.PUBLISHING)),
    Act("freeze", _nothing, lambda stage, n: stage.throw(Switch.FROZEN)),
    Act("notice", _nothing, lambda stage, n: stage.notice()),
    Act("last questions", _nothing, lambda stage, n: stage.step(Step.LAST_QUESTIONS)),
    Act("close", _nothing, lambda stage, n: stage.step(Step.CLOSE)),
    Act("close and archive", _nothing, lambda stage, n: stage.step(Step.CLOSE, Step.ARCHIVE)),
    Act("close and reopen", _nothing, lambda stage, n: stage.step(Step.CLOSE, Step.REOPEN, Step.RESUME)),
    Act("give a role", _nothing, lambda stage, n: stage.give(Role.HOST, Role.EDITOR)),
]

# What may stand in another's way, as it should; everything else never does.
STOPPING: Final = {
    *("stop asking", "stop voting", "stop publishing", "freeze"),
    *("last questions", "close", "close and archive"),
}


Fill: TypeAlias = Callable[[int, list[Entry]], Ring]


class Reader:
    """Keeps every snapshot it takes, and holds each against the newest by the entries that came after it."""

    def __init__(self, stage: Stage, kept: tuple[Json, ...] = (), fill: Fill = filled) -> None:
        self._stage = stage
        self._kept = list(kept) or [stage.present()]
        self._fill = fill

    def copy(self) -> "Reader":
        """One that has seen the same so far."""
        return Reader(self._stage, tuple(self._kept), self._fill)

    def check(self) -> None:
        """Whoever stopped at any of the moments so far and comes back now sees what a new page sees."""
        fresh = self._stage.present()
        first = self._kept[0]["seq"]
        head, entries = log.newest(self._stage.conn, self._stage.event_id, Channel.PUBLIC, max(1, fresh["seq"] - first))
        ring = self._fill(head, entries)
        told = [json.loads(frame(entry)) for entry in entries]
        for old in self._kept:
            assert fold(old, told) == fresh
            # From the ring: what was taken back since is not told again.
            again = ring.after(old["seq"], len(entries))
            assert again is not None
            assert fold(old, map(json.loads, again)) == fresh
        if fresh != self._kept[-1]:
            self._kept.append(fresh)


def attempt(stage: Stage, act: Act, n: int) -> Refused | None:
    """Do it, or say why not."""
    try:
        act.do(stage, n)
    except Refused as refused:
        return refused
    return None


@dataclass(frozen=True, slots=True)
class Ready:
    """A stage with two questions for whatever an act needs before it: one for the first act of a pair, one for both."""

    stage: Stage
    first: dict[Callable[[Stage], int], int]
    second: dict[Callable[[Stage], int], int]


@pytest.fixture(scope="module")
def ready(shared_stage: Stage) -> Ready:
    first, second = ({before: before(shared_stage) for before in {act.before: 0 for act in ACTS}} for _ in "12")
    return Ready(shared_stage, first, second)


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.name)
def test_a_page_that_heard_of_an_act_is_a_page_opened_after_it(act: Act, ready: Ready) -> None:
    stage = ready.stage
    with stage.undone():
        reader = Reader(stage)
        n = act.before(stage)
        reader.check()
        assert attempt(stage, act, n) is None
        reader.check()


@pytest.mark.parametrize("first", ACTS, ids=lambda act: act.name)
def test_in_whatever_order_two_acts_are_done_the_page_follows(first: Act, ready: Ready) -> None:
    stage = ready.stage
    with stage.undone():
        reader = Reader(stage)
        n = ready.first[first.before]
        assert attempt(stage, first, n) is None
        reader.check()
        done = []
        for second in _seconds(stage, first):
            refused = _then(reader, stage, second, ready.second[second.before])
            in_the_way = first.name in STOPPING and isinstance(refused, Closed | NoSuchMove)
            assert refused is None or in_the_way, second.name
            done.append(refused is None)
            if n:
                # The same question: for most verbs there is no row any more.
                _then(reader, stage, second, n)
        assert sum(done) > len(done) / 2


def _then(reader: Reader, stage: Stage, act: Act, n: int) -> Refused | None:
    with stage.undone():
        refused = attempt(stage, act, n)
        if refused is None:
            reader.copy().check()
        return refused


def _seconds(stage: Stage, first: Act) -> list[Act]:
    """All of them on SQLite; on PostgreSQL a seventh, a different one for each first."""
    if stage.conn.dialect.name == "sqlite":
        return ACTS
    return ACTS[ACTS.index(first) % 7 :: 7]


# What the reader would find: it can fail.


def test_a_change_that_nobody_was_told_is_found(stage: Stage) -> None:
    n = stage.asked(Action.APPROVE)
    reader = Reader(stage)
    card = stage.card(n)
    questions.write(Tx(stage.conn, stage.now), replace(card, text="Behind the log's back", version=9), card.version)
    with pytest.raises(AssertionError):
        reader.check()


def test_an_entry_that_says_something_else_than_the_page_is_found(stage: Stage) -> None:
    reader = Reader(stage)
    log.append(Tx(stage.conn, stage.now), stage.event_id, Channel.PUBLIC, "answer.removed", {"n": stage.published()})
    with pytest.raises(AssertionError):
        reader.check()


def test_a_ring_that_forgets_to_take_off_is_found(stage: Stage) -> None:
    """It blanks all that was said of a question, also that it went: who comes back keeps it."""

    def forgetful(head: int, newest: list[Entry]) -> Ring:
        ring = Ring(head - len(newest))
        for entry in newest:
            if entry.type.endswith((".removed", ".retracted")) and entry.n:
                ring.supersede(entry.n)
            ring.add(entry.seq, frame(entry), entry.n)
        return ring

    n = stage.drafted()
    reader, forgetting = Reader(stage), Reader(stage, fill=forgetful)
    stage.hold(n, seconds=0)
    stage.move(n, Action.HIDE)
    reader.check()
    with pytest.raises(AssertionError):
        forgetting.check()


def test_who_comes_back_is_not_told_again_what_was_hidden(stage: Stage) -> None:
    n = stage.published()
    words = stage.card(n).text
    stage.move(n, Action.HIDE)
    head, entries = log.newest(stage.conn, stage.event_id, Channel.PUBLIC, EVERYTHING)
    assert words in "".join(map(frame, entries)), "the log keeps it"
    assert words not in "".join(filled(head, entries).after(head - len(entries), len(entries)) or [])
