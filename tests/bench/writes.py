"""What a question and a voice cost over HTTP: the real server in a process of its own, a crowd in another.

`python -m tests.bench.writes` prints a table. The server is `qa run`: SQLite with its fsyncs, one process, one core.
The crowd has the other core, keep-alive connections from many addresses, a cookie and a key for each person, and sends
the headers that browsers send. CPU time is the server's own, of all its threads, as the system counts it.
"""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from urllib.error import URLError
from urllib.request import urlopen

from qa.domain.questions import Action
from qa.store.database import Database
from qa.store.migrations.run import upgrade
from qa.store.writer import Writer
from qa.web.site import now
from tests.bench.write_crowd import OPEN
from tests.eventually import eventually
from tests.serving import SECRET, free_port
from tests.world import World

# Of several turns the median: machines are seldom quiet.
TURNS: Final = 3
QUESTIONS: Final = 5_000
VOICES: Final = 10_000
OFFERED: Final = 1_000
OFFERED_SECONDS: Final = 8
_TICKS: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Turn:
    """What one crowd did: answers per CPU-second of the server, and milliseconds from when a request was due."""

    per_cpu_second: float
    seconds: float
    p50: float
    p99: float
    statuses: dict[str, int]


@dataclass(frozen=True, slots=True)
class Figures:
    """`asked` and `voiced`: as fast as they are answered, the middle turn. `offered`: `OFFERED` questions a second.

    `busy` is the machine's load before it began: how many others wanted a core.
    """

    asked: Turn
    voiced: Turn
    offered: Turn
    busy: float


@dataclass(frozen=True, slots=True)
class Server:
    pid: int
    port: int

    def cpu_seconds(self) -> float:
        """User and system time of all its threads, so far."""
        times = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        return sum(map(int, times)) / _TICKS

    def crowd(self, doing: str, count: int, rate: int = 0) -> Turn:
        """Let a crowd `ask` or `voice` so often, in all; with a rate, so often a second."""
        command = [sys.executable, "-m", "tests.bench.write_crowd", doing, str(self.port), str(count), str(rate)]
        before = self.cpu_seconds()
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True, preexec_fn=_on_core(-1))
        spent = self.cpu_seconds() - before
        told = json.loads(done.stdout)
        hundredths = statistics.quantiles(told["milliseconds"], n=100)
        good = sum(number for status, number in told["statuses"].items() if status in {"200", "201"})
        return Turn(good / spent, told["seconds"], hundredths[49], hundredths[98], told["statuses"])


def measure() -> Figures:
    """All figures, from one server on a file that is thrown away."""
    busy = os.getloadavg()[0]
    with serving() as server:
        asked, voiced = [], []
        for _ in range(TURNS):
            asked.append(server.crowd("ask", QUESTIONS))
            voiced.append(server.crowd("voice", VOICES))
        offered = server.crowd("ask", OFFERED * OFFERED_SECONDS, OFFERED)
    return Figures(_middle(asked), _middle(voiced), offered, busy)


def _middle(turns: list[Turn]) -> Turn:
    return sorted(turns, key=lambda turn: turn.per_cpu_second)[len(turns) // 2]


@contextmanager
def serving() -> Iterator[Server]:
    """The application with a live event at `/@bench/bench`, and open questions to add voices to."""
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/bench.db"
        _prepare(url)
        port = free_port()
        environ = {**os.environ, "DATABASE_URL": url, "SECRET_KEY": SECRET, "PORT": str(port)}
        with (
            Path(folder, "log").open("w") as log,
            subprocess.Popen(
                [sys.executable, "-m", "qa", "run"],
                env=environ,
                stderr=log,
                preexec_fn=_on_core(0),  # noqa: PLW1509 - nothing else runs here
            ) as process,
        ):
            try:
                eventually(partial(_answers, f"http://127.0.0.1:{port}/readyz"))
                yield Server(process.pid, port)
            finally:
                process.terminate()


def _prepare(url: str) -> None:
    upgrade(url)
    with closing(Database(url)) as database, closing(Writer(database, now)) as writer:
        world = World(database, writer)
        world.account("bench")
        event = world.event("bench")
        for number in range(OPEN):
            world.move(world.ask(event, f"Question {number}?"), Action.APPROVE)


def _answers(url: str) -> bool:
    try:
        with urlopen(url) as response:  # noqa: S310 - our own address
            return bool(response.status == 200)
    except URLError:
        return False


def _on_core(which: int) -> Callable[[], None] | None:
    """For a new process: stay on the first or the last core, where there are several."""
    cores = sorted(os.sched_getaffinity(0))
    return partial(os.sched_setaffinity, 0, {cores[which]}) if len(cores) > 1 else None


def main() -> None:
    figures = measure()
    for name in ("asked", "voiced", "offered"):
        turn: Turn = getattr(figures, name)
        print(  # noqa: T201 - a table
            f"{name:<8} {turn.per_cpu_second:>8.0f} per CPU-second {1e6 / turn.per_cpu_second:>7.0f} µs"
            f"   p50 {turn.p50:>7.1f} ms   p99 {turn.p99:>7.1f} ms   {turn.seconds:.1f} s   {turn.statuses}"
        )
    print(f"load before: {figures.busy:.2f}")  # noqa: T201 - a table


if __name__ == "__main__":
    main()
