"""Whoever changes a line of the stored log, takes one out or puts one in is found, whichever line it is."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Final, TypeAlias

import pytest
from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from qa.domain import chain
from qa.domain.channels import Channel
from qa.domain.questions import Action
from qa.domain.views import stamp
from qa.store.tables import entries, events, heads
from tests.store.logs import faults, lines
from tests.world import World

Row: TypeAlias = RowMapping
Tamper: TypeAlias = Callable[[Connection, Row], None]


def here(row: Row) -> tuple[Any, ...]:
    return tuple(entries.c[name] == row[name] for name in ("event_id", "channel", "seq"))


def change(**values: Callable[[Row], Any]) -> Tamper:
    def tamper(conn: Connection, row: Row) -> None:
        conn.execute(update(entries).where(*here(row)).values(**{name: new(row) for name, new in values.items()}))

    return tamper


def one_letter(row: Row, name: str) -> str:
    """The hexadecimal text with its last letter changed."""
    return str(row[name])[:-1] + ("0" if row[name][-1] != "0" else "1")


def other_data(row: Row) -> dict[str, Any]:
    return {**row["data"], "added": 1}


def reseal(conn: Connection, row: Row) -> None:
    """Whoever knows how lines are sealed changes the data and seals that line again, but not those after it."""
    before = (entries.c.event_id == row["event_id"], entries.c.channel == row["channel"])
    query = select(entries.c.hash).where(*before, entries.c.seq == row["seq"] - 1)
    previous = conn.execute(query).scalar()
    digest = chain.digest(other_data(row))
    sealed = chain.seal(previous or "", row["seq"], stamp(row["at"]), row["type"], digest)
    conn.execute(update(entries).where(*here(row)).values(data=other_data(row), digest=digest, hash=sealed))


def take_out(conn: Connection, row: Row) -> None:
    conn.execute(delete(entries).where(*here(row)))


def put_in(conn: Connection, row: Row) -> None:
    """A line more, after the last one."""
    mine = (heads.c.event_id == row["event_id"], heads.c.channel == row["channel"])
    top = conn.execute(select(heads.c.seq).where(*mine)).scalar_one()
    conn.execute(insert(entries).values({**row, "seq": top + 1}))


WAYS: Final[dict[str, Tamper]] = {
    "at": change(at=lambda row: row["at"] + timedelta(milliseconds=1)),
    "type": change(type=lambda row: row["type"] + "x"),
    "data": change(data=other_data),
    "data and digest": change(data=other_data, digest=lambda row: chain.digest(other_data(row))),
    "digest": change(digest=lambda row: one_letter(row, "digest")),
    "hash": change(hash=lambda row: one_letter(row, "hash")),
    "channel": change(channel=lambda _: "asker"),
    "number": change(seq=lambda row: row["seq"] + 1_000),
    "sealed again": reseal,
    "taken out": take_out,
    "put in": put_in,
}


@pytest.fixture
def told(world: World) -> World:
    """A log with lines of every kind: an answer that was corrected and retracted, a question that was declined."""
    event = world.event()
    card = world.answer(event, "כן, בוודאי 👩‍🚀", "它會嗎?")
    world.correct(card, "No.")
    world.retract(card)
    world.move(world.ask(event), Action.TAKE, Action.EDIT, edited="What?")
    world.person("mina", event)
    return world


@pytest.fixture
def writing(told: World) -> Iterator[Connection]:
    """A connection that may write; nothing of it stays."""
    with told.database.writing.connect() as conn:
        yield conn
        conn.rollback()


@pytest.mark.parametrize("way", WAYS)
def test_every_line_that_was_tampered_with_is_found(way: str, writing: Connection) -> None:
    rows = list(writing.execute(select(entries)).mappings())
    event_id = rows[0]["event_id"]
    assert len(rows) > 20
    assert faults(writing, event_id) == []
    unseen = []
    for row in rows:
        savepoint = writing.begin_nested()
        WAYS[way](writing, row)
        if not faults(writing, event_id):
            unseen.append((row["channel"], row["seq"]))
        savepoint.rollback()
    assert unseen == []
    assert faults(writing, event_id) == [], "and nothing of it has stayed"


def test_a_text_that_was_left_out_leaves_the_rest_verifiable(writing: Connection) -> None:
    """The seal is over the digest: what had to be hidden need not be told for the others to be checked."""
    event_id, epoch = writing.execute(select(events.c.id, events.c.epoch)).one()
    told = lines(writing, event_id, Channel.PUBLIC)
    assert chain.faults(epoch, [{**line, "data": None} for line in told]) == []
    told[3]["data"] = {**told[3]["data"], "added": 1}
    assert len(chain.faults(epoch, told)) == 1
