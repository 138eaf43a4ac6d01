"""Who may do what, at each action's own door: strangers are told there is nothing, colleagues what they lack."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import pytest

from qa.actions import answers, events, questions, staff
from qa.actions.questions import Asking
from qa.domain.events import Action as Step
from qa.domain.events import Switch
from qa.domain.people import Actor, asker
from qa.domain.permissions import STAFF_ROLES, Role
from qa.domain.questions import Action
from qa.domain.refusals import NotAllowed, NotFound
from qa.store import staff as staff_store
from qa.store.writer import Tx
from tests.actions.stage import OUTSIDER, SECRET, Stage

TRIAGE: Final = {Role.MODERATOR, Role.OWNER}
HIDE: Final = {Role.MODERATOR, Role.EDITOR, Role.HOST, Role.OWNER}
CHOOSE: Final = {Role.EDITOR, Role.OWNER}
WRITE: Final = {Role.EDITOR, Role.OWNER}
PUBLISH: Final = {Role.EDITOR, Role.OWNER}
STOP: Final = {Role.MODERATOR, Role.EDITOR, Role.APPROVER, Role.HOST, Role.OWNER}
RUN: Final = {Role.HOST, Role.OWNER}
ASKERS: Final = {Role.ASKER}


@dataclass(frozen=True, slots=True)
class Door:
    """An action, who may do it, the question it is done to, and how: `do(tx, who, event_id, n, version)`."""

    action: Callable[..., object]
    who: set[Role]
    before: Callable[[Stage], int]
    do: Callable[[Tx, Actor, int, int, int], object]


def _move(action: Action, who: set[Role], *path: Action, **more: Any) -> Door:
    def do(tx: Tx, actor: Actor, event_id: int, n: int, version: int) -> object:
        return questions.move(tx, actor, event_id, n, action, seen=version, key="", **more)

    return Door(questions.move, who, lambda stage: stage.asked(*path), do)


def _asked(*path: Action) -> Callable[[Stage], int]:
    return lambda stage: stage.asked(*path)


A: Final = Action
KEY: Final = "3f0e7c1e-5b0a-4a53-9d0e-0b6a3f0c2f11"

DOORS: Final = {
    "ask": Door(
        questions.ask,
        ASKERS,
        lambda stage: 0,
        lambda tx, who, e, n, v: questions.ask(tx, who, e, Asking(KEY, "?"), SECRET),
    ),
    "voice": Door(
        questions.voice, ASKERS, _asked(A.APPROVE), lambda tx, who, e, n, v: questions.voice(tx, who, e, n, on=True)
    ),
    "take": _move(A.TAKE, TRIAGE),
    "release": _move(A.RELEASE, TRIAGE, A.TAKE),
    "release chosen": _move(A.RELEASE, CHOOSE, A.APPROVE, A.SHORTLIST),
    "release answering": _move(A.RELEASE, CHOOSE, A.APPROVE, A.ANSWER),
    "approve": _move(A.APPROVE, TRIAGE),
    "flag": _move(A.FLAG, TRIAGE, why="Who knows?"),
    "decline": _move(A.DECLINE, TRIAGE, code="off_topic"),
    "hide": _move(A.HIDE, HIDE, A.APPROVE, code="insulting"),
    "edit": _move(A.EDIT, TRIAGE, A.APPROVE, edited="Better words"),
    "shortlist": _move(A.SHORTLIST, CHOOSE, A.APPROVE),
    "answer": _move(A.ANSWER, CHOOSE, A.APPROVE),
    "undo approve": _move(A.UNDO, TRIAGE, A.APPROVE),
    "undo shortlist": _move(A.UNDO, CHOOSE, A.APPROVE, A.SHORTLIST),
    "undo hide": _move(A.UNDO, HIDE, A.APPROVE, A.HIDE),
    "draft": Door(
        answers.save,
        WRITE,
        Stage.answering,
        lambda tx, who, e, n, v: answers.save(tx, who, e, n, written="Yes.", how="spoken", lang="en", rev=0),
    ),
    "save": Door(
        answers.save,
        WRITE,
        Stage.drafted,
        lambda tx, who, e, n, v: answers.save(tx, who, e, n, written="Yes.", how="spoken", lang="en", rev=1),
    ),
    "hold": Door(
        answers.hold, PUBLISH, Stage.drafted, lambda tx, who, e, n, v: answers.hold(tx, who, e, n, rev=1, seconds=20)
    ),
    "publish": Door(
        answers.hold, PUBLISH, Stage.drafted, lambda tx, who, e, n, v: answers.hold(tx, who, e, n, rev=1, seconds=0)
    ),
    "stop": Door(answers.stop, STOP, Stage.held, lambda tx, who, e, n, v: answers.stop(tx, who, e, n)),
    "correct": Door(
        answers.correct,
        WRITE,
        Stage.published,
        lambda tx, who, e, n, v: answers.correct(tx, who, e, n, kind="typo", reason="A name."),
    ),
    "retract": Door(
        answers.retract, PUBLISH, Stage.published, lambda tx, who, e, n, v: answers.retract(tx, who, e, n, reason="No.")
    ),
    "step": Door(
        events.step,
        RUN,
        lambda stage: 0,
        lambda tx, who, e, n, v: events.step(tx, who, e, Step.LAST_QUESTIONS, seen=v),
    ),
    "throw": Door(
        events.throw,
        RUN,
        lambda stage: 0,
        lambda tx, who, e, n, v: events.throw(tx, who, e, Switch.ASKING, stopped=True),
    ),
    "notice": Door(
        events.set_notice, RUN, lambda stage: 0, lambda tx, who, e, n, v: events.set_notice(tx, who, e, "Soon.")
    ),
    "give a role": Door(
        staff.change_role,
        {Role.OWNER},
        lambda stage: int(stage.staff[Role.HOST].id),
        lambda tx, who, e, n, v: staff.change_role(tx, who, e, n, Role.EDITOR, given=True),
    ),
}

# Withdrawing is by whose the question is; creating an event is before there is one to have a role in.
OTHERWISE: Final = {questions.withdraw, events.create}


def test_every_action_that_somebody_does_is_in_the_table() -> None:
    actions = {
        function
        for module in (questions, answers, events, staff)
        for _, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and list(inspect.signature(function).parameters)[:2] == ["tx", "who"]
        if not function.__name__.startswith("_")
    }
    assert actions == {door.action for door in DOORS.values()} | OTHERWISE


def _version(stage: Stage, n: int, door: Door) -> int:
    return stage.card(n).version if n and door.action is questions.move else stage.event.version


@pytest.mark.parametrize("name", DOORS)
def test_each_role_may_do_what_the_table_says(name: str, stage: Stage) -> None:
    door = DOORS[name]
    n = door.before(stage)
    tx = Tx(stage.conn, stage.now)
    before = stage.tables()
    for role in (*STAFF_ROLES, Role.ASKER):
        who = asker("asker-two") if role is Role.ASKER else stage.staff[role]
        if role in door.who:
            with stage.undone():
                door.do(tx, who, stage.event_id, n, _version(stage, n, door))
                assert stage.tables() != before, f"{role} did nothing"
        else:
            with pytest.raises(NotFound if role is Role.ASKER else NotAllowed):
                door.do(tx, who, stage.event_id, n, _version(stage, n, door))
            assert stage.tables() == before, f"{role} was refused, and left a trace"


@pytest.mark.parametrize("name", DOORS)
def test_who_has_no_role_here_is_told_that_there_is_nothing(name: str, stage: Stage) -> None:
    door = DOORS[name]
    n = door.before(stage)
    other = stage.another()
    tx = Tx(stage.conn, stage.now)
    before = stage.tables()
    version = _version(stage, n, door)
    # Nobody at all, and everybody who works in another event: `Stage.another` has a person in each role.
    strangers = [OUTSIDER, *(_as_here(stage, person) for person in other.staff.values())]
    for stranger in strangers:
        with pytest.raises(NotFound):
            door.do(tx, stranger, stage.event_id, n, version)
    for everybody in (stage.staff[Role.OWNER], asker("asker-two")):
        with pytest.raises(NotFound):
            door.do(tx, everybody, 9_999, n, version)
    assert stage.tables() == before


def _as_here(stage: Stage, person: Actor) -> Actor:
    """Somebody as the program sees them in this event: by the roles they hold here."""
    found = staff_store.by_id(stage.conn, int(person.id))
    assert found
    return staff_store.actor(stage.conn, stage.event_id, found)


@pytest.mark.parametrize("role", STAFF_ROLES)
def test_only_the_asker_withdraws_whatever_role_somebody_has(role: Role, stage: Stage) -> None:
    n = stage.asked(Action.APPROVE)
    before = stage.tables()
    tx = Tx(stage.conn, stage.now)
    with pytest.raises(NotAllowed):
        questions.withdraw(tx, stage.staff[role], stage.event_id, n)
    for who in (OUTSIDER, asker("asker-two")):
        with pytest.raises(NotFound):
            questions.withdraw(tx, who, stage.event_id, n)
    assert stage.tables() == before


def test_a_program_with_a_role_may_do_what_the_role_may(stage: Stage) -> None:
    person_id, _ = stage.act(staff.make_token, stage.event_id, Role.MODERATOR, 1)
    found = staff_store.by_id(stage.conn, person_id)
    assert found
    who = staff_store.actor(stage.conn, stage.event_id, found)
    n = stage.asked()
    stage.act(questions.move, who, stage.event_id, n, Action.APPROVE, seen=1, key="")
    with pytest.raises(NotAllowed):
        stage.act(questions.move, who, stage.event_id, n, Action.SHORTLIST, seen=2, key="")
