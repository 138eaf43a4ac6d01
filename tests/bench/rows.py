"""The table: what was measured, beside its yardstick of the same run and what is to be reached."""

import json
import sys
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from typing import Final

_TITLES: Final = ("what", "measured", "beside the yardstick", "to reach", "reached")


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: the figures of the README, or just enough to see that it works."""

    viewers: int = 10_000
    seconds: float = 2.0
    turns: int = 5
    broadcasts: int = 60
    compressed: int = 5_000
    readers: int = 18_000
    silent: int = 1_000
    slow_broadcasts: int = 8
    pages: int = 2_000
    asked: int = 400
    writes: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """`name` is what `--only` asks for; `figure` is the number that was compared; `reached` None: nothing is asked."""

    name: str
    what: str
    measured: str
    figure: float
    beside: str = ""
    to_reach: str = ""
    reached: bool | None = None

    def cells(self) -> tuple[str, ...]:
        said = {True: "yes", False: "no", None: ""}[self.reached]
        return (self.what, self.measured, self.beside, self.to_reach, said)


def tell(progress: str) -> None:
    print(progress, file=sys.stderr, flush=True)  # noqa: T201 - it takes minutes: one wants to see it go on


def wanted(names: Collection[str], only: str | None) -> bool:
    return only is None or only in names


def as_text(machine: str, rows: Iterable[Row]) -> str:
    """A table of Markdown, wide enough to be read as it is."""
    lines = [_TITLES, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_TITLES))]
    drawn = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    ruled = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join((machine, "", drawn[0], ruled, *drawn[1:]))


def as_json(machine: str, rows: Iterable[Row]) -> str:
    return json.dumps({"machine": machine, "rows": [asdict(row) for row in rows]}, ensure_ascii=False, indent=1)
