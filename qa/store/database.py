"""Connections: SQLite set up so that an acknowledged write is on the disk, PostgreSQL as it comes."""

import importlib.util
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

P = ParamSpec("P")
T = TypeVar("T")

# Whatever goes wrong on the way to the database and back: callers outside the store know it by this name.
DatabaseError = SQLAlchemyError
Reading = Connection

# SQLite 3.7.0 to 3.51.2 can lose committed writes when two connections checkpoint the write-ahead log at once.
SQLITE_FIXED: Final = (3, 51, 3)
SQLITE: ModuleType = importlib.import_module("pysqlite3") if importlib.util.find_spec("pysqlite3") else sqlite3

_to_json: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def normalise(url: str) -> URL:
    """The address with the driver named: `postgres://` and `postgresql://` mean psycopg."""
    parsed = make_url(url)
    if parsed.drivername in {"postgres", "postgresql"}:
        return parsed.set(drivername="postgresql+psycopg")
    return parsed


class Database:
    """`writing` is for the writer, `reading` for everybody else; on SQLite readers can't write and never checkpoint."""

    def __init__(self, url: str, *, readers: int = 4) -> None:
        self.url = normalise(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            if self.url.database:
                Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
            self.writing = _sqlite(self.url, 1, "BEGIN IMMEDIATE", _SQLITE_WRITER)
            self.reading = _sqlite(self.url, readers, "BEGIN", _SQLITE_READER)
        else:
            self.writing = _postgresql(self.url, readers)
            self.reading = _postgresql(self.url, readers, isolation_level="REPEATABLE READ", postgresql_readonly=True)

    @contextmanager
    def reader(self) -> Iterator[Connection]:
        """A connection that sees one moment of the database."""
        with self.reading.connect() as connection, connection.begin():
            yield connection

    def read(self, query: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `query(connection, …)` returns, all of it from one moment."""
        with self.reader() as connection:
            return query(connection, *args, **kwargs)

    def close(self) -> None:
        self.reading.dispose()
        self.writing.dispose()


_SQLITE_EVERY: Final = ("PRAGMA journal_mode=WAL", "PRAGMA foreign_keys=ON", "PRAGMA busy_timeout=5000")
# FULL: the log is synced at each commit, before anybody is told.
_SQLITE_WRITER: Final = (*_SQLITE_EVERY, "PRAGMA synchronous=FULL")
_SQLITE_READER: Final = (*_SQLITE_EVERY, "PRAGMA wal_autocheckpoint=0", "PRAGMA query_only=ON")


def _sqlite(url: URL, connections: int, begin: str, pragmas: tuple[str, ...]) -> Engine:
    engine = create_engine(
        url,
        module=SQLITE,
        json_serializer=_to_json,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=10,
        connect_args={"check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _: Any) -> None:
        # The driver must not begin transactions of its own: a read lock can't wait to become a write lock.
        connection.isolation_level = None
        for pragma in pragmas:
            connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


# A server that is gone must be found gone: where nothing answers, in ten seconds; in the midst of it, in thirty.
_POSTGRESQL: Final = {
    "connect_timeout": 10,
    "keepalives": 1,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}


def _postgresql(url: URL, connections: int, **options: Any) -> Engine:
    return create_engine(
        url,
        connect_args={name: value for name, value in _POSTGRESQL.items() if name not in url.query},
        json_serializer=_to_json,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=10,
        pool_pre_ping=True,
        execution_options=options,
    )


def sqlite_is_fixed() -> bool:
    """Whether the SQLite library in use has the fix for the write-ahead log's reset."""
    return tuple(SQLITE.sqlite_version_info) >= SQLITE_FIXED
