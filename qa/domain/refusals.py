"""Why something was not done, as values a page, an API and a test can all read.

Each refusal has a stable `code`; the words for people stand in the catalogue of the pages.
"""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Refused(Exception):
    """Nothing was changed. `code` says why, `facts` are the numbers and names its sentence needs."""

    code = "refused"

    def __init__(self, code: str | None = None, **facts: Any) -> None:
        super().__init__(code or self.code)
        self.code = code or self.code
        self.facts = facts


class NotFound(Refused):
    """It isn't there, or it isn't yours: the two are told apart nowhere."""

    code = "not_found"


class NotAllowed(Refused):
    """You work here, but not in this role. `facts["needs"]` is the permission that is missing."""

    code = "not_allowed"


class Invalid(Refused):
    """A field can't be taken as it is. `facts["field"]` names it; lengths come in graphemes."""

    code = "invalid"


class Closed(Refused):
    """The event's phase, a switch or a freeze doesn't permit it now. `code` says which."""

    code = "closed"


class TooSoon(Refused):
    """The token bucket is empty. `facts["seconds"]` is the whole number of seconds to wait."""

    code = "too_soon"


class Stale(Refused):
    """Somebody moved it since you looked. `facts["current"]` is the record as it stands now."""

    code = "stale"


class NoSuchMove(Refused):
    """The table of moves has no row for this action from this state."""

    code = "no_such_move"


class Overloaded(Refused):
    """A bounded queue is full; nothing was taken in. `facts["seconds"]` says when to try again."""

    code = "overloaded"


class NotSaved(Refused):
    """The database did not confirm the write. Whether it is there is unknown; repeat it with the same key."""

    code = "not_saved"


def outcome(act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | Refused:
    """What it gives, or why it was refused: in a set, one's refusal is nobody else's."""
    try:
        return act(*args, **kwargs)
    except Refused as refused:
        return refused
