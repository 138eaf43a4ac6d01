"""Records to hold against the rules: each with all fields filled, so that a field that leaks is seen."""

from datetime import UTC, datetime
from typing import Any, Final

from qa.domain.answers import Answer, How
from qa.domain.answers import State as AnswerState
from qa.domain.events import Event, Phase
from qa.domain.questions import Action, Code, Question, State

AT: Final = datetime(2026, 11, 27, 15, 0, 0, 250_000, tzinfo=UTC)
LATER: Final = datetime(2026, 11, 27, 15, 22, tzinfo=UTC)


def question(**changes: Any) -> Question:
    """A question that went through many hands."""
    values: dict[str, Any] = {
        "event_id": 7,
        "n": 214,
        "asker": "asker-pseudonym",
        "name": "Dina",
        "text": "What about teachers?",
        "original": "what about TEACHERS",
        "context": "I teach.",
        "lang": "en",
        "state": State.APPROVED,
        "version": 4,
        "voices": 17,
        "impressions": 4_100,
        "asked_at": AT,
        "moved_at": LATER,
        "place": 2,
        "code": Code.OFF_TOPIC,
        "why": "staff-why",
        "holder": "HO",
        "moved_by": "MK",
        "moved_key": "moved-key",
        "last_action": Action.APPROVE,
        "before": {"state": "in_review"},
    }
    return Question(**{**values, **changes})


def answer(**changes: Any) -> Answer:
    """A published answer."""
    values: dict[str, Any] = {
        "event_id": 7,
        "n": 214,
        "version": 1,
        "state": AnswerState.PUBLISHED,
        "text": "Teachers were asked first.",
        "lang": "en",
        "how": How.SPOKEN,
        "rev": 9,
        "saved_at": AT,
        "saved_by": "saved-by",
        "published_at": LATER,
        "questions": 1,
        "people": 18,
    }
    return Answer(**{**values, **changes})


def event(**changes: Any) -> Event:
    """An event in its live hour."""
    values: dict[str, Any] = {
        "id": 7,
        "account_id": 3,
        "handle": "audreyt",
        "slug": "open-government",
        "short": "0PEN27",
        "titles": {"": "Open government"},
        "abouts": {},
        "topics": (),
        "languages": ("en", "he"),
        "zone": "Europe/Paris",
        "starts_at": AT,
        "ends_at": LATER,
        "phase": Phase.LIVE,
        "stopped": frozenset(),
        "notice": "",
        "opened_at": AT,
        "closed_at": None,
        "rehearsal": False,
        "demo": True,
        "epoch": "k3v9",
        "version": 3,
        "burst": 3,
        "per_minute": 1,
        "hold_seconds": 20,
        "created_at": AT,
    }
    return Event(**{**values, **changes})
