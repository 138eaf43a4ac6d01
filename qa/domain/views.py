"""The forms in which records leave the program: for everybody, for an asker, for staff.

The public forms are written out field by field and have no place for anything private. What is shown in which form,
and to whom, `channels` decides.
"""

from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache, lru_cache
from typing import Any


@lru_cache(maxsize=1_000)
def stamp(at: datetime) -> str:
    """A time as it goes over the wire: ISO 8601, UTC, milliseconds, `Z`."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def stamp_or_none(at: datetime | None) -> str | None:
    return stamp(at) if at else None


@cache
def _names(form: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(form))


def plain(view: Any) -> dict[str, Any]:
    """A form without other forms in it as a dict. Nothing is copied, which makes it ten times as fast as `asdict`."""
    return {name: getattr(view, name) for name in _names(view.__class__)}


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

    `text` is empty once `retracted_at` is set. `at` is when the first version came out, `kind` and `reason` say what
    this one changed (at `changed_at`); versions before it
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
class RecordRow:
    """One question in the record of a closed event. `text` is None where it must not or need not be read.

    Voices are told now that voting is over.
    """

    n: int
    text: str | None
    lang: str
    label: str
    code: str | None
    asked_at: str
    at: str
    voices: int
    answer: PublicAnswer | None


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
