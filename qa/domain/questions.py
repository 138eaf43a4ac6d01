"""A question's life: its states, the one table of moves between them, its codes and public labels."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from qa.domain.permissions import Permission
from qa.domain.refusals import Invalid, NoSuchMove


class State(StrEnum):
    RECEIVED = "received"
    IN_REVIEW = "in_review"
    FLAGGED = "flagged"
    APPROVED = "approved"
    SHORTLISTED = "shortlisted"
    ANSWERING = "answering"
    ANSWERED = "answered"
    DECLINED = "declined"
    HIDDEN = "hidden"
    WITHDRAWN = "withdrawn"


class Action(StrEnum):
    ASK = "ask"
    TAKE = "take"
    RELEASE = "release"
    APPROVE = "approve"
    FLAG = "flag"
    DECLINE = "decline"
    HIDE = "hide"
    EDIT = "edit"
    SHORTLIST = "shortlist"
    ANSWER = "answer"
    PUBLISH = "publish"
    WITHDRAW = "withdraw"
    UNDO = "undo"


class Code(StrEnum):
    """Why a question isn't taken, or is hidden."""

    DUPLICATE = "duplicate"
    NOT_A_QUESTION = "not_a_question"
    OFF_TOPIC = "off_topic"
    OTHER_AUTHORITY = "other_authority"
    PRIVATE_PERSON = "private_person"
    COURT_CASE = "court_case"
    ADVERTISING = "advertising"
    INSULTING = "insulting"
    UNLAWFUL = "unlawful"
    TIME_RAN_OUT = "time_ran_out"


# These two are the codes of hiding: the text itself must not be read on. Declining keeps the text readable.
HIDES_TEXT: Final = frozenset({Code.INSULTING, Code.UNLAWFUL, Code.PRIVATE_PERSON})
DECLINE_CODES: Final = tuple(Code)
HIDE_CODES: Final = (Code.INSULTING, Code.UNLAWFUL, Code.PRIVATE_PERSON)


@dataclass(frozen=True, slots=True)
class Move:
    """One row: who holds `needs` may do `action` to a question in `before`, which is then in `after`.

    `own`: only the asker of the question. `before` is None for the first move.
    """

    action: Action
    before: State | None
    after: State
    needs: Permission
    own: bool = False


def _rows(action: Action, befores: str, after: State | None, needs: Permission, own: bool = False) -> tuple[Move, ...]:
    states = [State(name) for name in befores.split()]
    return tuple(Move(action, before, after or before, needs, own) for before in states)


MOVES: Final[tuple[Move, ...]] = (
    Move(Action.ASK, None, State.RECEIVED, Permission.ASK),
    *_rows(Action.TAKE, "received flagged", State.IN_REVIEW, Permission.TRIAGE),
    *_rows(Action.RELEASE, "in_review", State.RECEIVED, Permission.TRIAGE),
    *_rows(Action.RELEASE, "shortlisted", State.APPROVED, Permission.CHOOSE),
    *_rows(Action.RELEASE, "answering", State.SHORTLISTED, Permission.CHOOSE),
    *_rows(Action.APPROVE, "received in_review flagged declined", State.APPROVED, Permission.TRIAGE),
    *_rows(Action.FLAG, "received in_review approved", State.FLAGGED, Permission.TRIAGE),
    *_rows(Action.DECLINE, "received in_review flagged approved shortlisted", State.DECLINED, Permission.TRIAGE),
    *_rows(
        Action.HIDE,
        "received in_review flagged approved shortlisted answering answered declined",
        State.HIDDEN,
        Permission.HIDE,
    ),
    *_rows(Action.EDIT, "received in_review flagged approved shortlisted", None, Permission.TRIAGE),
    *_rows(Action.SHORTLIST, "approved", State.SHORTLISTED, Permission.CHOOSE),
    *_rows(Action.ANSWER, "approved shortlisted", State.ANSWERING, Permission.CHOOSE),
    *_rows(Action.PUBLISH, "shortlisted answering answered", State.ANSWERED, Permission.PUBLISH),
    *_rows(
        Action.WITHDRAW,
        "received in_review flagged approved shortlisted",
        State.WITHDRAWN,
        Permission.WITHDRAW,
        own=True,
    ),
)

_BY_KEY: Final = {(move.action, move.before): move for move in MOVES}

# What undo can't take back: the first move, what the asker did, what every viewer has already read.
FINAL: Final = frozenset({Action.ASK, Action.WITHDRAW, Action.PUBLISH, Action.UNDO})


def find(action: Action, before: State | None) -> Move:
    """The row for an action from a state; `NoSuchMove` (facts: action, before) where there is none."""
    move = _BY_KEY.get((action, before))
    if move is None:
        raise NoSuchMove(action=action.value, before=before.value if before else "")
    return move


def has_move(action: Action, before: State) -> bool:
    """Whether the table has a row for an action from a state."""
    return (action, before) in _BY_KEY


def undo_of(action: Action | None, before: State | None, now: State) -> Move:
    """The row that takes the last move back: the same permission, the states swapped. `NoSuchMove` if it is final."""
    if action is None or action in FINAL or before is None:
        raise NoSuchMove(action=Action.UNDO.value, before=now.value)
    return Move(Action.UNDO, now, before, find(action, before).needs)


def code_for(action: Action, code: str | None) -> Code | None:
    """The reason code an action carries: required for decline and hide, none for any other. Raises `Invalid`."""
    allowed = {Action.DECLINE: DECLINE_CODES, Action.HIDE: HIDE_CODES}.get(action, ())
    if not allowed:
        return None
    if code not in allowed:
        raise Invalid("no_code", field="code")
    return Code(code)


@dataclass(frozen=True, slots=True)
class Question:
    """The whole card, as staff know it. It never leaves for the audience: see `channels`.

    `n` counts from 1 in its event. `original` is what the asker typed, `text` what stands now. `lang` is a BCP 47 tag.
    `holder` is who took it. `place` orders the shortlist. `before` holds what the last move replaced, for undo.
    """

    event_id: int
    n: int
    asker: str
    name: str
    text: str
    original: str
    context: str
    lang: str
    state: State
    version: int
    voices: int
    impressions: int
    asked_at: datetime
    moved_at: datetime
    place: int | None = None
    code: Code | None = None
    why: str = ""
    holder: str = ""
    moved_by: str = ""
    moved_key: str = ""
    last_action: Action | None = None
    before: dict[str, Any] | None = None


# What a move may replace, and undo puts back.
RESTORED: Final = ("state", "text", "code", "why", "holder", "place")
