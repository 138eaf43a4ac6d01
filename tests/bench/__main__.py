"""`make bench`: what the program costs, in CPU time and memory, each figure beside a yardstick of the same run.

Machines differ and are seldom quiet: trust the ratios, which come from turns taken one after the other. The servers
keep to the first core, the crowds to the last. It takes some minutes, and up to 20,000 sockets a process.
"""

import argparse
import select
import sys
from typing import Final

from tests.bench import fanout, micro, pages, slow, texts, written
from tests.bench.machine import described
from tests.bench.rows import Row, Size, as_json, as_text, wanted

PARTS: Final = (fanout, texts, pages, written, slow, micro)
LINUX: Final = hasattr(select, "epoll")
NAMES: Final = tuple(name for part in PARTS for name in part.NAMES)
QUICK: Final = Size(
    viewers=50,
    seconds=0.2,
    turns=1,
    broadcasts=5,
    compressed=50,
    readers=60,
    silent=10,
    slow_broadcasts=2,
    pages=400,
    asked=20,
    writes=False,
)


def measured(size: Size, only: str | None) -> list[Row]:
    """The rows asked for, in the table's order."""
    parts = [part for part in PARTS if wanted(part.NAMES, only) and (size.writes or part is not written)]
    return [row for part in parts for row in part.measure(size, only) if only in {None, row.name}]


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", choices=NAMES, help="one row of the table")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="a few viewers: only to see that everything works")
    asked = parser.parse_args(arguments)
    if not LINUX:
        parser.error("it needs Linux: crowds are read with epoll, and what a server spends stands in /proc")
    machine = described()
    rows = measured(QUICK if asked.quick else Size(), asked.only)
    print((as_json if asked.json else as_text)(machine, rows))  # noqa: T201 - the table


if __name__ == "__main__":
    main(sys.argv[1:])
