"""The one door for writes: answered after the commit, together or alone, never twice, never for ever."""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from qa.domain.refusals import Closed, NotSaved, Overloaded
from qa.store import writer as writing
from qa.store.database import Database, Reading
from qa.store.writer import Tx, Writer
from tests.eventually import eventually
from tests.servers import running_postgresql

NOW: Final = datetime(2026, 11, 27, 15, 0, tzinfo=UTC)
# `other` points at a line that must be there at the commit, and not before.
TABLE: Final = """
    CREATE TABLE lines (n INTEGER PRIMARY KEY, other INTEGER REFERENCES lines (n) DEFERRABLE INITIALLY DEFERRED)
"""


def clock() -> datetime:
    return NOW


@pytest.fixture
def database(empty_database_url: str) -> Iterator[Database]:
    opened = Database(empty_database_url)
    with opened.writing.connect() as conn, conn.begin():
        conn.execute(text(TABLE))
    yield opened
    opened.close()


@contextmanager
def open_writer(database: Database, kind: type[Writer] = Writer, **options: Any) -> Iterator[Writer]:
    writer = kind(database, clock, **options)
    try:
        yield writer
    finally:
        writer.close()


def line(n: int, other: int | None = None) -> Callable[[Tx], int]:
    """An action that writes a line and gives its number."""

    def write(tx: Tx) -> int:
        tx.conn.execute(text("INSERT INTO lines VALUES (:n, :other)"), {"n": n, "other": other})
        return n

    return write


def refused(n: int) -> Callable[[Tx], int]:
    """An action that writes, and is then refused."""

    def write(tx: Tx) -> int:
        line(n)(tx)
        tx.grown.add(n)
        raise Closed("stopped_asking")

    return write


def lines(database: Database) -> list[int]:
    def read(conn: Reading) -> list[int]:
        return list(conn.execute(text("SELECT n FROM lines ORDER BY n")).scalars())

    return database.read(read)


@contextmanager
def busy(writer: Writer) -> Iterator[None]:
    """Every thread of the writer is held up, so that what comes in the block waits in the queue, and goes together."""
    go = threading.Event()
    threads = len(writer._threads)
    held = threading.Barrier(threads + 1)

    def wait(tx: Tx) -> None:
        held.wait(20)
        go.wait(20)

    waiting = []
    for _ in range(threads):
        waiting.append(writer.submit(wait))
        # One for each thread, not both for the first.
        eventually(writer._jobs.empty)
    held.wait(20)
    try:
        yield
    finally:
        go.set()
    for future in waiting:
        future.result(20)


def outcome(future: "Future[Any]") -> Any:
    """Its result, or its error."""
    error = future.exception(20)
    return error or future.result()


# Answered after the commit


def told_too_early(database: Database, kind: type[Writer]) -> int:
    """How many lines somebody else could not read yet at the moment their writer was told that they are there."""
    missing = []

    def look(n: int) -> None:
        if n not in lines(database):
            missing.append(n)

    with open_writer(database, kind) as writer:
        with busy(writer):
            futures = [writer.submit(line(n)) for n in range(30)]
            for n, future in enumerate(futures):
                future.add_done_callback(lambda _, n=n: look(n))  # type: ignore[misc]
        for future in futures:
            future.result(20)
    return len(missing)


class TellsTooEarly(Writer):
    """The seeded fault: each is answered when it is done, before the commit."""

    def _commit(self, jobs: Iterable[Any]) -> set[int]:
        with self._database.writing.connect() as connection, connection.begin():
            tx = Tx(connection, self._clock())
            for job in jobs:
                writing._attempt(tx, job)
                job.answer()
        return tx.grown

    def _tell(self, jobs: Iterable[Any], grown: set[int]) -> None:
        pass


def test_whoever_is_answered_can_be_read_by_everybody(database: Database) -> None:
    assert told_too_early(database, Writer) == 0


def test_an_answer_before_the_commit_would_be_found(database: Database) -> None:
    assert told_too_early(database, TellsTooEarly) > 0


def test_not_even_a_refusal_is_answered_before_the_commit(database: Database) -> None:
    """It may rest on what a neighbour in the same transaction wrote."""
    go = threading.Event()
    with open_writer(database) as writer:
        with busy(writer):
            first = writer.submit(refused(1))
            second = writer.submit(lambda tx: go.wait(20))
            third = writer.submit(line(3))
        assert not first.done()
        go.set()
        assert second.result(20)
        assert isinstance(outcome(first), Closed)
        assert third.result(20) == 3


# Together


