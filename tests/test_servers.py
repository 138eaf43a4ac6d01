"""The ground the other tests stand on: what the fixtures give is real, fresh, and comes back after a crash."""

import psycopg
import pytest
import redis
from sqlalchemy import Connection, inspect, text

from qa.store.database import Database
from qa.store.migrations.run import current
from tests.eventually import eventually, eventually_async
from tests.servers import running_postgresql, running_redis


def _tables(connection: Connection) -> list[str]:
    return inspect(connection).get_table_names()


@pytest.mark.parametrize("turn", ["first", "second"])
def test_a_database_has_the_present_schema_and_nothing_of_another_test(database_url: str, turn: str) -> None:
    database = Database(database_url)
    assert database.read(current)
    assert "left_behind" not in database.read(_tables), f"the {turn} test does not start afresh"
    with database.writing.connect() as connection, connection.begin():
        connection.execute(text("CREATE TABLE left_behind (n INTEGER)"))
    assert "left_behind" in database.read(_tables)
    database.close()


def test_an_empty_database_has_no_schema(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    assert database.read(_tables) == []
    database.close()


def test_redis_keeps_what_it_is_told(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.set("bell", "rung")
        assert client.get("bell") == b"rung"


def test_a_killed_redis_comes_back_empty_at_the_same_address() -> None:
    with running_redis() as server, redis.Redis.from_url(server.url) as client:
        client.set("bell", "rung")
        server.kill()
        with pytest.raises(redis.ConnectionError):
            client.get("bell")
        server.start()
        assert client.get("bell") is None


def test_a_killed_postgresql_comes_back_with_what_was_committed() -> None:
    with running_postgresql() as server:
        url = server.create("drill")
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
        server.kill()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(url)
        server.start()
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT n FROM kept").fetchall() == [(7,)]


def test_eventually_gives_what_it_waited_for() -> None:
    values = iter([0, 0, 3])
    assert eventually(lambda: next(values)) == 3


def test_eventually_gives_up() -> None:
    with pytest.raises(AssertionError, match="not true within 0"):
        eventually(bool, within=0)


async def test_eventually_gives_up_in_a_loop_too() -> None:
    values = iter([0, 0, 3])
    assert await eventually_async(lambda: next(values)) == 3
    with pytest.raises(AssertionError, match="not true within 0"):
        await eventually_async(bool, within=0)
