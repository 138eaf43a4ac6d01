"""Real questions, answers and arrival times for the demo, the rehearsal and the tests. Sources: see NOTICE."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from io import StringIO
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Row:
    """A question and what became of it in the demo (`fate`, and a `code` or how the answer was given).

    `first` is the first wording of an answer that was corrected; `why` the reason that its readers see; `source` the
    file of the public record.
    """

    fate: str
    code: str
    how: str
    lang: str
    question: str
    answer: str
    first: str
    why: str
    source: str


@dataclass(frozen=True, slots=True)
class Line:
    """A question alone."""

    lang: str
    question: str


STORIES: Final = ("live", "collecting", "archived")


@cache
def rows(story: str) -> tuple[Row, ...]:
    """The questions of one event of the demo."""
    return tuple(Row(**record) for record in _records(story))


@cache
def questions() -> tuple[Line, ...]:
    """All questions there are, those of the demo first."""
    told = [Line(row.lang, row.question) for story in STORIES for row in rows(story)]
    return (*told, *(Line(record["lang"], record["question"]) for record in _records("more")))


@cache
def arrivals() -> tuple[tuple[int, int], ...]:
    """When 400 petitions came, in seconds from the first, and how many people signed each."""
    return tuple((int(record["second"]), int(record["signatures"])) for record in _records("arrivals"))


@cache
def world() -> dict[str, Any]:
    """The demo's people, accounts and events, with their texts by language."""
    plan: dict[str, Any] = json.loads(_read("world.json"))
    return plan


def _records(name: str) -> Iterator[dict[str, str]]:
    yield from csv.DictReader(StringIO(_read(f"{name}.csv"), newline=""))


def _read(name: str) -> str:
    return (resources.files("qa") / "demo" / name).read_bytes().decode()
