"""The whole life of an event, done by chance: whatever people do in whatever order, the log and the page hold."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar, Final, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from sqlalchemy import update

from qa.domain.answers import Answer
from qa.domain.chain import faults
from qa.domain.channels import Channel
from qa.domain.events import Action as Step
from qa.domain.events import Event, Switch
from qa.domain.people import CLOCK, Actor, asker
from qa.domain.permissions import STAFF_ROLES, Role
from qa.domain.questions import Action, Question, State, has_move
from qa.domain.refusals import Refused
from qa.domain.snapshot import Json, fold
from qa.domain.views import stamp
from qa.live.tailer import filled
from qa.store import log, questions
from qa.store.database import Database
from qa.store.tables import entries
from qa.store.writer import Tx
from tests.actions.stage import EVERYTHING, Stage

T = TypeVar("T")

MARK: Final = re.compile("«[^»]*»")
SHOWN: Final = {State.APPROVED, State.SHORTLISTED, State.ANSWERING, State.ANSWERED}
ON_THE_WAY: Final = (State.SHORTLISTED, State.ANSWERING, State.ANSWERED)
# Half of them have every permission, else most tries would end at the first door.
ROLES: Final = st.sampled_from([*STAFF_ROLES, *[Role.OWNER] * len(STAFF_ROLES)])
ASKERS: Final = st.sampled_from(["asker-one", "asker-two", "asker-three"])
# Few questions, so that a life goes far; the same ones for what needs a question in a certain state.
NUMBERS: Final = st.integers(0, 6)
MOVES: Final = [action for action in Action if action not in {Action.ASK, Action.PUBLISH, Action.WITHDRAW}]


class Life(RuleBasedStateMachine):
    """Holds beside the program what everybody may have read (`open_marks`) and checks each act as it is done."""

    database: ClassVar[Database]

    def __init__(self) -> None:
        super().__init__()
        self._connection = self.database.writing.connect()
        self._transaction = self._connection.begin()
        self.stage = Stage(self._connection)
        self.stage.step(Step.ANNOUNCE, Step.COLLECT, Step.OPEN)
        self.kept = [self.stage.present()]
        self.heard = {channel: self.stage.head(channel) for channel in (Channel.PUBLIC, Channel.STAFF)}
        self.versions: dict[int, int] = {}
        self.open_marks: set[str] = set()

    def teardown(self) -> None:
        try:
            self._check_the_chain()
            self._check_who_comes_back()
            self._check_nothing_private_was_told()
        finally:
            self._transaction.rollback()
            self._connection.close()

    # What people do

    @initialize()
    def begin(self) -> None:
        """Some questions on their way, so that no life is spent on asking."""
        for path in ([], [Action.APPROVE], [Action.APPROVE, Action.SHORTLIST], [Action.APPROVE, Action.ANSWER]):
            self.ask("asker-one")
            for action in path:
                self.move(len(self.versions) - 1, action, Role.OWNER)
        self.save(4, Role.OWNER)
        self.hold(4, Role.OWNER, seconds=20)
        self.ask("asker-two")
        for action in (Action.APPROVE, Action.ANSWER):
            self.move(4, action, Role.OWNER)
        self.save(5, Role.OWNER)
        self.hold(5, Role.OWNER, seconds=0)
        assert [self.stage.card(n).state for n in sorted(self.versions)] == [
            *(State.RECEIVED, State.APPROVED, State.SHORTLISTED, State.ANSWERING, State.ANSWERED)
        ]

    @precondition(lambda self: len(self.versions) < 7)
    @rule(who=ASKERS)
    def ask(self, who: str) -> None:
        if self._do(lambda: self.stage.ask(who)):
            self._told("question.moved", "ask", asker(who), "", "received", None)

    @rule(at=NUMBERS, role=ROLES, pick=st.integers(0, 11))
    def move_on(self, at: int, role: Role, pick: int) -> None:
        """One of the moves its state has, or undo."""
        moves = [action for action in MOVES if has_move(action, self._card(at).state)]
        self.move(at, [*moves, Action.UNDO][pick % (len(moves) + 1)], role)

    @rule(at=NUMBERS, action=st.sampled_from(MOVES), role=ROLES)
    def move(self, at: int, action: Action, role: Role) -> None:
        card = self._card(at)
        after = self._do(lambda: self.stage.move(card.n, action, role))
        if after:
            self._told("question.moved", action, self.stage.staff[role], card.state, after.state, card.version)
            self._show(after)

    @rule(at=NUMBERS, action=st.sampled_from(MOVES), behind=st.integers(1, 3))
    def move_what_somebody_else_moved_since(self, at: int, action: Action, behind: int) -> None:
        card = self._card(at)
        assert self._do(lambda: self.stage.move(card.n, action, seen=card.version - behind)) is None

    @rule(at=NUMBERS, seconds=st.sampled_from([0, 20]))
    def write_and_send(self, at: int, seconds: int) -> None:
        n = self._card(at, *ON_THE_WAY).n
        self.save(n, Role.EDITOR)
        self.hold(n, Role.EDITOR, seconds)

    @rule(at=NUMBERS, who=ASKERS)
    def withdraw(self, at: int, who: str) -> None:
        card = self._card(at)
        after = self._do(lambda: self.stage.withdraw(card.n, who))
        if after and after.version > card.version:
            self._told("question.moved", "withdraw", asker(who), card.state, "withdrawn", card.version)

    @rule(at=NUMBERS, who=ASKERS, on=st.booleans())
    def voice(self, at: int, who: str, on: bool) -> None:
        n = self._card(at).n
        self._do(lambda: self.stage.voice(n, who, on=on))

    @rule(at=NUMBERS, role=ROLES, how=st.sampled_from(["spoken", "written", None]))
    def write(self, at: int, role: Role, how: str | None) -> None:
        self.save(self._card(at).n, role, how)

    def save(self, n: int, role: Role, how: str | None = "spoken") -> Answer | None:
        first = self.stage.newest(n) is None
        saved = self._do(lambda: self.stage.save(n, role, how=how))
        if saved and first:
            self._told("answer.moved", "start", self.stage.staff[role], "", "draft", None)
        return saved

    @rule(at=NUMBERS, role=ROLES, seconds=st.sampled_from([0, 20]))
    def send(self, at: int, role: Role, seconds: int) -> None:
        self.hold(self._card(at, *ON_THE_WAY).n, role, seconds)

    def hold(self, n: int, role: Role, seconds: int) -> None:
        rev, who = self.stage.rev(n), self.stage.staff[role]
        held = self._do(lambda: self.stage.hold(n, role, seconds=seconds))
        if held:
            self._told("answer.moved", "hold", who, "draft", "holding", rev)
            self._published(held if not seconds else None, who)

    @rule(at=NUMBERS, seconds=st.sampled_from([0, 30]))
    def look_what_is_due(self, at: int, seconds: int) -> None:
        n = self._card(at, *ON_THE_WAY).n
        self._published(self._do(lambda: self.stage.publish_due(n, seconds)), CLOCK)

    def _published(self, answer: Answer | None, who: Actor) -> None:
        if answer:
            self._told("answer.moved", "publish", who, "holding", "published", answer.rev)
            card = self.stage.card(answer.n)
            (move,) = self._moves("question.moved", "publish")
            assert (move["by"], move["after"], move["seen"]) == (who.id, "answered", card.version - 1)
            self.open_marks |= marks(answer.text, answer.reason)
            self._show(card)

    @rule(at=NUMBERS, role=ROLES)
    def stop(self, at: int, role: Role) -> None:
        n = self._card(at, *ON_THE_WAY).n
        stopped = self._do(lambda: self.stage.stop(n, role))
        if stopped:
            self._told("answer.moved", "stop", self.stage.staff[role], "holding", "draft", stopped.rev)

    @rule(at=NUMBERS, role=ROLES)
    def correct(self, at: int, role: Role) -> None:
        n = self._card(at, State.ANSWERED).n
        before = self.stage.newest(n)
        if self._do(lambda: self.stage.correct(n, role)):
            assert before
            self._told("answer.moved", "correct", self.stage.staff[role], before.state, "draft", None)

    @rule(at=NUMBERS, role=ROLES)
    def retract(self, at: int, role: Role) -> None:
        n = self._card(at, State.ANSWERED).n
        retracted = self._do(lambda: self.stage.retract(n, role))
        if retracted:
            self._told("answer.moved", "retract", self.stage.staff[role], "published", "retracted", retracted.rev)
            self.open_marks |= marks(retracted.retract_reason)

    @rule()
    def calm_down(self) -> None:
        """Back to an event in which things can be done."""
        for switch in self.stage.event.stopped:
            self.throw(switch, False, Role.HOST)
        for step in (Step.REOPEN, Step.RESUME):
            self.step(step, Role.HOST)

    @rule(step=st.sampled_from([step for step in Step if step is not Step.ARCHIVE]), role=ROLES)
    def step(self, step: Step, role: Role) -> None:
        event = self.stage.event
        after = self._do(lambda: self.stage.step(step, role=role))
        self._event_moved(step, role, event, after, event.phase, after.phase if after else "")

    @rule(switch=st.sampled_from(Switch), stopped=st.booleans(), role=ROLES)
    def throw(self, switch: Switch, stopped: bool, role: Role) -> None:
        event = self.stage.event
        after = self._do(lambda: self.stage.throw(switch, role, stopped=stopped))
        words = ("open", "stopped") if stopped else ("stopped", "open")
        self._event_moved(switch, role, event, after, *words)

    @rule(role=ROLES)
    def notice(self, role: Role) -> None:
        event = self.stage.event
        after = self._do(lambda: self.stage.notice(role=role))
        if after:
            self.open_marks |= marks(after.notice)
        self._event_moved("notice", role, event, after, event.notice, after.notice if after else "")

    @rule(person=st.sampled_from(STAFF_ROLES), given=st.booleans(), by=ROLES)
    def give(self, person: Role, given: bool, by: Role) -> None:
        person_id = self.stage.staff[person].id
        if self._do(lambda: self.stage.give(person, Role.INTERPRETER, by, given=given)):
            entries = self.stage.entries(Channel.STAFF, self.heard[Channel.STAFF])
            assert [(entry["type"], entry["data"]["person"]) for entry in entries] == [("access.changed", person_id)]

    # What must hold

    def _do(self, act: Callable[[], T]) -> T | None:
        """Do it, and hold what both channels heard against what is there now; None: it was refused, and nothing is."""
        before = {channel: self.stage.head(channel) for channel in self.heard}
        self.heard = before
        try:
            result = act()
        except Refused:
            assert {channel: self.stage.head(channel) for channel in before} == before
            assert self.stage.present() == self.kept[-1]
            return None
        new = {channel: self.stage.entries(channel, after) for channel, after in before.items()}
        for channel, told in new.items():
            first = before[channel] + 1
            assert [entry["seq"] for entry in told] == list(range(first, first + len(told)))
        self.kept.append(fold(self.kept[-1], new[Channel.PUBLIC]))
        assert self.kept[-1] == self.stage.present()
        self._versions_rise(new[Channel.STAFF])
        return result

    def _versions_rise(self, entries: list[Json]) -> None:
        for entry in entries:
            if entry["type"] == "question.moved":
                card = entry["data"]["question"]
                assert card["version"] == self.versions.get(card["n"], 0) + 1
                self.versions[card["n"]] = card["version"]
                assert card["state"] == entry["data"]["move"]["after"]

    def _moves(self, type_: str, action: str) -> list[Json]:
        """What the last act's lines of the staff say of an action."""
        entries = self.stage.entries(Channel.STAFF, self.heard[Channel.STAFF])
        moves = [entry["data"]["move"] for entry in entries if entry["type"] == type_]
        return [move for move in moves if move["action"] == action]

    def _told(self, type_: str, action: str, who: Actor, before: str, after: str, seen: int | None) -> None:
        """The staff have exactly one line of it."""
        (move,) = self._moves(type_, action)
        by = who.id[:4] if who.roles == {Role.ASKER} else who.id
        assert (move["by"], move["initials"]) == (by, who.initials)
        assert move["role"] in who.roles
        assert (move["before"], move["after"], move["seen"]) == (before, after, seen)

    def _event_moved(self, action: str, role: Role, event: Event, after: Event | None, *words: str) -> None:
        if after and after.version > event.version:
            self._told("event.moved", action, self.stage.staff[role], words[0], words[1], event.version)
        elif after:
            assert not self._moves("event.moved", action), "what changes nothing is no line"

    def _card(self, at: int, *states: State) -> Question:
        """One of the questions in some states, if there is any, else one of all."""
        cards = [self.stage.card(n) for n in sorted(self.versions)]
        some = [card for card in cards if card.state in states] or cards
        return some[at % len(some)]

    def _show(self, card: Question) -> None:
        """From here on everybody may have read it."""
        if card.state in SHOWN:
            self.open_marks |= marks(card.text, card.context, card.name)

    def _check_the_chain(self) -> None:
        for channel in self.heard:
            entries = log.after(self._connection, self.stage.event_id, channel, 0, EVERYTHING)
            lines = [
                {
                    "seq": entry.seq,
                    "at": stamp(entry.at),
                    "type": entry.type,
                    "digest": entry.digest,
                    "hash": entry.hash,
                    "data": entry.data,
                }
                for entry in entries
            ]
            assert faults(self.stage.event.epoch, lines) == []

    def _check_who_comes_back(self) -> None:
        """From any moment, by the log or by the ring: they see what is there now."""
        newest = log.newest(self._connection, self.stage.event_id, Channel.PUBLIC, EVERYTHING)
        told = self.stage.entries(Channel.PUBLIC)
        ring = filled(*newest)
        for old in self.kept:
            frames = ring.after(old["seq"], EVERYTHING)
            assert frames is not None
            assert fold(old, map(json.loads, frames)) == fold(old, told) == self.kept[-1]

    def _check_nothing_private_was_told(self) -> None:
        told = json.dumps(self.stage.entries(Channel.PUBLIC), ensure_ascii=False)
        assert marks(told) <= self.open_marks
        assert not [word for word in ("‡", "asker-", "login-") if word in told]


