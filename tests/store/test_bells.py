"""Who listens is told of the events whose log grew: after the commit, once, and of no other."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
from sqlalchemy import text

from qa.actions.questions import Acknowledged
from qa.domain.channels import Channel
from qa.domain.refusals import NotSaved
from qa.store import log, questions
from qa.store.writer import Tx, Writer
from qa.web.site import now
from tests.store.writing import asking, held, outcomes, refused, submit_together
from tests.world import World


@contextmanager
def one_at_work(world: World, bell: Callable[[set[int]], None]) -> Iterator[Writer]:
    """A writer with one thread that writes: on PostgreSQL the other is kept in an action that does nothing."""
    writer = Writer(world.database, now, bell)
    try:
        with ExitStack() as idle:
            if not world.database.is_sqlite:
                idle.enter_context(held(writer))
            yield writer
    finally:
        writer.close()


@pytest.fixture
def rung() -> list[set[int]]:
    return []


@pytest.fixture
def writer(world: World, rung: list[set[int]]) -> Iterator[Writer]:
    with one_at_work(world, lambda grown: rung.append(set(grown))) as writer:
        yield writer


def test_a_transaction_rings_once_for_all_events_whose_log_grew(
    world: World, writer: Writer, rung: list[set[int]]
) -> None:
    one, two, silent = (world.event(slug) for slug in ("one", "two", "silent"))
    no = refused(asking(silent.id))
    outcomes(submit_together(writer, asking(one.id), asking(one.id), no, asking(two.id)))
    outcomes(submit_together(writer, no, no))
    writer.run(lambda tx: questions.add_impressions(tx, one.id, {1: 1}))
    writer.run(asking(two.id))
    assert rung == [{one.id, two.id}, {two.id}]


def test_an_event_rings_when_only_one_of_its_actions_was_refused(
    world: World, writer: Writer, rung: list[set[int]]
) -> None:
    event = world.event()
    outcomes(submit_together(writer, asking(event.id), refused(asking(event.id))))
    outcomes(submit_together(writer, refused(asking(event.id)), asking(event.id)))
    assert rung == [{event.id}, {event.id}]


def test_what_was_not_saved_rings_for_nobody(world: World, writer: Writer, rung: list[set[int]]) -> None:
    """It writes to the log, and then breaks a constraint: its neighbours are saved without it, each alone."""
    event, other = world.event(), world.event("other")

    def break_down(tx: Tx) -> None:
        log.append(tx, other.id, Channel.STAFF, "superseded", {})
        tx.conn.execute(text("UPDATE events SET short = (SELECT MIN(short) FROM events)"))

    first, broken, last = outcomes(submit_together(writer, asking(event.id), break_down, asking(event.id)))
    assert isinstance(broken, NotSaved)
    assert not [each for each in (first, last) if isinstance(each, BaseException)]
    assert rung == [{event.id}, {event.id}]


def test_the_bell_rings_when_everybody_can_read_what_it_rings_for(world: World) -> None:
    event = world.event()
    read: list[int] = []

    def look(_: set[int]) -> None:
        read.append(world.database.read(log.head, event.id, Channel.STAFF))

    before = world.database.read(log.head, event.id, Channel.STAFF)
    with one_at_work(world, look) as writer:
        for _ in range(3):
            writer.run(asking(event.id))
    assert read == [before + 1, before + 2, before + 3]


def test_a_bell_that_fails_costs_nobody_the_writer(world: World) -> None:
    """Who listens looks by themselves as well; a writer that has stopped would leave everybody waiting for ever."""
    event = world.event()

    def fall_off(_: set[int]) -> None:
        raise RuntimeError("the bell fell off")

    with one_at_work(world, fall_off) as writer:
        futures = [submit_together(writer, asking(event.id), asking(event.id)) for _ in range(2)]
        asked = [each for two in futures for each in outcomes(two)]
    assert [each.card.n for each in asked if isinstance(each, Acknowledged)] == [1, 2, 3, 4]
