"""One story told on SQLite and on PostgreSQL leaves the same rows, the same numbers, and the same seals."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any, Final, TypeAlias

import pytest
from sqlalchemy import Connection, select

from qa.domain.messages import MESSAGES
from qa.store.database import Database
from qa.store.tables import metadata
from tests.store.logs import faults
from tests.store.scenario import STORY, tell

Rows: TypeAlias = dict[str, list[dict[str, Any]]]

# A line of this type is made when the log is read, never when it is written.
NEVER_WRITTEN: Final = {"superseded"}


def every_row(conn: Connection) -> Rows:
    """By table, in the order of its key."""
    return {
        table.name: [dict(row) for row in conn.execute(select(table).order_by(*table.primary_key)).mappings()]
        for table in metadata.sorted_tables
    }


@pytest.fixture
def both(sqlite_url: str, postgresql_url: str) -> Iterator[tuple[Database, Database]]:
    with closing(Database(sqlite_url)) as one, closing(Database(postgresql_url)) as other:
        yield one, other


def test_a_story_leaves_the_same_on_both_databases(both: tuple[Database, Database]) -> None:
    (event_id, refusals), (other_id, other_refusals) = (tell(database) for database in both)
    assert refusals == other_refusals
    assert [database.read(faults, id_) for database, id_ in zip(both, (event_id, other_id), strict=True)] == [[], []]
    one, other = (database.read(every_row) for database in both)
    for table in one:
        assert one[table] == other[table], table


def test_the_story_is_worth_telling(both: tuple[Database, Database]) -> None:
    """It writes every type of line there is, it is refused in many ways, and most of it is done."""
    _, refusals = tell(both[0])
    rows = both[0].read(every_row)
    written = {row["type"] for row in rows["entries"]}
    assert written == {name for name, message in MESSAGES.items() if message.entry} - NEVER_WRITTEN
    assert len({code for code in refusals if code}) >= 6
    assert len([code for code in refusals if not code]) >= 40
    assert len(refusals) == len(STORY)
    assert not [table for table, found in rows.items() if not found and table not in {"sessions", "links"}]