def marks(*texts: str) -> set[str]:
    return {mark for text in texts for mark in MARK.findall(text)}


def _live(url: str, examples: int) -> None:
    class LifeHere(Life):
        database = Database(url)

    many = settings(
        max_examples=examples, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
    )
    try:
        run_state_machine_as_test(LifeHere, settings=many)
    finally:
        LifeHere.database.close()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("part", range(4))
def test_whatever_is_done_in_whatever_order_everything_holds(part: int, sqlite_url: str) -> None:
    _live(sqlite_url, 12)


@pytest.mark.timeout(300)
def test_the_same_on_the_other_database(postgresql_url: str) -> None:
    _live(postgresql_url, 6)


# Each of these is found: a life can fail.


def _silent(stage: Stage) -> None:
    card = stage.card(2)
    questions.write(Tx(stage.conn, stage.now), replace(card, text="Nobody was told"), card.version)


def _leak(stage: Stage) -> None:
    draft = stage.newest(4)
    assert draft
    _say(stage, Channel.PUBLIC, "of.a.later.version", {"text": draft.text})


def _name(stage: Stage) -> None:
    _say(stage, Channel.PUBLIC, "of.a.later.version", {"by": stage.staff[Role.HOST].initials})


def _doubled(stage: Stage) -> None:
    entry = log.after(stage.conn, stage.event_id, Channel.STAFF, 1, 10)[-1]
    for _ in range(2):
        _say(stage, Channel.STAFF, entry.type, entry.data)


def _forged(stage: Stage) -> None:
    here = (entries.c.event_id == stage.event_id, entries.c.channel == "public", entries.c.seq == 2)
    stage.conn.execute(update(entries).where(*here).values(data={"phase": "live"}))


def _say(stage: Stage, channel: Channel, type_: str, data: Json) -> None:
    log.append(Tx(stage.conn, stage.now), stage.event_id, channel, type_, data)


@pytest.mark.parametrize("slip", [_silent, _leak, _name, _doubled, _forged])
def test_a_slip_is_found(slip: Callable[[Stage], None], sqlite_url: str) -> None:
    class Slipping(Life):
        database = Database(sqlite_url)

        def teardown(self) -> None:
            try:
                self._do(lambda: slip(self.stage))
            finally:
                super().teardown()

    once = settings(max_examples=1, stateful_step_count=1, phases=[Phase.generate], database=None)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Slipping, settings=once)
    Slipping.database.close()


def test_without_a_slip_nothing_is_found(sqlite_url: str) -> None:
    _live(sqlite_url, 1)
