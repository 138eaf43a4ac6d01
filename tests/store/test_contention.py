"""Many who read and then write the same row at the same moment: all of them are done, and none is undone by another."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from qa.actions.questions import Acknowledged
from qa.store import events, questions
from qa.store.database import Database
from qa.store.writer import Tx
from qa.web.site import now
from tests.store.logs import faults
from tests.store.worlds import at_once, two_worlds_on
from tests.store.writing import WITHIN, asking, held, outcomes, submit_together
from tests.world import World

PROCESSES: Final = 6
EACH: Final = 10


@contextmanager
def connected(url: str, count: int) -> Iterator[list[Database]]:
    """The connections of several processes."""
    with ExitStack() as stack:
        yield [stack.enter_context(closing(Database(url))) for _ in range(count)]


def read_and_write(database: Database, event_id: int) -> None:
    """One more than was read."""
    with database.writing.connect() as conn, conn.begin():
        tx = Tx(conn, now())
        event = events.locked(tx, event_id)
        assert event
        assert events.change(tx, event, burst=event.burst + 1)


def test_sixty_that_read_and_then_write_are_all_done(world: World, database_url: str) -> None:
    event = world.event(burst=1)
    with connected(database_url, PROCESSES) as databases:
        at_once([partial(read_and_write, database, event.id) for database in databases * EACH])
    after = world.database.read(events.by_id, event.id)
    assert after
    assert (after.burst, after.version) == (1 + PROCESSES * EACH, event.version + PROCESSES * EACH)


def test_a_transaction_that_took_its_lock_only_when_it_writes_would_fail(tmp_path: Path) -> None:
    """Why every transaction of the writer begins with the lock: no time-out helps who has read an older moment."""
    path = tmp_path / "any.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as one:
        one.execute("PRAGMA journal_mode=WAL")
        one.execute("CREATE TABLE counter AS SELECT 1 AS n")
        with closing(sqlite3.connect(path, isolation_level=None)) as two:
            for connection in (one, two):
                connection.execute("BEGIN")
                connection.execute("SELECT n FROM counter").fetchall()
            one.execute("UPDATE counter SET n = n + 1")
            one.execute("COMMIT")
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                two.execute("UPDATE counter SET n = n + 1")


def test_two_transactions_that_wait_for_each_other_are_both_done(postgresql_url: str) -> None:
    """PostgreSQL ends one of them; its actions are done again, each alone, and nothing is done twice."""
    met = threading.Barrier(2)
    begun: list[int] = []

    def ask_and_meet(event_id: int) -> Callable[[Tx], Acknowledged]:
        ask = asking(event_id)

        def act(tx: Tx) -> Acknowledged:
            done = ask(tx)
            begun.append(event_id)
            if begun.count(event_id) == 1:
                met.wait(WITHIN)
            return done

        return act

    with two_worlds_on(postgresql_url) as (one, other):
        ids = [one.event(slug).id for slug in ("one", "other")]
        futures = []
        # The second thread of each writer is kept away, so that both actions go together.
        with held(one.writer), held(other.writer):
            for world, (first, second) in ((one, ids), (other, ids[::-1])):
                futures += submit_together(world.writer, ask_and_meet(first), asking(second))
            asked = outcomes(futures)
        assert sorted(begun) in (sorted([*ids, ids[0]]), sorted([*ids, ids[1]])), "one was ended and begun again"
        assert all(isinstance(each, Acknowledged) and not each.repeat for each in asked)
        for event_id in ids:
            assert [card.n for card in one.database.read(questions.every, event_id)] == [1, 2]
            assert one.database.read(faults, event_id) == []


def test_transactions_that_say_which_events_they_are_in_do_not_wait_for_each_other_in_a_circle(
    postgresql_url: str,
) -> None:
    """The same two orders, but the events are said beforehand: both take them in one order, and each goes once."""
    met = threading.Barrier(2)
    begun: list[int] = []

    def ask_and_meet(event_id: int) -> Callable[[Tx], Acknowledged]:
        ask = asking(event_id)

        def act(tx: Tx) -> Acknowledged:
            done = ask(tx)
            begun.append(event_id)
            with suppress(threading.BrokenBarrierError):
                met.wait(1)
            return done

        return act

    with two_worlds_on(postgresql_url) as (one, other):
        ids = [one.event(slug).id for slug in ("one", "other")]
        futures = []
        with held(one.writer), held(other.writer), held(one.writer), held(other.writer):
            for world, order in ((one, ids), (other, ids[::-1])):
                futures += [world.writer.submit(ask_and_meet(event_id), event_id) for event_id in order]
        asked = outcomes(futures)
        assert all(isinstance(each, Acknowledged) for each in asked)
        assert sorted(begun) == sorted(ids * 2), "none was ended and begun again"


def test_two_who_saw_the_same_version_do_not_both_win(two_worlds: tuple[World, World]) -> None:
    one, _ = two_worlds
    event = one.event()
    acts = [
        partial(world.writer.run, lambda tx, i=i: events.change(tx, event, burst=100 + i))  # type: ignore[misc]
        for i, world in enumerate(two_worlds * 8)
    ]
    won = [changed for changed in at_once(acts) if changed]
    assert len(won) == 1
    assert one.database.read(events.by_id, event.id) == won[0]


def test_what_viewers_saw_is_counted_whatever_staff_do_to_the_card_meanwhile(world: World) -> None:
    """The counts come from no move: whoever read the card before them must not write the older count back."""
    card = world.ask(world.event())
    world.writer.run(lambda tx: questions.add_impressions(tx, card.event_id, {card.n: 3}))
    assert world.writer.run(lambda tx: questions.write(tx, card, card.version))
    assert world.now(card).impressions == 3
