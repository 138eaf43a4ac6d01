"""Writing an answer: draft, hold slot with Stop, publishing, correcting and retracting as versions."""

from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

from qa.actions import moves
from qa.domain import events, questions, text
from qa.domain.answers import Action, Answer, Correction, State, find, hold_seconds, how_given
from qa.domain.channels import ANSWER_SHOWN, staff_answer
from qa.domain.events import Doing, Event
from qa.domain.people import CLOCK, Actor
from qa.domain.permissions import Permission, Role
from qa.domain.refusals import Invalid, NotFound, Stale
from qa.store import accounts, answers
from qa.store import questions as question_store
from qa.store.writer import Tx


def save(tx: Tx, who: Actor, event_id: int, n: int, *, written: str, how: str | None, lang: str, rev: int) -> Answer:
    """Keep a draft; the first save (rev 0) starts version 1. Saves are no moves: only the first is in the log.

    Raises `Stale` with the draft as it stands if somebody else saved since, `Invalid` (too_long, no_how, no_lang).
    """
    event, role = moves.event_for(tx, who, event_id, Permission.WRITE)
    card = moves.question_in(tx, event_id, n)
    draft = text.take(text.DRAFT, written)
    newest = _newest(tx, event_id, n)
    tag = text.language_tag(lang) if lang else card.lang
    fields: dict[str, Any] = {"text": draft, "how": how_given(how) if how else None, "lang": tag}
    fields |= {"saved_at": tx.now, "saved_by": who.initials}
    if newest is None:
        if rev:
            raise NotFound()
        started = Answer(event_id, n, version=1, state=find(Action.START, None).after, rev=1, **fields)
        return _start(tx, who, role, event, started, "")
    find(Action.SAVE, newest.state)
    if newest.rev != rev:
        raise _stale(newest)
    saved = replace(newest, rev=rev + 1, **fields)
    if not answers.write(tx, saved, newest.state, rev):
        raise _stale(newest)
    return saved


def hold(tx: Tx, who: Actor, event_id: int, n: int, *, rev: int, seconds: int) -> Answer:
    """Send the draft into the hold slot; with 0 seconds it is published at once.

    Raises `Invalid` (empty, no_how, hold_range), `Closed` (phase or switch), `NoSuchMove`, `Stale`.
    """
    event, role = moves.event_for(tx, who, event_id, Permission.PUBLISH)
    draft = _required(tx, event_id, n)
    if draft.state is State.DRAFT and draft.rev != rev:
        raise _stale(draft)
    text.take(text.ANSWER, draft.text)
    how_given(draft.how)
    _require_open(event, draft)
    questions.find(questions.Action.PUBLISH, moves.question_in(tx, event_id, n).state)
    publish_at = tx.now + timedelta(seconds=hold_seconds(seconds))
    held = moves.write_answer(tx, who, role, event, draft, Action.HOLD, publish_at=publish_at)
    return _publish(tx, who, role, event, held) if seconds == 0 else held


def stop(tx: Tx, who: Actor, event_id: int, n: int) -> Answer:
    """Take the answer out of the hold slot: it is a draft again. `NoSuchMove` if it is out already."""
    event, role = moves.event_for(tx, who, event_id, Permission.STOP)
    return moves.write_answer(tx, who, role, event, _required(tx, event_id, n), Action.STOP, publish_at=None)


def publish_due(tx: Tx, event_id: int, n: int, version: int) -> Answer | None:
    """The end of a hold slot. Safe to call twice and from several places: None if there is nothing to publish (yet)."""
    event, role = moves.event_for(tx, CLOCK, event_id, Permission.PUBLISH)
    held = _newest(tx, event_id, n)
    if held is None or held.version != version or held.state is not State.HOLDING or held.publish_at is None:
        return None
    doing = Doing.CORRECT if held.kind else Doing.PUBLISH
    if held.publish_at > tx.now or events.is_open(event.phase, event.stopped, doing):
        return None
    return _publish(tx, CLOCK, role, event, held)


