"""`make autobahn`: the cases of the Autobahn test suite, against the `websockets` library and against our own sockets.

A case has two results, how the server behaved and how it closed. The status is 1 if ours fails one that the library
passes. Cases of compression are left out: a server need not compress, and ours does it in a way of its own.
"""

import argparse
import asyncio
import os
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.autobahn.protocol import Protocol
from tests.autobahn.suite import Suite
from tests.eventually import eventually

REFERENCE: Final = "tests.autobahn.echo"
OURS: Final = "tests.live.echo"
SUITE: Final = Path(".tools", "autobahn")
FAILED: Final = frozenset({"FAILED", "WRONG CODE", "UNCLEAN"})
FINE: Final = ("OK", "OK")

Result = tuple[str, str]


def failed(result: Result) -> bool:
    return not FAILED.isdisjoint(result)


@contextmanager
def echoing(module: str) -> Iterator[int]:
    """The port of `python -m module`, until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    with subprocess.Popen([sys.executable, "-m", module], env={**os.environ, "PORT": str(port)}) as process:
        try:
            eventually(lambda: process.poll() is not None or _answers(port), 30)
            yield port
        finally:
            process.terminate()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def play(cases: list[tuple[str, Any]], port: int) -> dict[str, Result]:
    """One case after the other: many are about time."""
    results = {}
    for number, case in cases:
        results[number] = await Protocol(case).run(port)
    return results


async def play_both(cases: list[tuple[str, Any]], ports: tuple[int, ...]) -> list[dict[str, Result]]:
    return await asyncio.gather(*(play(cases, port) for port in ports))


def lines(cases: list[tuple[str, Any]], reference: dict[str, Result], ours: dict[str, Result]) -> Iterator[str]:
    """Every case that is not fine with both; then how many there were of each result."""
    yield f"{'case':<10}{'websockets':<30}{'ours':<30}"
    for number, _ in cases:
        if (reference[number], ours[number]) != (FINE, FINE):
            worse = "worse" if failed(ours[number]) and not failed(reference[number]) else ""
            yield f"{number:<10}{' / '.join(reference[number]):<30}{' / '.join(ours[number]):<30}{worse}"
    for name, results in (("websockets", reference), ("ours", ours)):
        counted = Counter(" / ".join(result) for result in results.values())
        yield f"{name}: {len(results)} cases: " + ", ".join(f"{count} {result}" for result, count in counted.items())


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.autobahn", description=__doc__)
    parser.add_argument("--suite", type=Path, default=SUITE, help="the folder that the package was installed into")
    parser.add_argument("--ours", default=OURS, help="the module that echoes on PORT")
    parser.add_argument("--only", default="", help="cases whose number begins so")
    asked = parser.parse_args(arguments)
    cases = [(number, case) for number, case in Suite(asked.suite).cases() if number.startswith(asked.only)]
    with echoing(REFERENCE) as reference, echoing(asked.ours) as ours:
        results = asyncio.run(play_both(cases, (reference, ours)))
    print("\n".join(lines(cases, *results)))  # noqa: T201 - the report
    return int(any(failed(results[1][number]) and not failed(results[0][number]) for number, _ in cases))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
