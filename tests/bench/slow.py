"""Viewers that never read, among very many who do: one server has them, another does not, and they take turns."""

from collections.abc import Iterator
from typing import Final

from tests.bench.fanout import MILLISECONDS
from tests.bench.loads import OURS, in_turn, sides
from tests.bench.rows import Row, Size, tell

NAMES: Final = ("slow",)
MOST: Final = 1.2
PER_SECOND: Final = 2
TURNS: Final = 2
# More than a server may keep for somebody who takes nothing: 256 kB.
FILL: Final = "fill 6 48000"


def measure(size: Size, only: str | None) -> Iterator[Row]:
    tell(f"{size.readers} viewers twice, and {size.silent} that never read")
    with sides(OURS, OURS) as (without, among):
        for one in (without, among):
            one.ask(f"open {size.readers}")
        among.ask(f"silent {size.silent}")
        filled = among.ask(FILL)
        calm, turn = in_turn((without, among), f"rate {PER_SECOND} {size.slow_broadcasts}", TURNS)
    ratio = turn.told["p99"] / max(calm.told["p99"], 1e-6)
    turn.add(filled)
    yield Row(
        "slow",
        f"{size.readers + size.silent:,} viewers, {size.silent:,} of them never reading: p99 of the others",
        f"{turn.told['p99'] * MILLISECONDS:.0f} ms{turn.faults or ', nothing lost'}",
        ratio,
        f"{ratio:.2f} × {calm.told['p99'] * MILLISECONDS:.0f} ms without them",
        f"nothing lost, ≤ {MOST} ×",
        ratio <= MOST and turn.whole,
    )
