"""Where a rehearsal takes place: an event that is marked as one for ever, and a team with roles in it alone."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from qa.actions import events as event_actions
from qa.actions import staff as staff_actions
from qa.domain.accounts import Kind
from qa.domain.events import Action, Event
from qa.domain.people import Actor
from qa.domain.permissions import Role
from qa.store import accounts, events, staff
from qa.store.database import Database, DatabaseError
from qa.store.writer import Tx, Writer
from qa.web.site import now

ROLES: Final = (Role.MODERATOR, Role.EDITOR, Role.HOST)
HANDLE: Final = "rehearsal"
BURST: Final = 20
PER_MINUTE: Final = 60

_CALLER: Final = Actor("rehearsal", "qa rehearse", "QR", frozenset({Role.OWNER}))


class NotRehearsed(Exception):
    """Nothing was played; the message says why, for the person at the terminal."""


@dataclass(frozen=True, slots=True)
class Room:
    """`links` are one-time sign-in tokens by role; `epoch` proves that a server reads the same database."""

    handle: str
    slug: str
    epoch: str
    links: dict[Role, str]
    people: tuple[int, ...]

    @property
    def base(self) -> str:
        return f"/@{self.handle}/{self.slug}"

    @property
    def desk(self) -> str:
        return f"/desk/{self.handle}/{self.slug}"


@contextmanager
def opened(database_url: str, address: str | None) -> Iterator[Room]:
    """A new rehearsal event, or the one at `@handle/slug`, with a team whose access ends with the block.

    Raises `NotRehearsed` if there is no such event, or if it is a real one.
    """
    database = Database(database_url)
    writer = Writer(database, now)
    try:
        room = writer.run(partial(_open, address=address))
        try:
            yield room
        finally:
            writer.run(partial(_leave, people=room.people))
    except DatabaseError as error:
        raise NotRehearsed(f"the database said no ({type(error).__name__}); try `qa doctor`") from error
    finally:
        writer.close()
        database.close()


def _open(tx: Tx, address: str | None) -> Room:
    event = _existing(tx, address) if address else _new(tx)
    people, links = [], {}
    for role in ROLES:
        # Links are their only way in: there is no password.
        login = f"rehearsal-{role.value}-{secrets.token_hex(4)}"
        person = staff.add(tx, login, f"Rehearsal {role.value}", f"R{role.value[0].upper()}", "")
        staff_actions.change_role(tx, _CALLER, event.id, person, role, given=True)
        links[role] = staff_actions.make_link(tx, person)
        people.append(person)
    return Room(event.handle, event.slug, event.epoch, links, tuple(people))


def _existing(tx: Tx, address: str) -> Event:
    handle, _, slug = address.removeprefix("@").partition("/")
    event = events.by_slug(tx.conn, handle, slug)
    if event is None:
        raise NotRehearsed(f"there is no event {address} in this database; it is written @handle/slug")
    if not event.rehearsal:
        raise NotRehearsed(f"{address} is a real event: only one that was made with --rehearsal can be rehearsed")
    return event


def _new(tx: Tx) -> Event:
    account = accounts.by_handle(tx.conn, HANDLE)
    account_id = account.id if account else _account(tx)
    made = event_actions.create(
        tx,
        _CALLER,
        account_id,
        slug=f"{tx.now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}",
        titles={"": "Rehearsal", "zh-Hans": "排练", "zh-Hant": "彩排", "he": "חזרה"},
        zone="UTC",
        starts_at=tx.now,
        ends_at=tx.now + timedelta(hours=1),
        languages=["zh-Hant", "en"],
        rehearsal=True,
        burst=BURST,
        per_minute=PER_MINUTE,
    )
    return event_actions.step(tx, _CALLER, made.id, Action.ANNOUNCE, seen=made.version)


def _account(tx: Tx) -> int:
    row = {
        "handle": HANDLE,
        "kind": Kind.ORGANISATION.value,
        "names": {"": "Rehearsals", "zh-Hans": "排练", "zh-Hant": "彩排", "he": "חזרות"},
        "abouts": {"": "Events in which nobody speaks: real questions of others, played to see whether all works."},
        "office": {},
        "verified": "",
        "verified_at": None,
        "accent": "petrol",
        "demo": True,
        "created_at": tx.now,
    }
    return accounts.add(tx, row)


def _leave(tx: Tx, people: tuple[int, ...]) -> None:
    for person in people:
        staff.disable(tx, person)
