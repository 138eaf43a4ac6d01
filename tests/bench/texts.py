"""Real answers, compressed once for all who take that, beside the same answers plain: two servers taking turns."""

from collections.abc import Iterator
from typing import Final

from tests.bench.loads import OURS, in_turn, sides
from tests.bench.publisher import ANSWERS
from tests.bench.rows import Row, Size, tell

NAMES: Final = ("compressed",)
MOST_BYTES: Final = 0.5
MOST_CPU: Final = 1.25
TURNS: Final = 4
LATE: Final = 20


def measure(size: Size, only: str | None) -> Iterator[Row]:
    tell(f"real answers to {size.compressed} viewers, plain and compressed")
    with sides(OURS, OURS, texts=ANSWERS, deflate=(False, True)) as (plain, compressed):
        for one in (plain, compressed):
            one.ask(f"open {size.compressed}")
        # Each text is told once; as many are told as there are.
        before, after = in_turn((plain, compressed), "each 5", TURNS)
        compressed.ask(f"open {LATE}")
        late = compressed.ask("each 3")
    saved, dearer = after.bytes_each / before.bytes_each, after.each / before.each
    yield Row(
        "compressed",
        "bytes of a real answer, compressed with shared history",
        f"{after.bytes_each:.0f} of {before.bytes_each:.0f} B, {after.each:.2f} µs{after.faults}{late.faults}",
        saved,
        f"{saved:.0%} of plain's bytes, {dearer:.2f} × plain's CPU ({before.each:.2f} µs)",
        f"≤ {MOST_BYTES:.0%} at ≤ {MOST_CPU} ×",
        saved <= MOST_BYTES and dearer <= MOST_CPU and after.whole and late.whole,
    )
