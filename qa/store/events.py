"""Events: phases, switches and settings."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, Select, bindparam, func, insert, select, update

from qa.domain.events import Event, Phase, Switch
from qa.store.tables import accounts, askers, events
from qa.store.writer import Tx

_FIELDS: Final = {field.name for field in fields(Event)}
# Built once: putting two dozen columns together costs as much as asking the database.
_EVENTS: Final = select(events, accounts.c.handle, accounts.c.demo).join(accounts, accounts.c.id == events.c.account_id)

_HERE: Final = events.c.id == bindparam("of")
_LOCKED: Final = _EVENTS.where(_HERE).with_for_update(of=events)
_ASKED: Final = select(events.c.asked).where(_HERE)
_COUNT: Final = update(events).where(_HERE).values(asked=events.c.asked + bindparam("more"))


def add(tx: Tx, event: Mapping[str, Any]) -> int:
    """Write an event (fields of `Event` but `id`, `handle` and `demo`) and return its id."""
    return int(tx.conn.execute(insert(events).values(asked=0, **event).returning(events.c.id)).scalar_one())


def by_id(conn: Connection, event_id: int) -> Event | None:
    return _first(conn, _EVENTS.where(events.c.id == event_id))


def by_slug(conn: Connection, handle: str, slug: str) -> Event | None:
    return _first(conn, _EVENTS.where(accounts.c.handle == handle, events.c.slug == slug))


def by_short(conn: Connection, short: str) -> Event | None:
    return _first(conn, _EVENTS.where(events.c.short == short))


def every(conn: Connection, account_id: int | None = None) -> list[Event]:
    """All events, or those of one account, the latest first."""
    query = _EVENTS.order_by(events.c.starts_at.desc(), events.c.id.desc())
    if account_id is not None:
        query = query.where(events.c.account_id == account_id)
    return [_event(row) for row in conn.execute(query).mappings()]


def locked(tx: Tx, event_id: int) -> Event | None:
    """The event, held until the commit: what is written in an event is written one after the other.

    On SQLite the whole transaction holds the database already.
    """
    return _first(tx.conn, _LOCKED, of=event_id)


def change(tx: Tx, event: Event, **values: Any) -> Event | None:
    """Write values if the event still has the version at hand; None if somebody was first."""
    row = {name: _plain(value) for name, value in values.items()}
    result = tx.conn.execute(
        update(events)
        .where(events.c.id == event.id, events.c.version == event.version)
        .values(version=event.version + 1, **row)
    )
    return by_id(tx.conn, event.id) if result.rowcount else None


def asked(conn: Connection, event_id: int) -> int:
    """How many questions were asked: the number of the newest one."""
    return int(conn.execute(_ASKED, {"of": event_id}).scalar_one())


def count_asked(tx: Tx, event_id: int, more: int) -> None:
    """So many more questions were asked."""
    tx.conn.execute(_COUNT, {"of": event_id, "more": more})


def totals(conn: Connection, event_id: int) -> tuple[int, int]:
    """How many questions were asked, and by how many people."""
    asked = select(events.c.asked).where(events.c.id == event_id).scalar_subquery()
    people = select(func.count()).where(askers.c.event_id == event_id, askers.c.asked > 0).scalar_subquery()
    row = conn.execute(select(asked, people)).one()
    return row[0] or 0, row[1]


def _plain(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    return value


def _first(conn: Connection, query: Select[Any], **values: Any) -> Event | None:
    row = conn.execute(query, values).mappings().first()
    return _event(row) if row else None


def _event(row: RowMapping) -> Event:
    values = {name: row[name] for name in _FIELDS}
    values["topics"] = tuple(row["topics"])
    values["languages"] = tuple(row["languages"])
    values["phase"] = Phase(row["phase"])
    values["stopped"] = frozenset(Switch(name) for name in row["stopped"])
    return Event(**values)
