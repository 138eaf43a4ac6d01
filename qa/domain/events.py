"""An event's phases, its switches, and what each permits."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from qa.domain.refusals import Closed, NoSuchMove


class Phase(StrEnum):
    DRAFT = "draft"
    ANNOUNCED = "announced"
    COLLECTING = "collecting"
    LIVE = "live"
    ANSWERING = "answering"
    CLOSED = "closed"
    ARCHIVED = "archived"


class Action(StrEnum):
    ANNOUNCE = "announce"
    COLLECT = "collect"
    OPEN = "open"
    LAST_QUESTIONS = "last_questions"
    RESUME = "resume"
    CLOSE = "close"
    REOPEN = "reopen"
    ARCHIVE = "archive"


class Switch(StrEnum):
    """Graded stops, from light to heavy. Each is thrown and taken back by the host at any time."""

    ASKING = "asking"
    VOTING = "voting"
    PUBLISHING = "publishing"
    FROZEN = "frozen"


@dataclass(frozen=True, slots=True)
class Step:
    """One row: `action` takes the event from `before` to `after`. All of them need `Permission.RUN`."""

    action: Action
    before: Phase
    after: Phase


PHASES: Final[tuple[Step, ...]] = (
    Step(Action.ANNOUNCE, Phase.DRAFT, Phase.ANNOUNCED),
    Step(Action.COLLECT, Phase.ANNOUNCED, Phase.COLLECTING),
    Step(Action.OPEN, Phase.ANNOUNCED, Phase.LIVE),
    Step(Action.OPEN, Phase.COLLECTING, Phase.LIVE),
    Step(Action.LAST_QUESTIONS, Phase.LIVE, Phase.ANSWERING),
    Step(Action.RESUME, Phase.ANSWERING, Phase.LIVE),
    Step(Action.CLOSE, Phase.LIVE, Phase.CLOSED),
    Step(Action.CLOSE, Phase.ANSWERING, Phase.CLOSED),
    Step(Action.REOPEN, Phase.CLOSED, Phase.ANSWERING),
    Step(Action.ARCHIVE, Phase.CLOSED, Phase.ARCHIVED),
)

_BY_KEY: Final = {(step.action, step.before): step for step in PHASES}


def find(action: Action, before: Phase) -> Step:
    """The row for an action from a phase; `NoSuchMove` where there is none."""
    step = _BY_KEY.get((action, before))
    if step is None:
        raise NoSuchMove(action=action.value, before=before.value)
    return step


class Doing(StrEnum):
    """What phases and switches permit or stop."""

    READ = "read"
    ASK = "ask"
    VOICE = "voice"
    SHOW = "show"
    PUBLISH = "publish"
    CORRECT = "correct"


_AFTER_DRAFT: Final = frozenset(Phase) - {Phase.DRAFT}

# Phase by phase what can be done, before any switch. SHOW is a move that puts a question before the audience.
OPEN_IN: Final[dict[Doing, frozenset[Phase]]] = {
    Doing.READ: _AFTER_DRAFT,
    Doing.ASK: frozenset({Phase.COLLECTING, Phase.LIVE}),
    Doing.VOICE: frozenset({Phase.COLLECTING, Phase.LIVE, Phase.ANSWERING}),
    Doing.SHOW: _AFTER_DRAFT,
    Doing.PUBLISH: frozenset({Phase.LIVE, Phase.ANSWERING}),
    Doing.CORRECT: frozenset({Phase.LIVE, Phase.ANSWERING, Phase.CLOSED, Phase.ARCHIVED}),
}

# Which switches stop what. Hiding and retracting stand in no row: they always work.
STOPPED_BY: Final[dict[Doing, tuple[Switch, ...]]] = {
    Doing.READ: (),
    Doing.ASK: (Switch.ASKING, Switch.FROZEN),
    Doing.VOICE: (Switch.VOTING, Switch.FROZEN),
    Doing.SHOW: (Switch.FROZEN,),
    Doing.PUBLISH: (Switch.PUBLISHING, Switch.FROZEN),
    Doing.CORRECT: (Switch.PUBLISHING, Switch.FROZEN),
}

RECORD_PHASES: Final = frozenset({Phase.CLOSED, Phase.ARCHIVED})


@dataclass(frozen=True, slots=True)
class Event:
    """One sitting of an account. `stopped` holds the switches that are thrown; times are UTC, `zone` is an IANA name.

    `burst` and `per_minute` are the token bucket for asking. `rehearsal` is fixed at birth: such an event is marked on
    every page and entry, and only such an event can be rehearsed.
    """

    id: int
    account_id: int
    handle: str
    slug: str
    short: str
    titles: dict[str, str]
    abouts: dict[str, str]
    topics: tuple[dict[str, str], ...]
    languages: tuple[str, ...]
    zone: str
    starts_at: datetime
    ends_at: datetime
    phase: Phase
    stopped: frozenset[Switch]
    notice: str
    opened_at: datetime | None
    closed_at: datetime | None
    rehearsal: bool
    demo: bool
    epoch: str
    version: int
    burst: int
    per_minute: int
    hold_seconds: int
    created_at: datetime


def is_open(phase: Phase, stopped: frozenset[Switch], doing: Doing) -> str:
    """Empty if it can be done now, else why not: `stopped_<switch>` or `phase_<phase>`."""
    for switch in STOPPED_BY[doing]:
        if switch in stopped:
            return f"stopped_{switch.value}"
    return "" if phase in OPEN_IN[doing] else f"phase_{phase.value}"


def require(event: Event, doing: Doing) -> None:
    """Pass, or raise `Closed` with the reason as its code."""
    reason = is_open(event.phase, event.stopped, doing)
    if reason:
        raise Closed(reason)
