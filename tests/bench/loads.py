"""A server with its crowd, the servers of one measurement side by side, and what they spent on what they delivered."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Final

from tests.bench.hub import EVENT
from tests.bench.machine import Server, on_core, serving
from tests.bench.publisher import SHORT

OURS: Final = "tests.bench.hub"
BARE: Final = "tests.bench.bare"
_DELAYS: Final = frozenset({"p50", "p99", "last_p50", "last_p99"})


@dataclass(slots=True)
class Turn:
    """What happened in one or several phases. Counts are sums; delays (seconds) are those of the calmest phase: other
    work on the machine only ever adds to them."""

    cpu: float
    told: dict[str, Any]

    @property
    def each(self) -> float:
        """Microseconds of the server's CPU time for each delivery."""
        return float(self.cpu / max(1, self.told["deliveries"]) * 1e6)

    @property
    def bytes_each(self) -> float:
        return float(self.told["bytes"] / max(1, self.told["deliveries"]))

    @property
    def whole(self) -> bool:
        """Nobody missed anything, or got it twice, or was sent away."""
        return not (self.told["lost"] or self.told["doubled"] or self.told["gone"]) and self.told["deliveries"] > 0

    @property
    def faults(self) -> str:
        return (
            "" if self.whole else f"; {self.told['lost']} lost, {self.told['doubled']} twice, {self.told['gone']} gone"
        )

    def add(self, other: "Turn") -> None:
        self.cpu += other.cpu
        for name, value in other.told.items():
            self.told[name] = min(self.told[name], value) if name in _DELAYS else self.told[name] + value


@dataclass(slots=True)
class Side:
    """A server on the first core, its crowd on the last."""

    server: Server
    crowd: "subprocess.Popen[str]"

    def ask(self, command: str) -> Turn:
        """Give the crowd a command; what it did, and what the server spent on it. RuntimeError if the crowd ended."""
        assert self.crowd.stdin
        assert self.crowd.stdout
        before = self.server.cpu_seconds()
        self.crowd.stdin.write(f"{command}\n")
        self.crowd.stdin.flush()
        answer = self.crowd.stdout.readline()
        if not answer:
            raise RuntimeError(f"the crowd ended at {command!r}: what it said is above")
        return Turn(self.server.cpu_seconds() - before, json.loads(answer))


@contextmanager
def sides(*modules: str, texts: str = SHORT, deflate: Sequence[bool] = ()) -> Iterator[list[Side]]:
    """A server for each module, with a crowd that takes compression where `deflate` says so."""
    with serving(*((module,) for module in modules)) as servers, ExitStack() as stack:
        asked = [*deflate, *(False for _ in modules)]
        yield [Side(server, _crowd(stack, server, texts, wants)) for server, wants in zip(servers, asked, strict=False)]


def _crowd(stack: ExitStack, server: Server, texts: str, deflate: bool) -> "subprocess.Popen[str]":
    """Its standard input ends with the stack, and the crowd with it."""
    told = json.dumps({"port": server.port, "path": f"{EVENT}/live", "texts": texts, "deflate": deflate})
    return stack.enter_context(
        subprocess.Popen(
            [sys.executable, "-m", "tests.bench.viewers", told],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=on_core(-1),  # noqa: PLW1509 - no threads run in what starts it
        )
    )


def in_turn(sides: Sequence[Side], command: str, turns: int) -> list[Turn]:
    """The same for each side, several times, one after the other: a machine that slows down slows all of them."""
    sums = [side.ask(command) for side in sides]
    for _ in range(turns - 1):
        for total, side in zip(sums, sides, strict=True):
            total.add(side.ask(command))
    return sums
