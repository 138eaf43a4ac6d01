"""What people do to questions: ask, add a voice, withdraw; and what staff do: every move of the desk."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from qa.actions import moves
from qa.domain import channels, codes, events, rates, text
from qa.domain.channels import VOICES_IN
from qa.domain.events import Doing, Event
from qa.domain.people import Actor
from qa.domain.permissions import Permission, Role, role_for
from qa.domain.questions import Action, Question, State, code_for, find, undo_of
from qa.domain.refusals import Closed, Invalid, NotFound, TooSoon
from qa.store import events as event_store
from qa.store import questions
from qa.store.writer import Tx


@dataclass(frozen=True, slots=True)
class Asking:
    """What a client sends. `key` is its own UUID: the answer to a repeat is the first one. `page` is its language."""

    key: str
    text: str
    context: str = ""
    name: str = ""
    page: str = "en"


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The question is on the disk. `repeat`: it was there already."""

    card: Question
    repeat: bool


def ask(tx: Tx, who: Actor, event_id: int, asking: Asking, secret: bytes) -> Acknowledged:
    """Put a question; `secret` makes its receipt's code.

    Raises `Invalid` (empty, too_long, no_key), `Closed` (phase, switch) or `TooSoon` (facts: seconds).
    A repeat of a known key is acknowledged whatever the phase, and costs nothing.
    """
    event, role = _announced(tx, who, event_id, Permission.ASK)
    key = _key(asking.key)
    known = questions.by_key(tx.conn, event_id, key)
    if known:
        return Acknowledged(known, repeat=True)
    events.require(event, Doing.ASK)
    card = _new_question(tx, who, event, asking)
    _take_token(tx, who, event)
    number = event_store.next_number(tx, event_id)
    card = replace(card, n=number)
    receipt = codes.fingerprint(codes.receipt_code(secret, event_id, number))
    questions.add(tx, card, key, receipt)
    # Without the key: who repeats it is given the receipt, and that is the asker's alone.
    move = moves.made(who, role, Action.ASK.value, "", card.state.value)
    moves.record_question(tx, event, card, move, channels.Sight())
    return Acknowledged(card, repeat=False)


def _announced(tx: Tx, who: Actor, event_id: int, permission: Permission) -> tuple[Event, Role]:
    """The event as the audience may know it: a draft is not there."""
    event, role = moves.event_for(tx, who, event_id, permission)
    if events.is_open(event.phase, event.stopped, Doing.READ):
        raise NotFound()
    return event, role


def _key(typed: str) -> str:
    try:
        return str(UUID(typed))
    except ValueError:
        raise Invalid("no_key", field="key") from None


def _new_question(tx: Tx, who: Actor, event: Event, asking: Asking) -> Question:
    written = text.take(text.QUESTION, asking.text)
    return Question(
        event_id=event.id,
        n=0,
        asker=who.id,
        name=text.take(text.NAME, asking.name),
        text=written,
        original=written,
        context=text.take(text.CONTEXT, asking.context),
        lang=text.language_of(written, asking.page),
        state=find(Action.ASK, None).after,
        version=1,
        voices=0,
        impressions=0,
        asked_at=tx.now,
        moved_at=tx.now,
        last_action=Action.ASK,
    )


def _take_token(tx: Tx, who: Actor, event: Event) -> None:
    left, seconds = rates.take(questions.bucket(tx.conn, event.id, who.id), tx.now, event.burst, event.per_minute)
    if seconds:
        raise TooSoon(seconds=seconds)
    questions.count_asked(tx, event.id, who.id, left)


def voice(tx: Tx, who: Actor, event_id: int, n: int, *, on: bool) -> int:
    """Add "my question too" or take it back, any number of times; returns the question's voices (for staff only).

    Raises `Closed` where voting is not open, `own_question` for the asker, `NotFound` for what is not shown.
    """
    event, _ = _announced(tx, who, event_id, Permission.VOICE)
    events.require(event, Doing.VOICE)
    card = moves.question_in(tx, event_id, n)
    if card.state not in VOICES_IN:
        if channels.public_question(card) is None:
            raise NotFound()
        raise Closed("voices_closed")
    if card.asker == who.id:
        raise Closed("own_question")
    return questions.set_voice(tx, event_id, n, who.id, on)


def withdraw(tx: Tx, who: Actor, event_id: int, n: int) -> Question:
    """The asker takes the question back. Again is no error: it is withdrawn."""
    event, role = moves.event_for(tx, who, event_id, Permission.WITHDRAW)
    card = moves.question_in(tx, event_id, n)
    if card.asker != who.id:
        raise NotFound()
    if card.state is State.WITHDRAWN:
        return card
    return moves.carry_out(tx, who, role, event, card, find(Action.WITHDRAW, card.state))


def move(
    tx: Tx,
    who: Actor,
    event_id: int,
    n: int,
    action: Action,
    *,
    seen: int,
    key: str,
    why: str = "",
    code: str | None = None,
    edited: str | None = None,
) -> Question:
    """One verb of the desk. `seen` is the version on the person's screen, `edited` the new text of an edit.

    Raises `Stale` with the card as it stands, `NoSuchMove`, `NotAllowed`, `NotFound`, `Invalid` (key, code, why, text).
    """
    event, _ = moves.event_for(tx, who, event_id, Permission.DESK)
    card = moves.question_in(tx, event_id, n)
    key = _key(key) if key else ""
    if key and card.moved_key == key:
        return card
    if card.version != seen:
        raise moves.stale(card)
    if action in {Action.ASK, Action.PUBLISH, Action.WITHDRAW}:
        raise NotFound()
    before = State(card.before["state"]) if card.before else None
    row = undo_of(card.last_action, before, card.state) if action is Action.UNDO else find(action, card.state)
    role = role_for(who.roles, row.needs)
    reason = text.take(text.REASON if action is Action.FLAG else text.NOTE, why)
    wording = text.take(text.QUESTION, edited) if action is Action.EDIT else None
    return moves.carry_out(
        tx, who, role, event, card, row, key=key, why=reason, code=code_for(action, code), wording=wording
    )


def count_seen(tx: Tx, event_id: int, counts: Mapping[int, int]) -> None:
    """Count how often open questions were put before somebody; it is nobody's move, and in no log."""
    questions.add_impressions(tx, event_id, counts)
