"""Who sees what: for each channel and state the type in which a record leaves, or nothing.

Page, socket, replay, feed, post and export all read through these functions; no call site chooses its audience. The
forms themselves stand in `views`.
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final, TypeAlias

from qa.domain import answers, events, questions
from qa.domain.answers import Answer
from qa.domain.events import Doing, Event, Phase, Switch
from qa.domain.questions import Question
from qa.domain.views import (
    PublicAnswer,
    PublicEvent,
    PublicQuestion,
    Receipt,
    RecordRow,
    StaffAnswer,
    StaffEvent,
    StaffQuestion,
    stamp,
    stamp_or_none,
)


class Channel(StrEnum):
    PUBLIC = "public"
    STAFF = "staff"
    ASKER = "asker"


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
        at=stamp(answer.first_at or answer.published_at),
        version=answer.version,
        changed_at=stamp(answer.published_at) if answer.version > 1 else None,
        kind=answer.kind.value if answer.kind else None,
        reason=answer.retract_reason if answer.retracted_at else answer.reason,
        retracted_at=stamp_or_none(answer.retracted_at),
        questions=answer.questions,
        people=answer.people,
    )


def readable_versions(card: Question | None, versions: Iterable[Answer]) -> list[Answer]:
    """The versions that have an address, of all those of an answer, newest first.

    A withdrawal takes with it what was said before: its reason stands at the one address, and no older text.
    """
    readable = []
    for answer in versions:
        if public_version(card, answer):
            readable.append(answer)
        if answer.retracted_at:
            break
    return readable


# The record shows the text of what a moderator has read and found fit to be read, whatever became of it.
_READ_BY_STAFF: Final = frozenset(
    {
        questions.State.APPROVED,
        questions.State.SHORTLISTED,
        questions.State.ANSWERING,
        questions.State.ANSWERED,
        questions.State.DECLINED,
    }
)


def record_row(card: Question, answer: Answer | None) -> RecordRow:
    """A question in the record of a closed event."""
    readable = card.state in _READ_BY_STAFF and card.code not in questions.HIDES_TEXT
    return RecordRow(
        n=card.n,
        text=card.text if readable else None,
        lang=card.lang,
        label=LABELS[card.state],
        code=card.code.value if card.code and card.state in _TOLD_WHY else None,
        asked_at=stamp(card.asked_at),
        at=stamp(card.moved_at),
        voices=card.voices,
        answer=public_answer(card, answer),
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
        "opened_at": stamp_or_none(event.opened_at),
        "closed_at": stamp_or_none(event.closed_at),
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
        publish_at=stamp_or_none(answer.publish_at),
        published_at=stamp_or_none(answer.published_at),
        retracted_at=stamp_or_none(answer.retracted_at),
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
