"""What a query means to a public address, and nothing else of it: so that no made-up name makes new bytes."""

from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import parse_qsl, urlencode

from qa.web import i18n

SEEDS: Final = 64
_LONGEST: Final = 2_000
_MOST_FIELDS: Final = 20


def _number(below: int) -> Callable[[str], str | None]:
    def read(value: str) -> str | None:
        return str(int(value)) if value.isascii() and value.isdecimal() and int(value[:9]) < below else None

    return read


def _cursor(value: str) -> str:
    """A cursor that is no number stays wrong: whoever has it must reload."""
    return value if value.isascii() and value.isdecimal() and len(value) < 16 else "x"


# Each name with how its value is read; None: as if it had not been given.
_VALUES: Final[dict[str, Callable[[str], str | None]]] = {
    "lang": i18n.known,
    "show": lambda value: value if value == "all" else None,
    "version": _number(10_000),
    "seed": _number(SEEDS),
    "after": _cursor,
    "epoch": lambda value: value[:20],
    "q": lambda value: value.strip()[:200] or None,
}


def canonical(names: Sequence[str], raw: bytes) -> bytes:
    """A query as all that mean the same write it: the names that count here, each once, in one order."""
    if not raw:
        return b""
    try:
        pairs = parse_qsl(raw[:_LONGEST].decode("latin-1"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return b""
    given = dict(pairs)
    read = [(name, _VALUES[name](given[name])) for name in names if name in given]
    return urlencode([(name, value) for name, value in read if value is not None]).encode()
