"""One message to very many viewers: the hub beside a bare loop of `os.write`, taking turns."""

from collections.abc import Iterator
from typing import Final

from tests.bench.loads import BARE, OURS, Side, in_turn, sides
from tests.bench.machine import settle
from tests.bench.rows import Row, Size, tell, wanted

NAMES: Final = ("handshakes", "memory", "latency", "alone", "joined")
WARM: Final = 20
MILLISECONDS: Final = 1_000


def measure(size: Size, only: str | None) -> Iterator[Row]:
    with sides(BARE, OURS) as (bare, ours):
        yield from _opening(bare, ours, size)
        for one in (bare, ours):
            one.ask("window 1 0.3")
        if wanted(["latency"], only):
            yield _latency(bare, ours, size)
        if wanted(["alone"], only):
            yield _deliveries(bare, ours, size, width=1, most=1.15)
        if wanted(["joined"], only):
            yield _deliveries(bare, ours, size, width=4, most=0.45)


def _opening(bare: Side, ours: Side, size: Size) -> Iterator[Row]:
    tell(f"{size.viewers} viewers, twice")
    per_second, memory = [], []
    for one in (bare, ours):
        # The first few bring what is needed once.
        one.ask(f"open {WARM}")
        before = one.server.resident()
        opened = one.ask(f"open {size.viewers - WARM}")
        settle(one.server)
        per_second.append((size.viewers - WARM) / max(opened.cpu, 0.01))
        memory.append((one.server.resident() - before) / size.viewers)
    floor, figure = per_second
    yield Row(
        "handshakes",
        "handshakes per CPU-second",
        f"{figure:,.0f}",
        figure,
        f"{figure / floor:.2f} × {floor:,.0f}",
        "≥ 20,000",
        figure >= 20_000,
    )
    floor, figure = memory
    yield Row(
        "memory",
        f"own memory per idle viewer, {size.viewers:,} of them",
        f"{figure:.2f} KiB",
        figure,
        f"bare loop {floor:.2f} KiB",
        "≤ 0.5 KiB",
        figure <= 0.5,
    )


def _latency(bare: Side, ours: Side, size: Size) -> Row:
    tell("ten broadcasts a second")
    floor, turn = in_turn((bare, ours), f"rate 10 {size.broadcasts}", 1)
    slowest, every, least = (
        figure * MILLISECONDS for figure in (turn.told["last_p99"], turn.told["p99"], floor.told["last_p99"])
    )
    return Row(
        "latency",
        f"publish -> last of {size.viewers:,} viewers at 10 a second, p99 (log commit included)",
        f"{slowest:.0f} ms (of all deliveries {every:.0f} ms){turn.faults}",
        slowest,
        f"{slowest / max(least, 0.1):.2f} × {least:.0f} ms (without a log)",
        "≤ 100 ms",
        slowest <= 100 and turn.whole,
    )


def _deliveries(bare: Side, ours: Side, size: Size, width: int, most: float) -> Row:
    tell(f"broadcasts, {width} under way")
    floor, turn = in_turn((bare, ours), f"window {width} {size.seconds}", size.turns)
    ratio = turn.each / max(floor.each, 0.001)
    return Row(
        "alone" if width == 1 else "joined",
        f"CPU per delivery, {size.viewers:,} viewers, 400 B, " + ("alone" if width == 1 else f"{width} in flight"),
        f"{turn.each:.2f} µs{turn.faults}",
        ratio,
        f"{ratio:.2f} × {floor.each:.2f} µs",
        f"≤ {most} × the bare loop",
        ratio <= most and turn.whole,
    )
