"""Who sees what: for each channel and state the type in which a record leaves, or nothing.

Page, socket, replay, feed, post and export all read through these functions; no call site chooses its audience. The
public types are written out field by field and have no place for anything private.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, TypeAlias

from qa.domain import answers, events, questions
from qa.domain.answers import Answer
from qa.domain.events import Doing, Event, Phase, Switch
from qa.domain.questions import Question


class Channel(StrEnum):
    PUBLIC = "public"
    STAFF = "staff"
    ASKER = "asker"


@dataclass(frozen=True, slots=True)
class PublicQuestion:
    """A question that others can add a voice to, or that was chosen. No voices: counts are hidden while voting is open.

    `place` orders the chosen ones (the lowest is next); `since` is when it came to its state, ISO 8601 in UTC.
    """

    n: int
    text: str
    context: str
    name: str
    lang: str
    state: str
    edited: bool
    place: int | None
    since: str


@dataclass(frozen=True, slots=True)
class PublicAnswer:
    """A published answer with its question: what a card on the page, a post, a feed entry and the record show.

    `text` is empty once `retracted_at` is set. `kind` and `reason` say what this version changed; versions before it
    stay at their own address. Times are ISO 8601 in UTC.
    """

    n: int
    question: PublicQuestion
    text: str
    lang: str
    how: str
    at: str
    version: int
    changed_at: str | None
    kind: str | None
    reason: str
    retracted_at: str | None
    questions: int
    people: int


@dataclass(frozen=True, slots=True)
class PublicEvent:
    """What everybody may know of an event. `opened_at` is the opening: a fact, not only a push."""

    handle: str
    slug: str
    short: str
    titles: dict[str, str]
    phase: str
    starts_at: str
    ends_at: str
    zone: str
    opened_at: str | None
    closed_at: str | None
    asking: str
    voting: str
    frozen: bool
    notice: str
    rehearsal: bool


@dataclass(frozen=True, slots=True)
class StaffEvent(PublicEvent):
    """The event for its staff, drafts included; `stopped` names the switches that are thrown."""

    version: int
    stopped: list[str]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the asker of a question sees of it: always their own text, the state as a public label, and the reason."""

    n: int
    text: str
    context: str
    name: str
    lang: str
    label: str
    code: str | None
    why: str
    since: str
    asked_at: str
    can_withdraw: bool


@dataclass(frozen=True, slots=True)
class StaffQuestion:
    """The whole card for the desk; the asker is a four-letter mark, enough to tell two apart."""

    n: int
    asker: str
    name: str
    text: str
    original: str
    context: str
    lang: str
    state: str
    version: int
    voices: int
    impressions: int
    asked_at: str
    moved_at: str
    place: int | None
    code: str | None
    why: str
    holder: str
    moved_by: str
    last_action: str | None


@dataclass(frozen=True, slots=True)
class StaffAnswer:
    """One version of an answer as its writers see it, drafts included."""

    n: int
    version: int
    state: str
    text: str
    lang: str
    how: str | None
    rev: int
    saved_at: str
    saved_by: str
    kind: str | None
    reason: str
    publish_at: str | None
    published_at: str | None
    retracted_at: str | None
    retract_reason: str


def stamp(at: datetime) -> str:
    """A time as it goes over the wire: ISO 8601, UTC, milliseconds, `Z`."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _stamp(at: datetime | None) -> str | None:
    return stamp(at) if at else None


def as_public(card: Question) -> PublicQuestion:
    return PublicQuestion(
        n=card.n,
        text=card.text,
        context=card.context,
        name=card.name,
        lang=card.lang,
        state=card.state.value,
        edited=card.text != card.original,
        place=card.place,
        since=stamp(card.moved_at),
    )


# The label an asker reads. An asker is told that a moderator has it, not which of them or that a colleague was asked.
LABELS: Final[dict[questions.State, str]] = {
    questions.State.RECEIVED: "received",
    questions.State.IN_REVIEW: "with_moderators",
    questions.State.FLAGGED: "with_moderators",
    questions.State.APPROVED: "open",
    questions.State.SHORTLISTED: "chosen",
    questions.State.ANSWERING: "now",
    questions.State.ANSWERED: "answered",
    questions.State.DECLINED: "not_taken",
    questions.State.HIDDEN: "not_taken",
    questions.State.WITHDRAWN: "withdrawn",
}

_TOLD_WHY: Final = frozenset({questions.State.DECLINED, questions.State.HIDDEN})


def as_receipt(card: Question) -> Receipt:
    withdrawable = any(
        move.action is questions.Action.WITHDRAW and move.before is card.state for move in questions.MOVES
    )
    return Receipt(
        n=card.n,
        text=card.original,
        context=card.context,
        name=card.name,
        lang=card.lang,
        label=LABELS[card.state],
        code=card.code.value if card.code and card.state in _TOLD_WHY else None,
        why=card.why if card.state is questions.State.DECLINED else "",
        since=stamp(card.moved_at),
        asked_at=stamp(card.asked_at),
        can_withdraw=withdrawable,
    )


def as_staff(card: Question) -> StaffQuestion:
    return StaffQuestion(
        n=card.n,
        asker=card.asker[:4],
        name=card.name,
        text=card.text,
        original=card.original,
        context=card.context,
        lang=card.lang,
        state=card.state.value,
        version=card.version,
        voices=card.voices,
        impressions=card.impressions,
        asked_at=stamp(card.asked_at),
        moved_at=stamp(card.moved_at),
        place=card.place,
        code=card.code.value if card.code else None,
        why=card.why,
        holder=card.holder,
        moved_by=card.moved_by,
        last_action=card.last_action.value if card.last_action else None,
    )


View: TypeAlias = Callable[[Question], PublicQuestion | StaffQuestion | Receipt]


def _row(public: View | None) -> dict[Channel, View | None]:
    return {Channel.PUBLIC: public, Channel.STAFF: as_staff, Channel.ASKER: as_receipt}


SEEN_BY: Final[dict[questions.State, dict[Channel, View | None]]] = {
    questions.State.RECEIVED: _row(None),
    questions.State.IN_REVIEW: _row(None),
    questions.State.FLAGGED: _row(None),
    questions.State.APPROVED: _row(as_public),
    questions.State.SHORTLISTED: _row(as_public),
    questions.State.ANSWERING: _row(as_public),
    # From here on the question is read on its answer's card.
    questions.State.ANSWERED: _row(None),
    questions.State.DECLINED: _row(None),
    questions.State.HIDDEN: _row(None),
    questions.State.WITHDRAWN: _row(None),
}

# Answers: the versions the public sees, given that the question is answered. A superseded one has an address of its
# own (`public_version`) and is never the card.
ANSWER_SHOWN: Final = frozenset({answers.State.PUBLISHED, answers.State.RETRACTED})
ANSWER_READABLE: Final = ANSWER_SHOWN | {answers.State.SUPERSEDED}

VOICES_IN: Final = frozenset({questions.State.APPROVED, questions.State.SHORTLISTED})


def public_question(card: Question | None) -> PublicQuestion | None:
    """The question as the audience's list shows it, or None."""
    view = SEEN_BY[card.state][Channel.PUBLIC] if card else None
    shown = view(card) if view and card else None
    return shown if isinstance(shown, PublicQuestion) else None


