"""What the system says of processes: CPU time, memory, the core they keep to. Needs Linux's /proc."""

import os
import platform
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from qa import descriptors
from tests.eventually import eventually

_TICKS: Final = os.sysconf("SC_CLK_TCK")
STARTS_WITHIN: Final = 90.0
# A server is idle when it used next to nothing while it was looked at so often.
_LOOKS: Final = 25


@dataclass(frozen=True, slots=True)
class Server:
    """A process that serves on 127.0.0.1."""

    pid: int
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cpu_seconds(self) -> float:
        """User and system time so far, of all its threads and of the processes it started."""
        return sum(sum(map(int, _stat(pid)[11:13])) for pid in family(self.pid)) / _TICKS

    def resident(self) -> int:
        """KiB of memory that are its own and in use."""
        return sum(int(_field(Path(f"/proc/{pid}/status"), "VmRSS")) for pid in family(self.pid))


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    found = [pid]
    for one in found:
        for task in Path(f"/proc/{one}/task").glob("*/children"):
            found += map(int, task.read_text().split())
    return found


def _stat(pid: int) -> list[str]:
    """The fields behind the name, which may hold anything."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _field(file: Path, name: str) -> str:
    return next(line.split()[1] for line in file.read_text().splitlines() if line.startswith(f"{name}:"))


def on_core(which: int) -> Callable[[], None] | None:
    """For a new process: keep to the first or the last core, where there are several."""
    cores = sorted(os.sched_getaffinity(0))
    return partial(os.sched_setaffinity, 0, {cores[which]}) if len(cores) > 1 else None


@contextmanager
def serving(*commands: tuple[str, ...]) -> Iterator[list[Server]]:
    """Run `python -m …` for each, with a PORT of its own, on the first core, until the block ends."""
    descriptors.allow()
    with ExitStack() as stack:
        begun = [_begin(stack, command) for command in commands]
        for process, server in begun:
            eventually(partial(_begun, process, server.port), STARTS_WITHIN)
        yield [server for _, server in begun]


def _begin(stack: ExitStack, command: tuple[str, ...]) -> "tuple[subprocess.Popen[bytes], Server]":
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = stack.enter_context(
        subprocess.Popen(
            [sys.executable, "-m", *command],
            env={**os.environ, "PORT": str(port)},
            stdin=subprocess.DEVNULL,
            preexec_fn=on_core(0),  # noqa: PLW1509 - no threads run in what starts it
        )
    )
    stack.callback(process.terminate)
    return process, Server(process.pid, port)


def settle(server: Server) -> None:
    """Wait until it has nothing left to do."""
    seen = [server.cpu_seconds()]

    def idle() -> bool:
        seen.append(server.cpu_seconds())
        return len(seen) > _LOOKS and seen[-1] - seen[-_LOOKS] <= 1 / _TICKS

    eventually(idle)


def _begun(process: "subprocess.Popen[bytes]", port: int) -> bool:
    """Whether there is nothing to wait for: it serves, or it has failed and said why."""
    return process.poll() is not None or _listens(port)


def _listens(port: int) -> bool:
    """Whether the kernel has a listening socket there; nothing is connected to for it."""
    return any(
        line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A"
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
    )


def described() -> str:
    """The machine in a line, with how busy it was before anything began."""
    cores, memory = os.cpu_count(), int(_field(Path("/proc/meminfo"), "MemTotal")) / 2**20
    system = f"Linux {platform.release()}, Python {platform.python_version()}"
    return f"{_model()}, {cores} cores, {memory:.0f} GiB, {system}; load before: {os.getloadavg()[0]:.1f}"


def _model() -> str:
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if "model name" in line
    ]
    return names[0] if names else platform.machine()
