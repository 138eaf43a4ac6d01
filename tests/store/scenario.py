"""A fixed story of an event, told act by act through a writer: the same clock, keys and words wherever it is told."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final, TypeAlias
from uuid import UUID

from qa.actions import answers, moves, questions
from qa.actions import events as event_actions
from qa.actions import staff as staff_actions
from qa.actions.questions import Asking
from qa.domain.events import Action as Step
from qa.domain.events import Phase, Switch
from qa.domain.people import Actor, asker
from qa.domain.permissions import Role
from qa.domain.questions import Action
from qa.domain.refusals import Refused
from qa.store import accounts, events, log, staff
from qa.store import questions as question_store
from qa.store.database import Database
from qa.store.writer import Tx, Writer
from tests.world import SECRET

START: Final = datetime(2026, 11, 27, 15, 0, 0, 123_456, tzinfo=UTC)
EPOCH: Final = "27112026"
MINA: Final = Actor("1", "Mina Kaya", "MK", frozenset({Role.OWNER}))
DINA: Final = Actor("2", "דינה", "דכ", frozenset({Role.MODERATOR}))

Act: TypeAlias = Callable[[Tx, int], object]


def ticking() -> Callable[[], datetime]:
    """A clock on which a second and a bit pass between two looks."""
    looks = count()
    return lambda: START + timedelta(milliseconds=1_234.5) * next(looks)


def settle(tx: Tx) -> int:
    """An account, an event with a fixed epoch and join code, and two who work there."""
    names = {"": "Audrey Tang · 唐鳳", "he": "אודרי טאנג"}
    mark = {"accent": "petrol", "demo": False, "verified": "By letter.", "verified_at": tx.now, "created_at": tx.now}
    account = {"handle": "audrey", "kind": "leader", "names": names, "abouts": {}, "office": {}, **mark}
    row = {
        "account_id": accounts.add(tx, account),
        "slug": "live",
        "short": "0PEN27",
        "titles": names,
        "abouts": {},
        "topics": [{"title": "Schools", "about": "בתי ספר"}],
        "languages": ["he", "en"],
        "zone": "Asia/Jerusalem",
        "starts_at": START,
        "ends_at": START + timedelta(hours=1),
        "phase": Phase.DRAFT.value,
        "stopped": [],
        "notice": "",
        "rehearsal": False,
        "epoch": EPOCH,
        "version": 1,
        "burst": 3,
        "per_minute": 1,
        "hold_seconds": 20,
        "created_at": tx.now,
    }
    event_id = events.add(tx, row)
    log.begin(tx, event_id, EPOCH)
    event = events.by_id(tx.conn, event_id)
    assert event
    moves.record_event(tx, event, moves.made(MINA, Role.OWNER, "create", "", event.phase.value))
    for who in (MINA, DINA):
        person_id = staff.add(tx, who.initials, who.name, who.initials, "")
        assert str(person_id) == who.id
    return event_id


def asks(who: str, number: int, words: str, page: str = "he") -> Act:
    asking = Asking(str(UUID(int=number)), words, context="«context»", name="נועה", page=page)
    return lambda tx, event_id: questions.ask(tx, asker(who), event_id, asking, SECRET)


def moves_on(n: int, action: Action, who: Actor = MINA, *, behind: int = 0, **more: Any) -> Act:
    """A move by somebody who sees the card so many versions ago."""

    def act(tx: Tx, event_id: int) -> object:
        card = question_store.get(tx.conn, event_id, n)
        seen = card.version - behind if card else 0
        key = str(UUID(int=1_000 * (seen + 1) + list(Action).index(action)))
        return questions.move(tx, who, event_id, n, action, seen=seen, key=key, **more)

    return act


def voice(n: int, who: str, *, on: bool = True) -> Act:
    return lambda tx, event_id: questions.voice(tx, asker(who), event_id, n, on=on)


def writes(n: int, words: str, rev: int, how: str | None = "spoken") -> Act:
    return lambda tx, event_id: answers.save(tx, MINA, event_id, n, written=words, how=how, lang="he", rev=rev)


def holds(n: int, rev: int, seconds: int = 20) -> Act:
    return lambda tx, event_id: answers.hold(tx, MINA, event_id, n, rev=rev, seconds=seconds)


def steps(step: Step) -> Act:
    def act(tx: Tx, event_id: int) -> object:
        event = events.by_id(tx.conn, event_id)
        assert event
        return event_actions.step(tx, MINA, event_id, step, seen=event.version)

    return act


def role(person: Actor, given_role: Role, *, given: bool = True) -> Act:
    return lambda tx, event_id: staff_actions.change_role(tx, MINA, event_id, int(person.id), given_role, given=given)


STORY: Final[tuple[Act, ...]] = (
    role(MINA, Role.OWNER),
    role(DINA, Role.MODERATOR),
    asks("ann", 1, "Too early?"),
    steps(Step.ANNOUNCE),
    steps(Step.COLLECT),
    asks("ann", 1, "ומה עם ציבור המורים? 👩‍🏫"),
    asks("ann", 1, "The same key, other words"),
    asks("ann", 2, "What about Taiwan made this possible?", "en"),
    asks("ann", 3, "第三個問題"),
    asks("ann", 4, "Too many in a row"),
    asks("bob", 5, "Buy my watches\u202e!"),
    asks("bob", 6, ""),
    moves_on(1, Action.TAKE, DINA),
    moves_on(1, Action.APPROVE, DINA),
    moves_on(1, Action.APPROVE, DINA, behind=1),
    moves_on(1, Action.DECLINE, DINA, behind=1, code="duplicate"),
    moves_on(2, Action.APPROVE, DINA),
    moves_on(2, Action.EDIT, DINA, edited="What made this possible?"),
    moves_on(3, Action.FLAG, DINA, why="Is it about a court case?"),
    moves_on(4, Action.DECLINE, DINA, code="advertising", why="An advertisement."),
    moves_on(4, Action.UNDO, DINA),
    moves_on(4, Action.HIDE, DINA, code="insulting"),
    voice(1, "bob"),
    voice(1, "cem"),
    voice(1, "bob", on=False),
    voice(1, "ann"),
    voice(4, "cem"),
    lambda tx, event_id: questions.count_seen(tx, event_id, {1: 7, 2: 5}),
    steps(Step.OPEN),
    moves_on(1, Action.SHORTLIST),
    moves_on(2, Action.SHORTLIST),
    moves_on(1, Action.ANSWER),
    writes(1, "כן.", 0, how=None),
    writes(1, "כן, בוודאי.", 1),
    writes(1, "Somebody else was first", 1),
    holds(1, 2),
    lambda tx, event_id: answers.stop(tx, MINA, event_id, 1),
    holds(1, 2),
    lambda tx, event_id: answers.publish_due(replace(tx, now=tx.now + timedelta(seconds=30)), event_id, 1, 1),
    writes(2, "Openness.", 0, how="written"),
    holds(2, 1, seconds=0),
    lambda tx, event_id: answers.correct(tx, MINA, event_id, 2, kind="typo", reason="A letter was missing."),
    writes(2, "Openness!", 1, how="written"),
    holds(2, 2, seconds=0),
    lambda tx, event_id: answers.retract(tx, MINA, event_id, 1, reason="A wrong figure."),
    moves_on(2, Action.HIDE, code="private_person"),
    moves_on(2, Action.UNDO),
    lambda tx, event_id: questions.withdraw(tx, asker("ann"), event_id, 3),
    lambda tx, event_id: event_actions.set_notice(tx, MINA, event_id, "הפסקה קצרה"),
    lambda tx, event_id: event_actions.throw(tx, MINA, event_id, Switch.FROZEN, stopped=True),
    asks("cem", 7, "While it is frozen?"),
    lambda tx, event_id: event_actions.throw(tx, MINA, event_id, Switch.FROZEN, stopped=False),
    role(DINA, Role.MODERATOR, given=False),
    steps(Step.LAST_QUESTIONS),
    steps(Step.CLOSE),
    asks("cem", 8, "Too late?"),
    steps(Step.ARCHIVE),
)


def tell(database: Database) -> tuple[int, list[str]]:
    """The event's number, and how each act was refused; empty: it was done."""
    writer = Writer(database, ticking(), together=1)
    try:
        event_id = writer.run(settle)
        return event_id, [_refusal(writer, act, event_id) for act in STORY]
    finally:
        writer.close()


def _refusal(writer: Writer, act: Act, event_id: int) -> str:
    try:
        writer.run(lambda tx: act(tx, event_id))
    except Refused as refused:
        return refused.code
    return ""
