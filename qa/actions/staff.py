"""Staff: people, roles, sign-in. Passwords are hashed and checked by the caller, off the loop and off the writer."""

import hashlib
import secrets
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Final

from qa.actions import moves
from qa.domain.channels import Channel
from qa.domain.people import Actor, Person
from qa.domain.permissions import STAFF_ROLES, Permission, Role
from qa.domain.refusals import NotFound
from qa.store import log, staff
from qa.store.writer import Tx

SESSION_LASTS: Final = timedelta(hours=12)
SESSION_IDLE: Final = timedelta(minutes=30)
LINK_LASTS: Final = timedelta(hours=12)


def fingerprint(token: str) -> str:
    """What is kept of a session's or link's token: its SHA-256."""
    return hashlib.sha256(token.encode()).hexdigest()


def idle_since(now: datetime) -> datetime:
    """A session not used since then is over."""
    return now - SESSION_IDLE


def sign_in(tx: Tx, person_id: int) -> str:
    """Open a session and return its token, which is stored nowhere."""
    token = secrets.token_urlsafe(32)
    staff.open_session(tx, fingerprint(token), person_id, tx.now + SESSION_LASTS)
    return token


def make_token(tx: Tx, event_id: int, role: Role, days: int) -> tuple[int, str]:
    """A program's access to one event in one role: a person of its own, whose session lasts. The token, once."""
    login = f"program-{secrets.token_hex(4)}"
    person_id = staff.add(tx, login, login, "API", "")
    staff.grant(tx, event_id, person_id, role)
    token = secrets.token_urlsafe(32)
    staff.open_session(tx, fingerprint(token), person_id, tx.now + timedelta(days=days), idle_ends=False)
    return person_id, token


def make_link(tx: Tx, person_id: int) -> str:
    """The token of a one-time sign-in link."""
    token = secrets.token_urlsafe(24)
    staff.add_link(tx, fingerprint(token), person_id, tx.now + LINK_LASTS)
    return token


def enter(tx: Tx, link: str) -> tuple[Person, str]:
    """Use a one-time link: who it is for, and the token of the session. `NotFound` if it was used or is over."""
    person = staff.link_person(tx.conn, fingerprint(link), tx.now)
    if person is None or not staff.use_link(tx, fingerprint(link)):
        raise NotFound()
    return person, sign_in(tx, person.id)


def sign_out(tx: Tx, session: str) -> None:
    staff.revoke_session(tx, fingerprint(session))


def change_role(tx: Tx, who: Actor, event_id: int, person_id: int, role: Role, *, given: bool) -> None:
    """Give a person a role in an event or take it away; open sockets of the event look again who they belong to."""
    _, held = moves.event_for(tx, who, event_id, Permission.STAFF)
    if role not in STAFF_ROLES or staff.by_id(tx.conn, person_id) is None:
        raise NotFound()
    (staff.grant if given else staff.take_away)(tx, event_id, person_id, role)
    before, after = ("", role.value) if given else (role.value, "")
    move = moves.made(who, held, "grant" if given else "take_away", before, after)
    roles = sorted(staff.roles_of(tx.conn, event_id, person_id))
    data = {"person": str(person_id), "roles": roles, "move": asdict(move)}
    log.append(tx, event_id, Channel.STAFF, "access.changed", data)
