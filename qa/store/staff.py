"""The staff: people, their roles in each event, their sessions and one-time links."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from qa.domain.people import Actor, Person
from qa.domain.permissions import Role
from qa.store.tables import links, people, roles, sessions
from qa.store.writer import Tx

_PERSON: Final = [people.c[name] for name in ("id", "login", "name", "initials", "password", "disabled_at")]


def add(tx: Tx, login: str, name: str, initials: str, password: str, *, admin: bool = False) -> int:
    """Write a person and return the id; `password` is an argon2id hash, or empty for links only."""
    row = {"login": login, "name": name, "initials": initials, "password": password, "admin": admin}
    return int(tx.conn.execute(insert(people).values(created_at=tx.now, **row).returning(people.c.id)).scalar_one())


def by_login(conn: Connection, login: str) -> Person | None:
    return _first(conn.execute(select(*_PERSON).where(people.c.login == login)).mappings().first())


def by_id(conn: Connection, person_id: int) -> Person | None:
    return _first(conn.execute(select(*_PERSON).where(people.c.id == person_id)).mappings().first())


def every(conn: Connection) -> list[Person]:
    return [Person(**row) for row in conn.execute(select(*_PERSON).order_by(people.c.login)).mappings()]


def set_password(tx: Tx, person_id: int, password: str) -> None:
    tx.conn.execute(update(people).where(people.c.id == person_id).values(password=password))


def disable(tx: Tx, person_id: int) -> None:
    """No sign-in any more; open sessions end."""
    tx.conn.execute(update(people).where(people.c.id == person_id).values(disabled_at=tx.now))
    revoke_sessions(tx, person_id)


def grant(tx: Tx, event_id: int, person_id: int, role: Role) -> None:
    if role not in roles_of(tx.conn, event_id, person_id):
        tx.conn.execute(
            insert(roles).values(event_id=event_id, person_id=person_id, role=role.value, granted_at=tx.now)
        )


def take_away(tx: Tx, event_id: int, person_id: int, role: Role) -> None:
    mine = (roles.c.event_id == event_id, roles.c.person_id == person_id, roles.c.role == role.value)
    tx.conn.execute(delete(roles).where(*mine))


def roles_of(conn: Connection, event_id: int, person_id: int) -> frozenset[Role]:
    """The roles a person holds in an event; a site admin owns all of them."""
    query = select(roles.c.role).where(roles.c.event_id == event_id, roles.c.person_id == person_id)
    held = {Role(name) for name in conn.execute(query).scalars()}
    if conn.execute(select(people.c.admin).where(people.c.id == person_id)).scalar():
        held.add(Role.OWNER)
    return frozenset(held)


def actor(conn: Connection, event_id: int, person: Person) -> Actor:
    """The person as one who acts in an event."""
    return Actor(str(person.id), person.name, person.initials, roles_of(conn, event_id, person.id))


def of_event(conn: Connection, event_id: int) -> list[tuple[Person, Role]]:
    """Who works in an event, in which role."""
    query = (
        select(*_PERSON, roles.c.role)
        .join(roles, roles.c.person_id == people.c.id)
        .where(roles.c.event_id == event_id, people.c.disabled_at.is_(None))
        .order_by(people.c.initials, roles.c.role)
    )
    return [
        (Person(**{column.name: row[column.name] for column in _PERSON}), Role(row["role"]))
        for row in conn.execute(query).mappings()
    ]


def events_of(conn: Connection, person_id: int) -> set[int] | None:
    """The events a person works in; None: all of them."""
    if conn.execute(select(people.c.admin).where(people.c.id == person_id)).scalar():
        return None
    return set(conn.execute(select(roles.c.event_id).where(roles.c.person_id == person_id)).scalars())


def open_session(tx: Tx, token: str, person_id: int, expires_at: datetime, *, idle_ends: bool = True) -> None:
    """`token` is the SHA-256 of what the browser keeps. A program's session does not end by being idle."""
    seen_at = tx.now if idle_ends else expires_at
    row = {"token": token, "person_id": person_id, "created_at": tx.now, "seen_at": seen_at, "expires_at": expires_at}
    tx.conn.execute(insert(sessions).values(**row))


def session_person(conn: Connection, token: str, now: datetime, idle_since: datetime) -> Person | None:
    """Who the session belongs to, if it is neither over, idle for too long, nor revoked, nor its person disabled."""
    query = (
        select(*_PERSON)
        .join(sessions, sessions.c.person_id == people.c.id)
        .where(sessions.c.token == token, people.c.disabled_at.is_(None))
        .where(*_alive(now, idle_since))
    )
    return _first(conn.execute(query).mappings().first())


def alive(conn: Connection, tokens: Iterable[str], now: datetime, idle_since: datetime) -> dict[str, int]:
    """Of these session tokens the live ones, with their person's id."""
    query = (
        select(sessions.c.token, sessions.c.person_id)
        .join(people, people.c.id == sessions.c.person_id)
        .where(sessions.c.token.in_(list(tokens)), people.c.disabled_at.is_(None))
        .where(*_alive(now, idle_since))
    )
    return {row.token: row.person_id for row in conn.execute(query)}


def _alive(now: datetime, idle_since: datetime) -> tuple[Any, ...]:
    return (sessions.c.revoked_at.is_(None), sessions.c.expires_at > now, sessions.c.seen_at > idle_since)


def touch_session(tx: Tx, token: str) -> None:
    tx.conn.execute(update(sessions).where(sessions.c.token == token).values(seen_at=tx.now))


def revoke_session(tx: Tx, token: str) -> None:
    tx.conn.execute(update(sessions).where(sessions.c.token == token).values(revoked_at=tx.now))


def revoke_sessions(tx: Tx, person_id: int) -> None:
    """All sessions of a person end."""
    open_ones = (sessions.c.person_id == person_id, sessions.c.revoked_at.is_(None))
    tx.conn.execute(update(sessions).where(*open_ones).values(revoked_at=tx.now))


def add_link(tx: Tx, token: str, person_id: int, expires_at: datetime) -> None:
    """A one-time link; `token` is the SHA-256 of what stands in it."""
    tx.conn.execute(insert(links).values(token=token, person_id=person_id, expires_at=expires_at))


def link_person(conn: Connection, token: str, now: datetime) -> Person | None:
    """Whom a link would sign in, if it is unused and not over."""
    query = (
        select(*_PERSON)
        .join(links, links.c.person_id == people.c.id)
        .where(links.c.token == token, links.c.used_at.is_(None), links.c.expires_at > now)
        .where(people.c.disabled_at.is_(None))
    )
    return _first(conn.execute(query).mappings().first())


def use_link(tx: Tx, token: str) -> bool:
    """Use a link up. False: it was used before."""
    unused = (links.c.token == token, links.c.used_at.is_(None), links.c.expires_at > tx.now)
    return tx.conn.execute(update(links).where(*unused).values(used_at=tx.now)).rowcount == 1


def _first(row: RowMapping | None) -> Person | None:
    return Person(**row) if row else None
