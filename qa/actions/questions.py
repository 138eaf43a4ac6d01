"""What people do to questions: ask, add a voice, withdraw; and what staff do: every move of the desk."""

from collections.abc import Mapping

from qa.actions import moves
from qa.actions.asking import Acknowledged, Asking, asking_by, client_key
from qa.actions.voicing import voice_by
from qa.domain import text
from qa.domain.people import Actor
from qa.domain.permissions import Permission, role_for
from qa.domain.questions import Action, Question, State, code_for, find, undo_of
from qa.domain.refusals import NotFound
from qa.store import events as event_store
from qa.store import questions
from qa.store.writer import Tx

__all__ = ["Acknowledged", "Asking", "ask", "asking_by", "count_seen", "move", "voice", "voice_by", "withdraw"]


def ask(tx: Tx, who: Actor, event_id: int, asking: Asking, secret: bytes) -> Acknowledged:
    """Put a question; `secret` makes its receipt's code.

    Raises `Invalid` (empty, too_long, no_key), `Closed` (phase, switch) or `TooSoon` (facts: seconds).
    A repeat of a known key is acknowledged whatever the phase, and costs nothing.
    """
    return asking_by(who, event_id, asking, secret)(tx)


def voice(tx: Tx, who: Actor, event_id: int, n: int, *, on: bool) -> int:
    """Add "my question too" or take it back, any number of times; returns the question's voices (for staff only).

    Raises `Closed` where voting is not open, `own_question` for the asker, `NotFound` for what is not shown.
    """
    return voice_by(who, event_id, n, on=on)(tx)


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
    key = client_key(key) if key else ""
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
    # As whoever writes in an event: two who held its questions in another order would wait for each other.
    event_store.locked(tx, event_id)
    questions.add_impressions(tx, event_id, counts)
