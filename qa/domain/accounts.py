"""An official page: a leader or an organisation."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    LEADER = "leader"
    ORGANISATION = "organisation"


@dataclass(frozen=True, slots=True)
class Account:
    """`names` and `abouts` go from language tag to text; `""` is the one shown where no language fits.

    `verified` says in words who runs the page and how that was checked; empty: not verified.
    `demo` marks an account that replays public records and is nobody's official page.
    """

    id: int
    handle: str
    kind: Kind
    names: dict[str, str]
    abouts: dict[str, str]
    office: dict[str, str]
    verified: str
    verified_at: datetime | None
    accent: str
    demo: bool
    created_at: datetime


def in_language(texts: dict[str, str], language: str) -> str:
    """The text for a reader: their tag, its first part, the default."""
    base = language.split("-")[0]
    return texts.get(language) or texts.get(base) or texts.get("") or next(iter(texts.values()), "")
