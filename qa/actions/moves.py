"""The one door through which a question, an answer or an event changes: it writes, and tells each channel of it.

Every function here runs inside the caller's transaction. The staff's line holds who, in which role, from, to, why and
the version that was seen; the audience's lines come from what the audience could see before and after.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any

from qa.domain import answers as answer_rules
from qa.domain import channels, events
from qa.domain.answers import Answer
from qa.domain.channels import Channel
from qa.domain.events import Doing, Event
from qa.domain.people import CLOCK, Actor
from qa.domain.permissions import Permission, Role, role_for
from qa.domain.questions import RESTORED, Action, Code, Move, Question, State, has_move
from qa.domain.refusals import NotFound, Stale
from qa.domain.views import plain, stamp
from qa.store import answers, log, questions
from qa.store import events as event_store
from qa.store.writer import Tx


@dataclass(frozen=True, slots=True)
class Made:
    """A move as the log keeps it. `seen` is the version the person saw, `key` the client's, for repeats."""

    action: str
    by: str
    initials: str
    role: str
    before: str
    after: str
    why: str = ""
    code: str | None = None
    seen: int | None = None
    key: str = ""


def made(who: Actor, role: Role, action: str, before: str, after: str, **more: Any) -> Made:
    # Of an asker the log keeps the mark, not the whole pseudonym: that one is in their cookie.
    by = who.id[:4] if role is Role.ASKER else who.id
    return Made(action, by, who.initials, role.value, before, after, **more)


def event_for(tx: Tx, who: Actor, event_id: int, permission: Permission) -> tuple[Event, Role]:
    """The event, held until the commit, and the role in which `who` may do this; else `NotFound` or `NotAllowed`."""
    event = event_store.locked(tx, event_id)
    if event is None:
        raise NotFound()
    return event, role_for(who.roles, permission)


def audience_role(event: Event, who: Actor, permission: Permission) -> Role:
    """The role in which somebody may do this in an event as the audience knows it: a draft is not there."""
    role = role_for(who.roles, permission)
    if events.is_open(event.phase, event.stopped, Doing.READ):
        raise NotFound()
    return role


def question_in(tx: Tx, event_id: int, n: int) -> Question:
    card = questions.get(tx.conn, event_id, n)
    if card is None:
        raise NotFound()
    return card


def sight_of(tx: Tx, card: Question | None) -> channels.Sight:
    """What the audience sees of a question and its answer as the database now has them."""
    if card is None:
        return channels.Sight()
    versions = answers.versions(tx.conn, card.event_id, card.n)
    shown = next((answer for answer in versions if answer.state in channels.ANSWER_SHOWN), None)
    return channels.sight(card, shown)


def carry_out(
    tx: Tx,
    who: Actor,
    role: Role,
    event: Event,
    card: Question,
    row: Move,
    *,
    before: channels.Sight | None = None,
    key: str = "",
    why: str = "",
    code: Code | None = None,
    wording: str | None = None,
) -> Question:
    """Do the move of a row to a card: write it over the version at hand, and tell everybody whom it concerns.

    `before` is what the audience saw of it, where the caller has already changed its answer. Raises `Stale`.
    """
    before = before or sight_of(tx, card)
    after = _moved(tx, who, card, row, key=key, why=why, code=code, wording=wording)
    if not questions.write(tx, after, card.version):
        raise stale(question_in(tx, card.event_id, card.n))
    reason = code.value if code else None
    states = (card.state.value, after.state.value)
    move = made(who, role, row.action.value, *states, why=why, code=reason, seen=card.version, key=key)
    record_question(tx, event, after, move, before)
    if not has_move(Action.PUBLISH, after.state):
        _stop_holding(tx, event, after.n)
    return after


def _moved(
    tx: Tx, who: Actor, card: Question, row: Move, *, key: str, why: str, code: Code | None, wording: str | None
) -> Question:
    """The card after a move."""
    after = replace(
        card,
        state=row.after,
        version=card.version + 1,
        moved_at=tx.now,
        moved_by=who.initials,
        moved_key=key,
        last_action=row.action,
        text=wording or card.text,
        code=code,
        why=why,
        holder=_holder(who, card, row),
        place=_place(tx, card, row),
        before=_kept(card),
    )
    if row.action is Action.UNDO and card.before:
        after = replace(after, before=None, **_restored(card.before))
    return after


