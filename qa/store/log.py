"""The event's append-only log: one line for each thing a channel must hear, numbered without a gap."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from qa.domain.channels import Channel
from qa.store.tables import entries, heads
from qa.store.writer import Tx


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. `seq` counts from 1 in its event and channel."""

    event_id: int
    channel: Channel
    seq: int
    at: datetime
    type: str
    data: dict[str, Any]


def begin(tx: Tx, event_id: int) -> None:
    """Open the sequences of a new event."""
    rows = [{"event_id": event_id, "channel": channel.value, "seq": 0} for channel in (Channel.PUBLIC, Channel.STAFF)]
    tx.conn.execute(insert(heads), rows)


def append(
    tx: Tx, event_id: int, channel: Channel, type_: str, data: Mapping[str, Any], *, n: int | None = None
) -> int:
    """Write a line and return its number, taken in this transaction: if that fails, the number was never used."""
    seq = int(
        tx.conn.execute(
            update(heads)
            .where(heads.c.event_id == event_id, heads.c.channel == channel.value)
            .values(seq=heads.c.seq + 1)
            .returning(heads.c.seq)
        ).scalar_one()
    )
    row = {"event_id": event_id, "channel": channel.value, "seq": seq, "at": tx.now, "type": type_, "n": n}
    tx.conn.execute(insert(entries).values(data=dict(data), **row))
    tx.grown.add(event_id)
    return seq


def head(conn: Connection, event_id: int, channel: Channel) -> int:
    """The number of the newest line, 0 if there is none."""
    query = select(heads.c.seq).where(heads.c.event_id == event_id, heads.c.channel == channel.value)
    return int(conn.execute(query).scalar_one())


def heads_of(conn: Connection, event_ids: Iterable[int]) -> dict[tuple[int, Channel], int]:
    """The newest numbers of several events, in one query."""
    query = select(heads.c.event_id, heads.c.channel, heads.c.seq).where(heads.c.event_id.in_(list(event_ids)))
    return {(row.event_id, Channel(row.channel)): row.seq for row in conn.execute(query)}


def after(conn: Connection, event_id: int, channel: Channel, seq: int, limit: int) -> list[Entry]:
    """The lines that follow `seq`, at most `limit`, in order."""
    query = (
        select(entries)
        .where(entries.c.event_id == event_id, entries.c.channel == channel.value, entries.c.seq > seq)
        .order_by(entries.c.seq)
        .limit(limit)
    )
    return [_entry(row) for row in conn.execute(query).mappings()]


def about(conn: Connection, event_id: int, n: int) -> list[Entry]:
    """The staff's lines about one question and its answers, oldest first."""
    query = (
        select(entries)
        .where(entries.c.event_id == event_id, entries.c.channel == Channel.STAFF.value, entries.c.n == n)
        .order_by(entries.c.seq)
    )
    return [_entry(row) for row in conn.execute(query).mappings()]


def _entry(row: RowMapping) -> Entry:
    return Entry(row["event_id"], Channel(row["channel"]), row["seq"], row["at"], row["type"], row["data"])