def test_what_waits_is_one_transaction(database: Database) -> None:
    seen: list[int] = []

    def note(tx: Tx) -> None:
        seen.append(id(tx))

    with open_writer(database, together=50) as writer, busy(writer):
        for _ in range(50):
            writer.submit(note)
    assert len(seen) == 50
    assert len(set(seen)) == 1


def test_a_refusal_in_the_middle_undoes_only_itself(database: Database) -> None:
    grown: list[set[int]] = []

    def grows(n: int) -> Callable[[Tx], int]:
        def write(tx: Tx) -> int:
            tx.grown.add(n)
            return line(n)(tx)

        return write

    with open_writer(database, after_commit=grown.append) as writer:
        with busy(writer):
            futures = [writer.submit(grows(n) if n % 3 else refused(n)) for n in range(12)]
        outcomes = [outcome(future) for future in futures]
    kept = [n for n in range(12) if n % 3]
    assert [n for n in outcomes if isinstance(n, int)] == kept
    assert [type(refusal) for refusal in outcomes if not isinstance(refusal, int)] == [Closed] * 4
    assert lines(database) == kept
    assert set().union(*grown) == set(kept), "the bell rings for what was written"


def test_a_line_the_database_refuses_takes_no_neighbour_down(database: Database) -> None:
    with open_writer(database) as writer:
        writer.run(line(5))
        with busy(writer):
            futures = [writer.submit(line(n)) for n in (1, 2, 5, 8)]
        outcomes = [outcome(future) for future in futures]
    assert outcomes[:2] == [1, 2]
    assert isinstance(outcomes[2], NotSaved)
    assert outcomes[3] == 8
    assert lines(database) == [1, 2, 5, 8]


def test_an_action_that_breaks_is_answered_with_what_broke(database: Database) -> None:
    with open_writer(database) as writer:
        with busy(writer):
            broken, well = writer.submit(lambda tx: 1 / 0), writer.submit(line(1))
        assert isinstance(outcome(broken), ZeroDivisionError)
        assert well.result(20) == 1


# Not saved


def test_a_commit_that_fails_answers_not_saved(database: Database) -> None:
    with open_writer(database) as writer:
        with busy(writer):
            futures = [writer.submit(line(n, other=99)) for n in (1, 2)]
        assert [type(outcome(future)) for future in futures] == [NotSaved, NotSaved]
        assert lines(database) == []
        assert writer.run(line(3)) == 3, "and the next one is saved"


def test_a_commit_that_fails_for_one_is_made_for_the_others_once(database: Database) -> None:
    done: list[int] = []

    def counted(n: int) -> Callable[[Tx], int]:
        def write(tx: Tx) -> int:
            done.append(n)
            return line(n)(tx)

        return write

    with open_writer(database) as writer:
        with busy(writer):
            futures = [writer.submit(counted(1)), writer.submit(line(2, other=99)), writer.submit(counted(3))]
        outcomes = [outcome(future) for future in futures]
    assert outcomes[0] == 1
    assert isinstance(outcomes[1], NotSaved)
    assert outcomes[2] == 3
    assert lines(database) == [1, 3]
    assert done == [1, 3, 1, 3], "tried together, then alone"


class LosesTheAnswer(Writer):
    """The database commits so many together, and the connection breaks before it can say so: once."""

    together_lost = 1
    lost = False

    def _commit(self, jobs: Iterable[Any]) -> set[int]:
        grown = super()._commit(jobs)
        if not self.lost and len(list(jobs)) == self.together_lost:
            self.lost = True
            raise OperationalError("COMMIT", None, Exception("the connection was cut"))
        return grown


class LosesThree(LosesTheAnswer):
    together_lost = 3


def once(n: int) -> Callable[[Tx], int]:
    """As actions with a key do it: what is there already is the answer."""

    def write(tx: Tx) -> int:
        there = tx.conn.execute(text("SELECT n FROM lines WHERE n = :n"), {"n": n}).scalar()
        return int(there) if there is not None else line(n)(tx)

    return write


def test_a_commit_whose_answer_was_lost_is_not_said_to_be_saved_and_a_repeat_finds_it(database: Database) -> None:
    with open_writer(database, LosesTheAnswer) as writer:
        assert isinstance(outcome(writer.submit(once(1))), NotSaved)
        assert writer.run(once(1)) == 1
    assert lines(database) == [1]


def test_what_was_lost_together_is_tried_again_alone_and_finds_itself(database: Database) -> None:
    with open_writer(database, LosesThree) as writer:
        with busy(writer):
            futures = [writer.submit(once(n)) for n in (1, 2, 3)]
        assert [outcome(future) for future in futures] == [1, 2, 3]
    assert lines(database) == [1, 2, 3]


