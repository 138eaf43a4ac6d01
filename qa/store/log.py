"""The event's append-only log: one line for each thing a channel must hear, numbered without a gap."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from qa.domain import chain
from qa.domain.channels import Channel
from qa.domain.views import stamp
from qa.store.tables import accounts, entries, heads
from qa.store.writer import Tx

Key: TypeAlias = tuple[int, Channel]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. `seq` counts from 1 in its event and channel."""

    event_id: int
    channel: Channel
    seq: int
    at: datetime
    type: str
    data: dict[str, Any]
    digest: str
    hash: str
    n: int | None


@dataclass(frozen=True, slots=True)
class Line:
    """What a channel is to hear, not yet in the log."""

    channel: Channel
    type: str
    data: Mapping[str, Any]
    n: int | None = None


# Put together once: every move of everything comes through these three.
_HERE: Final = (heads.c.event_id == bindparam("of"), heads.c.channel == bindparam("on"))
_TAKE: Final = (
    update(heads).where(*_HERE).values(seq=heads.c.seq + bindparam("lines")).returning(heads.c.seq, heads.c.hash)
)
_WRITE: Final = insert(entries)
_SEAL: Final = update(heads).where(*_HERE).values(hash=bindparam("sealed"))


# A line's columns, in the order of `Entry`'s fields.
_LINE: Final = [entries.c[field.name] for field in fields(Entry)]
_AFTER: Final = (
    select(*_LINE)
    .where(
        entries.c.event_id == bindparam("of"),
        entries.c.channel == bindparam("on"),
        entries.c.seq > bindparam("cursor"),
    )
    .order_by(entries.c.seq)
    .limit(bindparam("most"))
)
# So many channels are asked one by one; of more it is looked first which have grown.
_FEW: Final = 4


def begin(tx: Tx, event_id: int, epoch: str) -> None:
    """Open the sequences of a new event; its epoch is what their first lines are sealed with."""
    kept = (Channel.PUBLIC, Channel.STAFF)
    rows = [{"event_id": event_id, "channel": channel.value, "seq": 0, "hash": epoch} for channel in kept]
    tx.conn.execute(insert(heads), rows)


def append(
    tx: Tx, event_id: int, channel: Channel, type_: str, data: Mapping[str, Any], *, n: int | None = None
) -> int:
    """Write a line and return its number, taken in this transaction: if that fails, the number was never used."""
    return _append(tx, event_id, channel, [Line(channel, type_, data, n)])


def append_all(tx: Tx, event_id: int, lines: Iterable[Line]) -> None:
    """Write lines in their order: for each channel one block of numbers, each line sealed with the one before."""
    by_channel: dict[Channel, list[Line]] = {}
    for line in lines:
        by_channel.setdefault(line.channel, []).append(line)
    for channel, block in by_channel.items():
        _append(tx, event_id, channel, block)


def _append(tx: Tx, event_id: int, channel: Channel, block: list[Line]) -> int:
    here = {"of": event_id, "on": channel.value}
    last, sealed = tx.conn.execute(_TAKE, {"lines": len(block), **here}).one()
    at, rows = stamp(tx.now), []
    for seq, line in enumerate(block, last - len(block) + 1):
        digest = chain.digest(line.data)
        sealed = chain.seal(sealed, seq, at, line.type, digest)
        row = {"event_id": event_id, "channel": channel.value, "seq": seq, "at": tx.now, "type": line.type, "n": line.n}
        rows.append({"data": dict(line.data), "digest": digest, "hash": sealed, **row})
    tx.conn.execute(_WRITE, rows)
    tx.conn.execute(_SEAL, {"sealed": sealed, **here})
    tx.grown.add(event_id)
    return int(last)


def head(conn: Connection, event_id: int, channel: Channel) -> int:
    """The number of the newest line, 0 if there is none."""
    query = select(heads.c.seq).where(heads.c.event_id == event_id, heads.c.channel == channel.value)
    return int(conn.execute(query).scalar_one())


def reached(conn: Connection, event_id: int | None = None) -> tuple[int, ...]:
    """How far the public logs of all events have come, and how many there are; or all channels of one event.

    Numbers only grow, so a sum that is the same says that nothing was added to any of them.
    """
    of = heads.c.channel == Channel.PUBLIC.value if event_id is None else heads.c.event_id == event_id
    held = select(func.count()).select_from(accounts).scalar_subquery()
    row = conn.execute(select(func.sum(heads.c.seq), func.count(), held).where(of)).one()
    return tuple(int(number or 0) for number in row)


def heads_of(conn: Connection, event_ids: Iterable[int]) -> dict[Key, int]:
    """The newest numbers of several events, in one query."""
    query = select(heads.c.event_id, heads.c.channel, heads.c.seq).where(heads.c.event_id.in_(list(event_ids)))
    return {(row.event_id, Channel(row.channel)): row.seq for row in conn.execute(query)}


def after(conn: Connection, event_id: int, channel: Channel, seq: int, limit: int) -> list[Entry]:
    """The lines that follow `seq`, at most `limit`, in order."""
    found = conn.execute(_AFTER, {"of": event_id, "on": channel.value, "cursor": seq, "most": limit})
    return [_entry(row) for row in found]


def newest(conn: Connection, event_id: int, channel: Channel, limit: int) -> tuple[int, list[Entry]]:
    """The newest number, and the lines that lead up to it, at most `limit`, in order."""
    top = head(conn, event_id, channel)
    return top, after(conn, event_id, channel, top - limit, limit)


def grown(conn: Connection, cursors: Mapping[Key, int], limit: int) -> list[Entry]:
    """What follows the cursors of several channels, each in order, at most `limit` for each."""
    behind = list(cursors)
    if len(behind) > _FEW:
        # Most of many have nothing new: ask which, in one query.
        tops = heads_of(conn, {event_id for event_id, _ in cursors})
        behind = [key for key, cursor in cursors.items() if tops.get(key, 0) > cursor]
    return [entry for key in behind for entry in after(conn, *key, cursors[key], limit)]


def about(conn: Connection, event_id: int, n: int) -> list[Entry]:
    """The staff's lines about one question and its answers, oldest first."""
    query = (
        select(*_LINE)
        .where(entries.c.event_id == event_id, entries.c.channel == Channel.STAFF.value, entries.c.n == n)
        .order_by(entries.c.seq)
    )
    return [_entry(row) for row in conn.execute(query)]


def _entry(row: "Row[Any]") -> Entry:
    """A row of `_LINE`."""
    event_id, channel, *rest = tuple(row)
    return Entry(event_id, Channel(channel), *rest)
