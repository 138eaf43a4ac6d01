"""The migrations make the tables of the program, once, whoever runs them and however often."""

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import inspect, text

from qa.store.database import Database, Reading
from qa.store.migrations.run import current, differences, upgrade
from qa.store.tables import metadata

ROOT: Final = Path(__file__).parents[2]


def _tables(conn: Reading) -> set[str]:
    return set(inspect(conn).get_table_names())


def test_the_migrations_make_the_tables_of_the_program(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    assert not database.read(current)
    upgrade(empty_database_url)
    assert database.read(current)
    assert database.read(differences) == []
    assert database.read(_tables) == {*metadata.tables, "alembic_version"}
    database.close()


def test_a_difference_would_be_seen(database_url: str) -> None:
    database = Database(database_url)
    with database.writing.connect() as conn, conn.begin():
        conn.execute(text("ALTER TABLE questions DROP COLUMN why"))
        conn.execute(text("CREATE TABLE by_hand (n INTEGER)"))
    found = repr(database.read(differences))
    assert "why" in found
    assert "by_hand" in found
    database.close()


def test_running_them_again_changes_nothing_and_keeps_what_is_there(empty_database_url: str) -> None:
    upgrade(empty_database_url)
    database = Database(empty_database_url)
    with database.writing.connect() as conn, conn.begin():
        conn.execute(text("CREATE TABLE kept AS SELECT 7 AS n"))
    upgrade(empty_database_url)
    assert database.read(lambda conn: conn.execute(text("SELECT n FROM kept")).scalars().all()) == [7]
    database.close()


@pytest.mark.timeout(200)
def test_several_processes_may_run_them_at_the_same_moment(empty_database_url: str) -> None:
    program = f"from qa.store.migrations.run import upgrade; upgrade({empty_database_url!r})"
    processes = [
        subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(3)
    ]
    ended = [(process.wait(100), process.stderr.read() if process.stderr else "") for process in processes]
    for process in processes:
        if process.stderr:
            process.stderr.close()
    assert [code for code, _ in ended] == [0, 0, 0], ended
    database = Database(empty_database_url)
    assert database.read(current)
    assert database.read(differences) == []
    database.close()