def test_while_the_database_is_away_nothing_is_saved_and_nobody_waits_for_ever() -> None:
    with running_postgresql() as server:
        database = Database(server.create("away"))
        with database.writing.connect() as conn, conn.begin():
            conn.execute(text(TABLE))
        with open_writer(database) as writer:
            assert writer.run(line(1)) == 1
            server.kill()
            assert [type(outcome(writer.submit(line(n)))) for n in (2, 3)] == [NotSaved, NotSaved]
            server.start()
            assert writer.run(line(4)) == 4
        assert lines(database) == [1, 4]
        database.close()


def test_two_writers_that_wait_for_each_other_both_finish(empty_postgresql_url: str) -> None:
    """Each holds what the other wants: the database ends one, and its actions are tried again alone."""
    one, other = Database(empty_postgresql_url), Database(empty_postgresql_url)
    with one.writing.connect() as conn, conn.begin():
        conn.execute(text(TABLE))
    with open_writer(one) as here, open_writer(other) as there:
        here.run(line(1))
        here.run(line(2))
        meet = threading.Barrier(2)
        first = [(here, 1, 2), (there, 2, 1)]
        with busy(here), busy(there):
            futures = [(writer.submit(_lock(a, meet)), writer.submit(_lock(b))) for writer, a, b in first]
        assert [outcome(future) for both in futures for future in both] == [1, 2, 2, 1]
    one.close()
    other.close()


def _lock(n: int, meet: threading.Barrier | None = None) -> Callable[[Tx], int]:
    def lock(tx: Tx) -> int:
        tx.conn.execute(text("SELECT n FROM lines WHERE n = :n FOR UPDATE"), {"n": n})
        if meet and not meet.broken:
            with suppress(threading.BrokenBarrierError):
                meet.wait(5)
            meet.abort()
        return n

    return lock


# Bounded


def test_a_full_queue_takes_nothing_more_in(database: Database) -> None:
    with open_writer(database, waiting=3) as writer:
        with busy(writer):
            futures = [writer.submit(line(n)) for n in range(3)]
            with pytest.raises(Overloaded) as overloaded:
                writer.submit(line(3))
            assert overloaded.value.facts["seconds"] > 0
        assert [future.result(20) for future in futures] == [0, 1, 2]
        assert writer.run(line(3)) == 3
    assert lines(database) == [0, 1, 2, 3]


def test_no_more_go_together_than_may(database: Database) -> None:
    together: dict[int, int] = {}
    kept: list[Tx] = []

    def note(tx: Tx) -> None:
        kept.append(tx)
        together[id(tx)] = together.get(id(tx), 0) + 1

    with open_writer(database, together=7) as writer, busy(writer):
        for _ in range(30):
            writer.submit(note)
    assert sum(together.values()) == 30
    assert max(together.values()) <= 7


# The end


def test_closing_finishes_what_waits(database: Database) -> None:
    writer = Writer(database, clock)
    closing = threading.Thread(target=writer.close)
    with busy(writer):
        futures = [writer.submit(line(n)) for n in range(40)]
        closing.start()
    closing.join(20)
    assert not closing.is_alive()
    assert [future.result(0) for future in futures] == list(range(40))
    assert lines(database) == list(range(40))


def test_after_the_end_nothing_is_taken_in_that_nobody_would_answer(database: Database) -> None:
    writer = Writer(database, clock)
    writer.close()
    with pytest.raises(Overloaded):
        writer.submit(line(1))
    writer.close()


def test_whatever_was_taken_in_before_the_end_is_answered(database: Database) -> None:
    """Many threads write while the writer closes: each is answered, or told at once that it is not taken."""
    writer = Writer(database, clock, waiting=5)
    taken: list[Future[int]] = []
    numbers = iter(range(10_000))
    ended = threading.Event()

    def keep_writing() -> None:
        while not ended.is_set():
            try:
                taken.append(writer.submit(line(next(numbers))))
            except Overloaded:
                ended.wait(0.001)

    threads = [threading.Thread(target=keep_writing) for _ in range(4)]
    for thread in threads:
        thread.start()
    eventually(lambda: len(taken) > 50)
    writer.close()
    ended.set()
    for thread in threads:
        thread.join(20)
    assert all(future.done() for future in taken)
    assert len(lines(database)) == len(taken)


def test_an_action_has_the_time_of_its_transaction(database: Database) -> None:
    with open_writer(database) as writer:
        assert writer.run(lambda tx: tx.now) == NOW