def public_answer(card: Question | None, answer: Answer | None) -> PublicAnswer | None:
    """The answer's card, or None while it is a draft, in the hold slot, or its question hidden."""
    if answer is None or answer.state not in ANSWER_SHOWN:
        return None
    return public_version(card, answer)


def public_version(card: Question | None, answer: Answer | None) -> PublicAnswer | None:
    """Any version that was once published, at its own address; a retracted one without its text."""
    if card is None or answer is None or card.state is not questions.State.ANSWERED:
        return None
    if answer.state not in ANSWER_READABLE or answer.published_at is None or answer.how is None:
        return None
    return PublicAnswer(
        n=card.n,
        question=as_public(card),
        text="" if answer.retracted_at else answer.text,
        lang=answer.lang,
        how=answer.how.value,
        at=stamp(answer.published_at),
        version=answer.version,
        changed_at=stamp(answer.published_at) if answer.version > 1 else None,
        kind=answer.kind.value if answer.kind else None,
        reason=answer.retract_reason if answer.retracted_at else answer.reason,
        retracted_at=_stamp(answer.retracted_at),
        questions=answer.questions,
        people=answer.people,
    )


def public_event(event: Event) -> PublicEvent | None:
    """The event as everybody may know it; None while it is a draft."""
    return None if event.phase is Phase.DRAFT else PublicEvent(**_facts(event))


def staff_event(event: Event) -> StaffEvent:
    """The event for its staff."""
    return StaffEvent(**_facts(event), version=event.version, stopped=sorted(event.stopped))


def _facts(event: Event) -> dict[str, Any]:
    return {
        "handle": event.handle,
        "slug": event.slug,
        "short": event.short,
        "titles": event.titles,
        "phase": event.phase.value,
        "starts_at": stamp(event.starts_at),
        "ends_at": stamp(event.ends_at),
        "zone": event.zone,
        "opened_at": _stamp(event.opened_at),
        "closed_at": _stamp(event.closed_at),
        "asking": events.is_open(event.phase, event.stopped, Doing.ASK),
        "voting": events.is_open(event.phase, event.stopped, Doing.VOICE),
        "frozen": Switch.FROZEN in event.stopped,
        "notice": event.notice,
        "rehearsal": event.rehearsal,
    }


def staff_answer(answer: Answer) -> StaffAnswer:
    """A version of an answer for its writers."""
    return StaffAnswer(
        n=answer.n,
        version=answer.version,
        state=answer.state.value,
        text=answer.text,
        lang=answer.lang,
        how=answer.how.value if answer.how else None,
        rev=answer.rev,
        saved_at=stamp(answer.saved_at),
        saved_by=answer.saved_by,
        kind=answer.kind.value if answer.kind else None,
        reason=answer.reason,
        publish_at=_stamp(answer.publish_at),
        published_at=_stamp(answer.published_at),
        retracted_at=_stamp(answer.retracted_at),
        retract_reason=answer.retract_reason,
    )


@dataclass(frozen=True, slots=True)
class Sight:
    """All that the audience could see of one question at one moment."""

    question: PublicQuestion | None = None
    answer: PublicAnswer | None = None


def sight(card: Question | None, answer: Answer | None) -> Sight:
    return Sight(public_question(card), public_answer(card, answer))


def announcements(before: Sight, after: Sight) -> list[tuple[str, dict[str, Any]]]:
    """The public entries, as (type, data), that lead a page from one sight to the next. Empty: nothing to tell."""
    entries: list[tuple[str, dict[str, Any]]] = []
    if before.question != after.question:
        if after.question:
            entries.append(("question.shown", asdict(after.question)))
        elif before.question:
            entries.append(("question.removed", {"n": before.question.n}))
    if before.answer != after.answer:
        if after.answer:
            entries.append((_answer_type(before.answer, after.answer), asdict(after.answer)))
        elif before.answer:
            entries.append(("answer.removed", {"n": before.answer.n}))
    return entries


def _answer_type(before: PublicAnswer | None, after: PublicAnswer) -> str:
    if after.retracted_at:
        return "answer.retracted"
    return "answer.corrected" if before else "answer.published"
