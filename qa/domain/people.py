"""Who acts: a member of the staff, a viewer who asks, or the clock."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from qa.domain.permissions import Role


@dataclass(frozen=True, slots=True)
class Actor:
    """One who acts in one event. `roles` are those held in that event and no other.

    `id` is a person's number as text, or an asker's pseudonym; `initials` is what colleagues see beside a move.
    """

    id: str
    name: str
    initials: str
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True)
class Person:
    """A member of staff, as sign-in and the desk know them. `password` is an argon2id hash or empty (links only)."""

    id: int
    login: str
    name: str
    initials: str
    password: str = field(repr=False)
    disabled_at: datetime | None


CLOCK: Final = Actor("clock", "The clock", "", frozenset({Role.SYSTEM}))


_ASKER: Final = frozenset({Role.ASKER})


def asker(pseudonym: str, name: str = "") -> Actor:
    """A viewer who asks or adds a voice; the pseudonym is the random id in their signed cookie."""
    return Actor(pseudonym, name, "", _ASKER)
