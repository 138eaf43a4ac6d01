"""What a rehearsal found, as lines for people and as values for programs."""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from qa.crowd.checking import Findings

SHOWN_FAULTS: Final = 10


@dataclass(frozen=True, slots=True)
class Delays:
    """Milliseconds: the middle, the one that a hundredth exceeds, the longest."""

    count: int
    p50: float
    p99: float
    longest: float


def delays(seconds: "array[float]") -> Delays:
    """The spread of some delays in seconds; zeros if there are none."""
    ordered = sorted(seconds)
    if not ordered:
        return Delays(0, 0.0, 0.0, 0.0)

    def share(part: float) -> float:
        return round(ordered[min(len(ordered) - 1, int(part * len(ordered)))] * 1000, 1)

    return Delays(len(ordered), share(0.5), share(0.99), round(ordered[-1] * 1000, 1))


@dataclass(frozen=True, slots=True)
class Report:
    """`entries` are those of the public log while it was played, `heard` how many of them reached every viewer."""

    event: str
    url: str
    seed: int
    seconds: float
    viewers: int
    askers: int
    asked: int
    acknowledged: int
    refused: int
    logged: int
    entries: int
    heard: int
    voices: int
    ask: Delays
    seen: Delays
    repeats: int
    retries: int
    cuts: int
    reconnects: int
    reloads: int
    desk: dict[str, int]
    findings: Findings = field(default_factory=Findings)

    @property
    def clean(self) -> bool:
        """Something was played, and nothing of it was lost, doubled or out of order."""
        return self.findings.clean and self.acknowledged > 0 and self.entries > 0

    def as_dict(self) -> dict[str, Any]:
        values = {name: getattr(self, name) for name in self.__slots__ if name not in {"ask", "seen", "findings"}}
        spread = {name: _values(getattr(self, name)) for name in ("ask", "seen")}
        faults = {name: _values(self.findings)[name] for name in ("lost", "doubled", "disordered")}
        return {**values, "milliseconds": spread, **faults, "clean": self.clean}

    def lines(self) -> list[str]:
        """A table, then the faults, then one sentence."""
        found = self.findings
        rows = [
            ("event", f"{self.event} at {self.url}, seed {self.seed}, {self.seconds:.0f} s"),
            ("questions", f"{self.asked} asked, {self.acknowledged} acknowledged, {self.logged} in the log"),
            ("refused", f"{self.refused}"),
            ("voices", f"{self.voices} acknowledged"),
            ("desk", ", ".join(f"{count} {name}" for name, count in sorted(self.desk.items())) or "nothing"),
            ("public log", f"{self.entries} entries, {self.heard} of them heard by all {self.viewers} viewers"),
            ("lost", f"{len(found.lost)}"),
            ("doubled", f"{len(found.doubled)}"),
            ("out of order", f"{len(found.disordered)}"),
            ("asked to acknowledged", _spread(self.ask)),
            ("written to seen", _spread(self.seen)),
            ("repeats on purpose", f"{self.repeats}, tried again because of the server: {self.retries}"),
            ("reconnects", f"{self.reconnects}, cut on purpose: {self.cuts}, reloads: {self.reloads}"),
        ]
        table = [f"{name:<23}{value}" for name, value in rows]
        return [*table, *_faults([*found.lost, *found.doubled, *found.disordered]), "", self._verdict()]

    def _verdict(self) -> str:
        if self.clean:
            return "Nothing was lost, doubled or out of order."
        return "NOT CLEAN: see above." if not self.findings.clean else "NOT CLEAN: nothing was played."


def _values(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__slots__}


def _spread(spread: Delays) -> str:
    return f"p50 {spread.p50:.0f} ms, p99 {spread.p99:.0f} ms, longest {spread.longest:.0f} ms ({spread.count} times)"


def _faults(faults: Iterable[str]) -> list[str]:
    told = list(faults)
    more = [f"  … and {len(told) - SHOWN_FAULTS} more"] if len(told) > SHOWN_FAULTS else []
    return [*(f"  {fault}" for fault in told[:SHOWN_FAULTS]), *more]
