"""Real servers for the tests: Redis and PostgreSQL, each in a folder of its own, on loopback, on a free port.

A server can be killed and started again on the same port and the same data: that is what the fault drills need.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Final, TypeVar

import psycopg
import redis
from psycopg import sql

from tests.eventually import eventually

S = TypeVar("S", bound="Server")

# initdb and postgres refuse to run as root, so root runs them as the user that the package made.
POSTGRES: Final = "postgres" if os.geteuid() == 0 else None


def free_port() -> int:
    """A port on 127.0.0.1 that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def program(*names: str, places: tuple[str, ...] = ()) -> str:
    """The path of a program: on the PATH, or the newest match of patterns below `/`; RuntimeError if absent."""
    for name in names:
        if found := shutil.which(name):
            return found
    matches = sorted((path for place in places for path in Path("/").glob(place)), key=_by_number)
    if not matches:
        raise RuntimeError(f"{names[0]} is not installed: `make test` installs it or says what to do")
    return str(matches[-1])


def _by_number(path: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", str(path))]


class Server(ABC):
    """A process that a test may kill and start again. Its folder and its port stay the same."""

    # The system's user and group that it runs as; None: as the tests do.
    user: str | None = None

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> list[str]:
        """The command line that runs it in the foreground."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether it can be talked to."""

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command(),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=self.user,
                group=self.user,
            )
        eventually(self._is_up, within=30)

    def kill(self) -> None:
        """End it at once, as a crash would (SIGKILL)."""
        if self._process:
            self._process.kill()
            self._process.wait(timeout=30)
            self._process = None

    def stop(self) -> None:
        """Ask it to end (SIGINT: PostgreSQL's fast shutdown), and insist."""
        if self._process:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(timeout=30)
            self._process = None

    def _is_up(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise RuntimeError(f"{self.command()[0]} did not start:\n{(self.folder / 'log').read_text()[-2000:]}")
        return self.answers()


class Redis(Server):
    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        quiet = ["--save", "", "--appendonly", "no", "--daemonize", "no"]
        return [program("redis-server"), "--bind", "127.0.0.1", "--port", str(self.port), *quiet]

    def answers(self) -> bool:
        client = redis.Redis(port=self.port, socket_timeout=2)
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            return False
        finally:
            client.close()


class PostgreSQL(Server):
    user = POSTGRES

    def url(self, database: str) -> str:
        return f"postgresql://qa@127.0.0.1:{self.port}/{database}"

    def command(self) -> list[str]:
        # Nobody pulls the plug during a test, so nothing needs to reach the disk.
        fast = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "64MB", "max_connections": "200"}
        place = {"listen_addresses": "127.0.0.1", "port": str(self.port), "unix_socket_directories": ""}
        settings = [f"--{name}={value}" for name, value in (fast | place).items()]
        return [_postgresql_program("postgres"), "-D", str(self._data), *settings]

    def answers(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def make_cluster(self) -> None:
        if self.user:
            shutil.chown(self.folder, self.user, self.user)
        options = ["--username=qa", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
        command = [_postgresql_program("initdb"), "-D", str(self._data), *options]
        done = subprocess.run(
            command, check=False, cwd=self.folder, capture_output=True, text=True, user=self.user, group=self.user
        )
        assert done.returncode == 0, done.stderr

    def create(self, database: str, template: str = "template0") -> str:
        """Make a database, a copy of the template; its URL."""
        self._execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}"), database, template)
        return self.url(database)

    def seal(self, database: str) -> None:
        """Close a database to connections, so that it can be copied at any time."""
        self._execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false"), database)

    def drop(self, database: str) -> None:
        """Remove a database and whoever is still connected to it."""
        self._execute(sql.SQL("DROP DATABASE {} WITH (FORCE)"), database)

    def _execute(self, statement: sql.SQL, *names: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.format(*map(sql.Identifier, names)))

    @property
    def _data(self) -> Path:
        return self.folder / "data"


def _postgresql_program(name: str) -> str:
    return program(name, places=(f"usr/lib/postgresql/*/bin/{name}", f"opt/homebrew/Cellar/postgresql@*/*/bin/{name}"))


@contextmanager
def running_redis() -> Iterator[Redis]:
    with _folder("redis") as folder:
        server = Redis(folder)
        yield from _while_it_runs(server)


@contextmanager
def running_postgresql() -> Iterator[PostgreSQL]:
    with _folder("postgresql") as folder:
        server = PostgreSQL(folder)
        server.make_cluster()
        yield from _while_it_runs(server)


def _while_it_runs(server: S) -> Iterator[S]:
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def _folder(name: str) -> Iterator[Path]:
    """A folder that another user can reach: pytest's own folders are closed to everybody else."""
    folder = Path(mkdtemp(prefix=f"qa-{name}-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
