"""Questions and voices over HTTP: rows of the table, from the figures that `tests.bench.writes` measures."""

from collections.abc import Iterator
from typing import Final

from tests.bench import writes
from tests.bench.rows import Row, Size, tell, wanted

NAMES: Final = ("questions", "voices")


def measure(size: Size, only: str | None) -> Iterator[Row]:
    tell("questions and voices over HTTP")
    figures = writes.measure()
    asked, offered, voiced = figures.asked, figures.offered, figures.voiced
    if wanted(["questions"], only):
        yield Row(
            "questions",
            "questions acknowledged (committed with fsync) per CPU-second, over HTTP",
            f"{asked.per_cpu_second:,.0f}, p99 {offered.p99:.0f} ms at {writes.OFFERED:,} a second",
            asked.per_cpu_second,
            "",
            "≥ 2,000, p99 ≤ 250 ms at 1,000/s",
            asked.per_cpu_second >= 2_000 and offered.p99 <= 250,
        )
    if wanted(["voices"], only):
        yield Row(
            "voices",
            "voices per CPU-second, over HTTP",
            f"{voiced.per_cpu_second:,.0f}",
            voiced.per_cpu_second,
            "",
            "≥ 4,000",
            voiced.per_cpu_second >= 4_000,
        )