def _holder(who: Actor, card: Question, row: Move) -> str:
    if row.action is Action.TAKE:
        return who.initials
    return card.holder if row.after is card.state else ""


def _place(tx: Tx, card: Question, row: Move) -> int | None:
    """The run order: last when it is chosen, kept while it is answered, none otherwise."""
    if row.after not in {State.SHORTLISTED, State.ANSWERING}:
        return None
    return card.place or questions.last_place(tx.conn, card.event_id) + 1


def _kept(card: Question) -> dict[str, Any]:
    values = {name: getattr(card, name) for name in RESTORED}
    return {**values, "state": card.state.value, "code": card.code.value if card.code else None}


def _restored(kept: dict[str, Any]) -> dict[str, Any]:
    return {**kept, "state": State(kept["state"]), "code": Code(kept["code"]) if kept["code"] else None}


def _stop_holding(tx: Tx, event: Event, n: int) -> None:
    """A question that was taken off the line takes its answer out of the hold slot."""
    for answer in answers.versions(tx.conn, event.id, n):
        if answer.state is answer_rules.State.HOLDING:
            write_answer(tx, CLOCK, Role.SYSTEM, event, answer, answer_rules.Action.STOP, publish_at=None)


def write_answer(
    tx: Tx,
    who: Actor,
    role: Role,
    event: Event,
    answer: Answer,
    action: answer_rules.Action,
    *,
    why: str = "",
    **values: Any,
) -> Answer:
    """Do the move of a row to a version of an answer, with new values, and tell the staff. Raises `Stale`."""
    row = answer_rules.find(action, answer.state)
    after = replace(answer, state=row.after, **values)
    if not answers.write(tx, after, answer.state, answer.rev):
        raise Stale()
    move = made(who, role, action.value, answer.state.value, row.after.value, why=why, seen=answer.rev)
    record_answer(tx, event, after, move)
    return after


def record_question(tx: Tx, event: Event, card: Question, move: Made, before: channels.Sight) -> None:
    """Append a question's move for the staff, and for the audience what it changed before their eyes."""
    log.append_all(tx, event.id, lines_of(event, card, move, before, sight_of(tx, card)))


def lines_of(event: Event, card: Question, move: Made, before: channels.Sight, after: channels.Sight) -> list[log.Line]:
    """What the channels hear of a question's move. Raises `Closed` for what a frozen page may not gain."""
    _require_frozen_page(event, before, after)
    data = {"question": plain(channels.as_staff(card)), "move": plain(move)}
    return [log.Line(Channel.STAFF, "question.moved", data, card.n), *_announcements(card.n, before, after)]


def announce(tx: Tx, event: Event, n: int, before: channels.Sight, after: channels.Sight) -> None:
    log.append_all(tx, event.id, _announcements(n, before, after))


def _announcements(n: int, before: channels.Sight, after: channels.Sight) -> list[log.Line]:
    return [log.Line(Channel.PUBLIC, type_, data, n) for type_, data in channels.announcements(before, after)]


def _require_frozen_page(event: Event, before: channels.Sight, after: channels.Sight) -> None:
    """A frozen page may lose things, never gain them: neither a question nor, by undoing, an answer."""
    gained = after.question not in (None, before.question) or after.answer not in (None, before.answer)
    if gained:
        events.require(event, Doing.SHOW)


def stale(current: Question) -> Stale:
    return Stale(current=asdict(channels.as_staff(current)), by=current.moved_by, at=stamp(current.moved_at))


def record_answer(tx: Tx, event: Event, answer: Answer, move: Made) -> None:
    """Append an answer's move for the staff. What the audience gets of it comes with the question's move."""
    data = {"answer": asdict(channels.staff_answer(answer)), "move": asdict(move)}
    log.append(tx, event.id, Channel.STAFF, "answer.moved", data, n=answer.n)


def record_event(tx: Tx, event: Event, move: Made, public_type: str = "event.changed") -> None:
    """Append an event's move for the staff and, once it is announced, for everybody."""
    data = {"event": asdict(channels.staff_event(event)), "move": asdict(move)}
    log.append(tx, event.id, Channel.STAFF, "event.moved", data)
    if shown := channels.public_event(event):
        log.append(tx, event.id, Channel.PUBLIC, public_type, asdict(shown))
