"""What was acknowledged is there afterwards, whatever becomes of the process, the database, or the room on the disk."""

import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any, Final

import pytest
from sqlalchemy.event import listen

from qa.actions.questions import Acknowledged
from qa.domain.refusals import NotSaved
from qa.store import questions
from qa.store.database import Database
from qa.store.migrations.run import upgrade
from qa.store.writer import Tx
from tests.eventually import eventually
from tests.servers import PostgreSQL, running_postgresql
from tests.store.logs import faults
from tests.store.worlds import world_on
from tests.store.writing import WITHIN, asking, outcomes, submit_together
from tests.world import World, key

KILLS: Final = 3


def killed_while_asking(url: str, event_id: int, acknowledgements: int) -> list[list[str]]:
    """What a process acknowledged, as (key, number, text), until it was killed after so many."""
    command = [sys.executable, "-m", "tests.store.asker", url, str(event_id)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            said = [process.stdout.readline() for _ in range(acknowledgements)]
        finally:
            process.kill()
        said += process.stdout.readlines()
    return [line.rstrip("\n").split(" ", 2) for line in said]


def test_a_killed_process_takes_no_acknowledged_question_with_it(database_url: str) -> None:
    chance = random.Random(7)  # noqa: S311 - so that a failure can be repeated
    with world_on(database_url) as world:
        event = world.event()
        acknowledged = []
        for _ in range(KILLS):
            acknowledged += killed_while_asking(database_url, event.id, chance.randint(1, 150))
        stored = {card.n: card.text for card in world.database.read(questions.every, event.id)}
        assert len(acknowledged) >= KILLS
        assert [line for line in acknowledged if stored.get(int(line[1])) != line[2]] == []
        assert list(stored) == list(range(1, len(stored) + 1)), "and no number was lost"
        assert world.database.read(faults, event.id) == []
        for its_key, n, _ in acknowledged[:: len(acknowledged) // 20 + 1]:
            again = world.writer.run(asking(event.id, "A repeat after the crash", its_key=its_key))
            assert (again.repeat, again.card.n) == (True, int(n))


def test_a_killed_database_saves_nothing_of_what_it_did_not_acknowledge_and_the_writer_goes_on() -> None:
    with running_postgresql() as server:
        url = server.create("crash")
        upgrade(url)
        with world_on(url) as world:
            event = world.event()
            kept = [world.ask(event, f"Before {i}?") for i in range(3)]
            keys = [key() for _ in range(5)]
            futures = submit_together(world.writer, *kill_first(server, event.id, keys))
            assert {type(outcome) for outcome in outcomes(futures)} == {NotSaved}
            with pytest.raises(NotSaved):
                world.ask(event)
            server.start()
            assert [world.now(card) for card in kept] == kept
            again = [world.writer.run(asking(event.id, "After?", its_key=its_key)) for its_key in keys]
            assert [(done.repeat, done.card.n) for done in again] == [(False, n) for n in range(4, 9)]
            assert world.database.read(faults, event.id) == []


def kill_first(server: PostgreSQL, event_id: int, keys: list[str]) -> "list[Callable[[Tx], Acknowledged]]":
    """Actions that ask; the first of them is the last thing that this database ever did."""

    def ask_and_kill(tx: Tx) -> Acknowledged:
        done = asking(event_id, its_key=keys[0])(tx)
        server.kill()
        eventually(lambda: not server.answers())
        return done

    return [ask_and_kill, *[asking(event_id, its_key=its_key) for its_key in keys[1:]]]


@contextmanager
def pragma(database: Database, name: str, value: int, back: int) -> Iterator[None]:
    """The writer's one connection set up otherwise for a while."""
    ask_pragma(database, f"{name}={value}")
    try:
        yield
    finally:
        ask_pragma(database, f"{name}={back}")


def ask_pragma(database: Database, words: str) -> Any:
    """What it gives. Outside of a transaction: one could not begin where nothing may be written."""
    connection = database.writing.raw_connection()
    try:
        return connection.cursor().execute(f"PRAGMA {words}").fetchone()
    finally:
        connection.close()


@pytest.fixture
def sqlite_world(sqlite_url: str) -> Iterator[World]:
    with world_on(sqlite_url) as world:
        yield world


def test_a_full_disk_saves_nothing_and_when_there_is_room_the_writer_goes_on(sqlite_world: World) -> None:
    world, event = sqlite_world, sqlite_world.event()
    card, long = world.ask(event, "Before?"), "ש" * 280
    with pragma(world.database, "max_page_count", ask_pragma(world.database, "page_count")[0] + 2, 1_000_000):
        answers = outcomes(submit_together(world.writer, *[asking(event.id, long) for _ in range(60)]))
        saved = [answer.card for answer in answers if isinstance(answer, Acknowledged)]
        assert len(saved) < 60
        assert {type(answer) for answer in answers} <= {NotSaved, Acknowledged}
        assert world.database.read(questions.every, event.id) == [card, *saved]
    assert world.ask(event, "After?").n == len(saved) + 2
    assert world.database.read(faults, event.id) == []
    assert ask_pragma(world.database, "integrity_check") == ("ok",)


def test_a_database_that_may_not_be_written_saves_nothing(sqlite_world: World) -> None:
    world, event = sqlite_world, sqlite_world.event()
    with pragma(world.database, "query_only", 1, 0):
        answers = outcomes([world.writer.submit(asking(event.id)) for _ in range(5)])
        assert {type(answer) for answer in answers} == {NotSaved}
        assert world.database.read(questions.every, event.id) == []
    assert world.ask(event).n == 1


def test_a_database_that_somebody_else_holds_saves_nothing_until_they_let_go(
    sqlite_world: World, sqlite_url: str
) -> None:
    world, event = sqlite_world, sqlite_world.event()
    other = Database(sqlite_url)
    with pragma(world.database, "busy_timeout", 50, 5_000), other.writing.connect() as holder, holder.begin():
        future = world.writer.submit(asking(event.id))
        assert isinstance(future.exception(WITHIN), NotSaved)
    other.close()
    assert world.ask(event).n == 1


def test_a_crowd_before_a_database_that_is_taken_waits_together_not_one_after_the_other(
    sqlite_world: World, sqlite_url: str
) -> None:
    """The lock is waited for once by all who came meanwhile: the last of a crowd is told as soon as the first."""
    world, event = sqlite_world, sqlite_world.event()
    tries: list[object] = []
    with (
        pragma(world.database, "busy_timeout", 300, 5_000),
        closing(Database(sqlite_url)) as other,
        other.writing.begin(),
    ):
        listen(world.database.writing, "handle_error", tries.append)
        futures = [world.writer.submit(asking(event.id)) for _ in range(60)]
        assert {type(outcome) for outcome in outcomes(futures)} == {NotSaved}
    assert 0 < len(tries) < 20
    assert world.ask(event).n == 1
