"""The checker: what was acknowledged is in the log once, and everybody heard every entry once and in order.

Nothing here talks to a server: it is given what was sent and what was heard, so that tests can seed it with faults.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from qa.domain.snapshot import Json, fold


@dataclass(slots=True)
class Sent:
    """A question as its asker knows it: a mark that only it carries, and every number it was acknowledged with."""

    mark: str
    numbers: set[int] = field(default_factory=set)
    refused: str = ""


@dataclass(slots=True)
class Part:
    """What one listener heard from a cursor on; a snapshot taken in between begins a new part."""

    after: int
    seqs: list[int] = field(default_factory=list)

    @property
    def last(self) -> int:
        return max(self.seqs, default=self.after)


@dataclass(slots=True)
class Heard:
    """One listener: a viewer, or the desk."""

    who: str
    parts: list[Part] = field(default_factory=list)

    @property
    def cursor(self) -> int:
        """The newest entry it knows; -1 if it never got in."""
        return self.parts[-1].last if self.parts else -1


@dataclass(slots=True)
class Findings:
    """Sentences, one for each fault."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    disordered: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not (self.lost or self.doubled or self.disordered)


def check_questions(
    findings: Findings, sent: Iterable[Sent], logged: Iterable[tuple[int, str]], kept: Iterable[int]
) -> None:
    """`logged` are (number, mark) of every question in the staff's log, `kept` the numbers in the staff's snapshot."""
    numbers: dict[str, list[int]] = {}
    for n, mark in logged:
        numbers.setdefault(mark, []).append(n)
    there = Counter(kept)
    findings.doubled += [f"{mark} is in the log as {ns}" for mark, ns in numbers.items() if len(ns) > 1]
    findings.doubled += [f"number {n} is there {times} times" for n, times in there.items() if times > 1]
    for question in sent:
        if len(question.numbers) > 1:
            findings.doubled.append(f"{question.mark} was acknowledged as {sorted(question.numbers)}")
        for n in question.numbers:
            if n not in numbers.get(question.mark, []):
                findings.lost.append(f"{question.mark} was acknowledged as {n} and is not in the log")
            elif n not in there:
                findings.lost.append(f"{question.mark} is in the log as {n} and not at the desk")


def check_heard(findings: Findings, listeners: Iterable[Heard], head: int) -> None:
    """Everybody heard each entry up to `head` once, and none before an earlier one."""
    for heard in listeners:
        if not heard.parts:
            findings.lost.append(f"{heard.who} never got in")
            continue
        for part, following in zip(heard.parts, [*heard.parts[1:], None], strict=True):
            _check_part(findings, heard.who, part, part.last if following else max(head, part.last))


def _check_part(findings: Findings, who: str, part: Part, until: int) -> None:
    counts = Counter(part.seqs)
    missing = [seq for seq in range(part.after + 1, until + 1) if seq not in counts]
    if missing:
        findings.lost.append(f"{who} did not hear {_span(missing)}")
    repeated = [seq for seq, times in counts.items() if times > 1 or seq <= part.after]
    if repeated:
        findings.doubled.append(f"{who} heard {_span(repeated)} again")
    swapped = [later for earlier, later in pairwise(part.seqs) if later < earlier]
    if swapped:
        findings.disordered.append(f"{who} heard {_span(swapped)} late")


def _span(seqs: Sequence[int]) -> str:
    named = ", ".join(map(str, seqs[:5]))
    return f"entries {named}" if len(seqs) <= 5 else f"{len(seqs)} entries ({named}, …)"


def check_voices(findings: Findings, given: Iterable[tuple[int, int]], counted: Mapping[int, int]) -> None:
    """`given` are the acknowledged (asker, number), `counted` the voices by number in the staff's snapshot."""
    expected = Counter(n for _, n in set(given))
    for n in sorted({*expected, *counted}):
        short = expected[n] - counted.get(n, 0)
        if short > 0:
            findings.lost.append(f"question {n} lost {short} voices")
        elif short < 0:
            findings.doubled.append(f"question {n} has {-short} voices too many")


def check_page(findings: Findings, before: Json, entries: Iterable[Json], after: Json) -> None:
    """The page as it was, with the entries that were heard, is the page as it is."""
    try:
        page = fold(before, entries)
    except ValueError as gap:
        findings.lost.append(f"nobody heard what leads to the last page: {gap}")
        return
    for part in ("event", "questions", "answers"):
        if page["seq"] != after["seq"] or page[part] != after[part]:
            findings.lost.append(f"the page made of the entries up to {page['seq']} has other {part} than the server's")


def heard_by_all(listeners: Sequence[Heard], start: int, head: int) -> int:
    """How many of the entries after `start`, up to `head`, reached every listener, in a frame or in a snapshot."""
    missed: set[int] = set()
    for heard in listeners:
        known = {seq for part in heard.parts for seq in part.seqs}
        for part, following in pairwise(heard.parts):
            known.update(range(part.last + 1, following.after + 1))
        missed.update(seq for seq in range(start + 1, head + 1) if seq not in known)
    return head - start - len(missed)
