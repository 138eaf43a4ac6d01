"""Connections: what is acknowledged is on the disk, who reads can't write, times and letters come back as they went."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text

from qa.store.database import SQLITE, SQLITE_FIXED, Database, DatabaseError, Reading, normalise, sqlite_is_fixed
from qa.store.health import checks, library
from qa.store.migrations.run import upgrade
from qa.store.tables import people, voices


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Database]:
    opened = Database(sqlite_url)
    yield opened
    opened.close()


@pytest.fixture
def postgresql(postgresql_url: str) -> Iterator[Database]:
    opened = Database(postgresql_url)
    yield opened
    opened.close()


def _person(login: str = "mk", created_at: datetime | None = None) -> dict[str, object]:
    made = created_at or datetime(2026, 11, 27, 15, 0, tzinfo=UTC)
    return {"login": login, "name": "מינה 住 👍", "initials": "MK", "password": "", "admin": False, "created_at": made}


def _write(database: Database, **person: object) -> None:
    with database.writing.connect() as conn, conn.begin():
        conn.execute(insert(people).values(**{**_person(), **person}))


def _logins(conn: Reading) -> list[str]:
    return list(conn.execute(select(people.c.login).order_by(people.c.login)).scalars())


def _pragma(database: Database, name: str, *, writing: bool) -> object:
    engine = database.writing if writing else database.reading
    with engine.connect() as conn:
        return conn.exec_driver_sql(f"PRAGMA {name}").scalar()


@pytest.mark.parametrize(
    ("pragma", "writer", "reader"),
    [
        # FULL is 2: the log is synced before a commit is answered.
        ("synchronous", 2, None),
        ("journal_mode", "wal", "wal"),
        ("foreign_keys", 1, 1),
        ("query_only", 0, 1),
        # Only the writer's connection ever moves the log into the file.
        ("wal_autocheckpoint", 1_000, 0),
        ("busy_timeout", 5_000, 5_000),
    ],
)
def test_sqlite_is_set_up_so_that_nothing_is_lost(
    pragma: str, writer: object, reader: object, sqlite: Database
) -> None:
    assert _pragma(sqlite, pragma, writing=True) == writer
    if reader is not None:
        assert _pragma(sqlite, pragma, writing=False) == reader


def test_sqlite_writes_through_one_connection(sqlite: Database) -> None:
    assert sqlite.writing.pool.size() == 1  # type: ignore[attr-defined]


def test_the_sqlite_in_use_does_not_lose_what_was_committed(sqlite: Database) -> None:
    pytest.importorskip("pysqlite3")
    assert sqlite_is_fixed()
    with sqlite.reader() as conn:
        version = str(conn.execute(text("SELECT sqlite_version()")).scalar_one())
    assert tuple(map(int, version.split("."))) >= SQLITE_FIXED >= (3, 51, 3)
    assert library(sqlite) == f"SQLite {SQLITE.sqlite_version}"


def test_postgresql_answers_a_commit_when_it_is_on_the_disk(postgresql: Database) -> None:
    with postgresql.writing.connect() as conn:
        assert conn.execute(text("SHOW synchronous_commit")).scalar() == "on"
        assert conn.execute(text("SHOW transaction_isolation")).scalar() == "read committed"
    assert library(postgresql) == "PostgreSQL"


def test_a_postgresql_that_is_gone_is_found_gone(postgresql: Database) -> None:
    for engine in (postgresql.writing, postgresql.reading):
        with engine.connect() as conn:
            driver: Any = conn.connection.driver_connection
            told = driver.info.get_parameters()
        assert int(told["connect_timeout"]) <= 10
        assert int(told["tcp_user_timeout"]) <= 30_000
        assert int(told["keepalives_idle"]) + int(told["keepalives_interval"]) * int(told["keepalives_count"]) <= 30


def test_whoever_runs_it_may_choose_otherwise(postgresql_url: str) -> None:
    mark = "&" if "?" in postgresql_url else "?"
    with (
        closing(Database(f"{postgresql_url}{mark}connect_timeout=3")) as chosen,
        chosen.writing.connect() as conn,
    ):
        driver: Any = conn.connection.driver_connection
        assert driver.info.get_parameters()["connect_timeout"] == "3"


def test_a_reader_can_not_write(database: Database) -> None:
    with pytest.raises(DatabaseError), database.reader() as conn:
        conn.execute(insert(people).values(**_person()))
    assert database.read(_logins) == []


def test_a_reader_sees_one_moment(database: Database) -> None:
    with database.reader() as conn:
        before = _logins(conn)
        _write(database, login="meanwhile")
        assert _logins(conn) == before == []
    assert database.read(_logins) == ["meanwhile"]


def test_what_is_not_committed_is_not_there(database: Database) -> None:
    with database.writing.connect() as conn:
        transaction = conn.begin()
        conn.execute(insert(people).values(**_person()))
        assert database.read(_logins) == []
        transaction.rollback()
    assert database.read(_logins) == []


def test_a_voice_for_no_question_is_refused(database: Database) -> None:
    voice = insert(voices).values(event_id=1, n=1, asker="a", at=datetime(2026, 11, 27, tzinfo=UTC))
    with pytest.raises(DatabaseError), database.writing.connect() as conn, conn.begin():
        conn.execute(voice)


@pytest.mark.parametrize(
    "at",
    [
        datetime(2026, 11, 27, 15, 0, 4, 250_000, tzinfo=UTC),
        datetime(2026, 11, 27, 16, 0, 4, 250_001, tzinfo=timezone(timedelta(hours=1))),
        datetime(2026, 11, 27, 0, 30, tzinfo=timezone(timedelta(hours=9, minutes=30))),
    ],
)
def test_a_time_comes_back_as_the_same_moment_in_utc(at: datetime, database: Database) -> None:
    _write(database, created_at=at, disabled_at=None)
    read, disabled = database.read(lambda conn: conn.execute(select(people.c.created_at, people.c.disabled_at)).one())
    assert read == at
    assert read.tzinfo is UTC
    assert disabled is None


def test_letters_come_back_as_they_went(database: Database) -> None:
    _write(database)
    assert database.read(lambda conn: conn.execute(select(people.c.name)).scalar_one()) == "מינה 住 👍"


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("postgres://qa@db/qa", "postgresql+psycopg"),
        ("postgresql://qa@db/qa", "postgresql+psycopg"),
        ("postgresql+psycopg://qa@db/qa", "postgresql+psycopg"),
        ("sqlite:///data/qa.db", "sqlite"),
    ],
)
def test_an_address_names_its_driver(url: str, driver: str) -> None:
    assert normalise(url).drivername == driver


def test_a_folder_for_the_file_is_made(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'not' / 'yet' / 'qa.db'}"
    upgrade(url)
    database = Database(url)
    assert database.read(checks) == {"database": True, "migrations": True}
    database.close()


def test_a_database_without_its_tables_is_not_well(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    assert database.read(checks) == {"database": True, "migrations": False}
    database.close()