def _publish(tx: Tx, who: Actor, role: Role, event: Event, held: Answer) -> Answer:
    """Answer, question and post in one transaction, and one line for the audience."""
    card = moves.question_in(tx, event.id, held.n)
    before = moves.sight_of(tx, card)
    for earlier in answers.versions(tx.conn, event.id, held.n):
        if earlier.state in ANSWER_SHOWN:
            moves.write_answer(tx, who, role, event, earlier, Action.SUPERSEDE)
    people = question_store.people_behind(tx.conn, event.id, held.n)
    first_at = held.first_at or tx.now
    values: dict[str, Any] = {"published_at": tx.now, "first_at": first_at, "publish_at": None}
    values |= {"questions": 1, "people": people}
    published = moves.write_answer(tx, who, role, event, held, Action.PUBLISH, **values)
    accounts.add_post(tx, event.account_id, event.id, held.n)
    moves.carry_out(tx, who, role, event, card, questions.find(questions.Action.PUBLISH, card.state), before=before)
    return published


def correct(tx: Tx, who: Actor, event_id: int, n: int, *, kind: str, reason: str) -> Answer:
    """Begin the next version as a draft, with the kind of change and the reason that will stand under it.

    Raises `Invalid` (kind, why), `NoSuchMove` while another draft is open.
    """
    event, role = moves.event_for(tx, who, event_id, Permission.WRITE)
    newest = _required(tx, event_id, n)
    row = find(Action.CORRECT, newest.state)
    if kind not in tuple(Correction):
        raise Invalid("no_kind", field="kind")
    why = text.take(text.REASON, reason)
    draft = replace(
        newest,
        version=newest.version + 1,
        state=row.after,
        rev=1,
        saved_at=tx.now,
        saved_by=who.initials,
        kind=Correction(kind),
        reason=why,
        published_at=None,
        retracted_at=None,
        retract_reason="",
    )
    return _start(tx, who, role, event, draft, newest.state.value, why)


def retract(tx: Tx, who: Actor, event_id: int, n: int, *, reason: str) -> Answer:
    """Withdraw the published answer: its text goes from every page, the place and the reason stay.

    A draft of a correction is no obstacle. Raises `Invalid` (why), `NoSuchMove` if nothing is published.
    """
    event, role = moves.event_for(tx, who, event_id, Permission.PUBLISH)
    card = moves.question_in(tx, event_id, n)
    versions = answers.versions(tx.conn, event_id, n)
    if not versions:
        raise NotFound()
    shown = next((answer for answer in versions if answer.state in ANSWER_SHOWN), versions[0])
    find(Action.RETRACT, shown.state)
    why = text.take(text.REASON, reason)
    before = moves.sight_of(tx, card)
    values = {"retracted_at": tx.now, "retract_reason": why}
    retracted = moves.write_answer(tx, who, role, event, shown, Action.RETRACT, why=why, **values)
    moves.announce(tx, event, n, before, moves.sight_of(tx, card))
    return retracted


def _start(tx: Tx, who: Actor, role: Role, event: Event, draft: Answer, before: str, why: str = "") -> Answer:
    answers.add(tx, draft)
    action = Action.CORRECT if before else Action.START
    moves.record_answer(tx, event, draft, moves.made(who, role, action.value, before, draft.state.value, why=why))
    return draft


def _require_open(event: Event, answer: Answer) -> None:
    events.require(event, Doing.CORRECT if answer.kind else Doing.PUBLISH)


def _newest(tx: Tx, event_id: int, n: int) -> Answer | None:
    return next(iter(answers.versions(tx.conn, event_id, n)), None)


def _required(tx: Tx, event_id: int, n: int) -> Answer:
    newest = _newest(tx, event_id, n)
    if newest is None:
        raise NotFound()
    return newest


def _stale(current: Answer) -> Stale:
    view = asdict(staff_answer(current))
    return Stale(current=view, by=current.saved_by, at=view["saved_at"])
