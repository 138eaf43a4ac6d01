"""Actions that have a form for many: done as one where many wait, and never to anybody's harm."""

import threading
from collections.abc import Callable, Iterator, Sequence

import pytest
from sqlalchemy import text

from qa.domain.refusals import Closed, NotSaved, Refused
from qa.store.database import Database
from qa.store.writer import OneOf, Tx, Writer
from tests.eventually import eventually
from tests.store.test_writer import TABLE, busy, line, lines, open_writer, outcome


@pytest.fixture
def database(empty_database_url: str) -> Iterator[Database]:
    opened = Database(empty_database_url)
    with opened.writing.connect() as conn, conn.begin():
        conn.execute(text(TABLE))
    yield opened
    opened.close()


@pytest.fixture
def writer(database: Database) -> Iterator[Writer]:
    with open_writer(database) as opened:
        yield opened


class Lines:
    """Writes lines, many at once; refuses the negative ones, and breaks at zero. Keeps what it was called with."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, list[int]]] = []

    def __call__(self, tx: Tx, event_id: int, items: Sequence[int]) -> list[int | Refused]:
        self.calls.append((event_id, list(items)))
        return [Closed("negative") if item < 0 else self._write(tx, item) for item in items]

    def _write(self, tx: Tx, item: int) -> int:
        line(item)(tx)
        return item or 1 // item


def test_what_waits_together_is_done_as_one_for_each_event(writer: Writer) -> None:
    many = Lines()
    with busy(writer):
        futures = [writer.submit(OneOf(many, item % 2 + 1, item)) for item in range(1, 7)]
    assert [future.result(20) for future in futures] == [1, 2, 3, 4, 5, 6]
    if len(writer._threads) == 1:
        assert many.calls == [(1, [2, 4, 6]), (2, [1, 3, 5])]
    assert sorted(item for _, items in many.calls for item in items) == [1, 2, 3, 4, 5, 6]


def test_each_of_a_set_gets_its_own_answer(database: Database, writer: Writer) -> None:
    many = Lines()
    with busy(writer):
        futures = [writer.submit(OneOf(many, 1, item)) for item in (1, -2, 3, -4, 5)]
    answers = [outcome(future) for future in futures]
    assert [answer for answer in answers if isinstance(answer, int)] == [1, 3, 5]
    assert [type(answer) for answer in answers if not isinstance(answer, int)] == [Closed, Closed]
    assert lines(database) == [1, 3, 5]


def test_one_that_breaks_its_set_breaks_alone(database: Database, writer: Writer) -> None:
    many = Lines()
    with busy(writer):
        futures = [writer.submit(OneOf(many, 1, item)) for item in (1, 0, 2)]
    answers = [outcome(future) for future in futures]
    assert answers[0] == 1
    assert isinstance(answers[1], ZeroDivisionError)
    assert answers[2] == 2
    assert lines(database) == [1, 2]


def test_one_that_the_database_refuses_costs_its_set_only_time(database: Database, writer: Writer) -> None:
    many = Lines()
    writer.run(line(7))
    with busy(writer):
        futures = [writer.submit(OneOf(many, 1, item)) for item in (1, 7, 2)]
    answers = [outcome(future) for future in futures]
    assert answers[0] == 1
    assert isinstance(answers[1], NotSaved)
    assert answers[2] == 2
    assert lines(database) == [1, 2, 7]


def test_a_set_with_an_answer_missing_leaves_nobody_waiting(database: Database, writer: Writer) -> None:
    """And the writer writes on."""
    with busy(writer):
        futures = [writer.submit(OneOf(_speechless, 1, item)) for item in range(3)]
    assert {type(outcome(future)) for future in futures} == {ValueError}
    assert writer.run(line(1)) == 1


def _speechless(tx: Tx, event_id: int, items: Sequence[int]) -> list[int | Refused]:
    return []


def test_what_is_done_in_an_event_comes_in_the_order_of_the_events(writer: Writer) -> None:
    done: list[tuple[int, int]] = []

    def note(n: int) -> Callable[[Tx], None]:
        return lambda tx: done.append((threading.get_ident(), n))

    with busy(writer):
        for n in (3, 1, 2, 1, 3, 2):
            writer.submit(note(n), n)
    eventually(lambda: len(done) == 6)
    for thread in {thread for thread, _ in done}:
        mine = [n for at, n in done if at == thread]
        assert mine == sorted(mine)
