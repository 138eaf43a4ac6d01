"""Viewers that never read, among very many who do: one server has them, another does not, and they take turns."""

from collections.abc import Iterator
from typing import Final

from tests.bench.fanout import MILLISECONDS
from tests.bench.loads import OURS, Side, Turn, sides
from tests.bench.rows import Row, Size, tell

NAMES: Final = ("slow",)
MOST: Final = 1.2
PER_SECOND: Final = 2
TURNS: Final = 3
# Two texts of so many bytes are more than the system keeps for somebody who takes nothing.
FILL: Final = "fill 2 48000"


def measure(size: Size, only: str | None) -> Iterator[Row]:
    tell(f"{size.readers} viewers twice, and {size.silent} that never read")
    with sides(OURS, OURS) as (without, among):
        for one in (without, among):
            one.ask(f"open {size.readers}")
        turns = [_turn(without, among, size) for _ in range(TURNS)]
    (calm, turn, filled), *more = turns
    for calm_too, turn_too, filled_too in more:
        calm.add(calm_too)
        turn.add(turn_too)
        filled.add(filled_too)
    ratio = turn.told["p99"] / max(calm.told["p99"], 1e-6)
    yield Row(
        "slow",
        f"{size.readers + size.silent:,} viewers, {size.silent:,} of them never reading: p99 of the others",
        f"{turn.told['p99'] * MILLISECONDS:.0f} ms{turn.faults}{filled.faults or ', nothing lost'}",
        ratio,
        f"{ratio:.2f} × {calm.told['p99'] * MILLISECONDS:.0f} ms without them",
        f"nothing lost, ≤ {MOST} ×",
        ratio <= MOST and turn.whole and filled.whole,
    )


def _turn(without: Side, among: Side, size: Size) -> tuple[Turn, Turn, Turn]:
    """Without, with, and the filling. Who takes nothing is sent away after ten seconds: others come, and are stuck."""
    command = f"rate {PER_SECOND} {size.slow_broadcasts}"
    calm = without.ask(command)
    among.ask(f"silent {size.silent}")
    filled = among.ask(FILL)
    return calm, among.ask(command), filled
