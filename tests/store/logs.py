"""The stored log as its checker reads it."""

from typing import Any

from sqlalchemy import Connection, select

from qa.domain import chain
from qa.domain.channels import Channel
from qa.domain.views import stamp
from qa.store.tables import entries, events, heads

KEPT = (Channel.PUBLIC, Channel.STAFF)


def lines(conn: Connection, event_id: int, channel: Channel) -> list[dict[str, Any]]:
    """The lines of a channel in order, their times as they were sealed."""
    query = select(entries).where(entries.c.event_id == event_id, entries.c.channel == channel.value)
    rows = conn.execute(query.order_by(entries.c.seq)).mappings()
    return [{**row, "at": stamp(row["at"])} for row in rows]


def faults(conn: Connection, event_id: int) -> list[str]:
    """What is wrong with the event's log as it is stored: in a line, between two, or between the last and the head."""
    epoch = str(conn.execute(select(events.c.epoch).where(events.c.id == event_id)).scalar_one())
    found = []
    for channel in KEPT:
        stored = lines(conn, event_id, channel)
        found += [f"{channel}: {fault}" for fault in chain.faults(epoch, stored)]
        last = (stored[-1]["seq"], stored[-1]["hash"]) if stored else (0, epoch)
        here = (heads.c.event_id == event_id, heads.c.channel == channel.value)
        if last != conn.execute(select(heads.c.seq, heads.c.hash).where(*here)).one():
            found.append(f"{channel}: the head is not the last line")
    return found
