"""An answer's life: draft, hold slot, published, then only superseded or retracted; never edited in place."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from qa.domain.permissions import Permission
from qa.domain.refusals import Invalid, NoSuchMove


class State(StrEnum):
    DRAFT = "draft"
    HOLDING = "holding"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"
    RETRACTED = "retracted"


class Action(StrEnum):
    START = "start"
    SAVE = "save"
    HOLD = "hold"
    STOP = "stop"
    PUBLISH = "publish"
    CORRECT = "correct"
    SUPERSEDE = "supersede"
    RETRACT = "retract"


class How(StrEnum):
    """How the answer was given. Every answer says it; there is no default."""

    SPOKEN = "spoken"
    DICTATED = "dictated"
    WRITTEN = "written"
    DELEGATION = "delegation"
    EMBASSY = "embassy"


class Correction(StrEnum):
    """What kind of change a later version makes."""

    TYPO = "typo"
    CLARIFICATION = "clarification"
    CORRECTION = "correction"


HOLD_DEFAULT: Final = 20
HOLD_LONGEST: Final = 60


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the table: `action` takes a version of an answer from `before` to `after` and needs `needs`."""

    action: Action
    before: State | None
    after: State
    needs: Permission


MOVES: Final[tuple[Move, ...]] = (
    Move(Action.START, None, State.DRAFT, Permission.WRITE),
    Move(Action.SAVE, State.DRAFT, State.DRAFT, Permission.WRITE),
    Move(Action.HOLD, State.DRAFT, State.HOLDING, Permission.PUBLISH),
    Move(Action.STOP, State.HOLDING, State.DRAFT, Permission.STOP),
    Move(Action.PUBLISH, State.HOLDING, State.PUBLISHED, Permission.PUBLISH),
    # A correction is a new version that starts as a draft beside the published one, or after a retraction.
    Move(Action.CORRECT, State.PUBLISHED, State.DRAFT, Permission.WRITE),
    Move(Action.CORRECT, State.RETRACTED, State.DRAFT, Permission.WRITE),
    Move(Action.SUPERSEDE, State.PUBLISHED, State.SUPERSEDED, Permission.PUBLISH),
    Move(Action.SUPERSEDE, State.RETRACTED, State.SUPERSEDED, Permission.PUBLISH),
    Move(Action.RETRACT, State.PUBLISHED, State.RETRACTED, Permission.PUBLISH),
)

_BY_KEY: Final = {(move.action, move.before): move for move in MOVES}


def find(action: Action, before: State | None) -> Move:
    """The row for an action from a state; `NoSuchMove` (facts: action, before) where there is none."""
    move = _BY_KEY.get((action, before))
    if move is None:
        raise NoSuchMove(action=action.value, before=before.value if before else "")
    return move


def how_given(value: str | None) -> How:
    """The required line; `Invalid("no_how")` without it."""
    if value not in tuple(How):
        raise Invalid("no_how", field="how")
    return How(value)


def hold_seconds(value: int) -> int:
    """The length of the hold slot, 0 to 60 seconds; `Invalid` outside."""
    if not 0 <= value <= HOLD_LONGEST:
        raise Invalid("hold_range", field="seconds", longest=HOLD_LONGEST)
    return value


@dataclass(frozen=True, slots=True)
class Answer:
    """One version of the answer to question `n`. `rev` counts saves of a draft and guards against two writers.

    `kind` and `reason` stand on versions after the first; `first_at` is when the first one was published. `questions`
    and `people` are what it covers, counted when it was published. All times are UTC.
    """

    event_id: int
    n: int
    version: int
    state: State
    text: str
    lang: str
    how: How | None
    rev: int
    saved_at: datetime
    saved_by: str
    kind: Correction | None = None
    reason: str = ""
    publish_at: datetime | None = None
    published_at: datetime | None = None
    first_at: datetime | None = None
    retracted_at: datetime | None = None
    retract_reason: str = ""
    questions: int = 0
    people: int = 0
