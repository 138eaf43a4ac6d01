"""Administration by hand: accounts, events, staff, tokens. Every command runs the same actions as the pages."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from qa import settings
from qa.actions import events as event_actions
from qa.actions import staff as staff_actions
from qa.domain.accounts import Kind
from qa.domain.events import Action, Event
from qa.domain.messages import dumps
from qa.domain.people import Actor, Person
from qa.domain.permissions import STAFF_ROLES, Role
from qa.domain.refusals import Refused
from qa.store import accounts, events, staff
from qa.store.database import Database, DatabaseError
from qa.store.writer import Writer
from qa.web import passwords
from qa.web.site import now

# Who sits at the machine's own keyboard owns it.
OPERATOR: Final = Actor("operator", "Command line", "CL", frozenset({Role.OWNER}))
ACCENTS: Final = ("petrol", "plum", "indigo", "moss")


@dataclass(frozen=True, slots=True)
class Opened:
    database: Database
    writer: Writer


@contextmanager
def opened() -> Iterator[Opened]:
    """The database and a writer; what goes wrong becomes one line and a non-zero status."""
    database = Database(settings.database_url())
    writer = Writer(database, now)
    try:
        yield Opened(database, writer)
    except Refused as refused:
        facts = ", ".join(f"{name}: {value}" for name, value in refused.facts.items())
        raise click.ClickException(f"{refused.code}{f' ({facts})' if facts else ''}") from None
    except DatabaseError as error:
        raise click.ClickException(f"the database said no: {type(error).__name__}; try `qa doctor`") from None
    finally:
        writer.close()
        database.close()


def tell(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    """Rows as lines of columns, or as JSON."""
    if as_json:
        click.echo(dumps(rows))
        return
    for row in rows:
        click.echo("  ".join(str(value) for value in row.values()))


def event_named(at: Opened, address: str) -> Event:
    """The event at `@handle/slug`."""
    handle, _, slug = address.removeprefix("@").partition("/")
    event = at.database.read(events.by_slug, handle, slug)
    if event is None:
        raise click.ClickException(f"there is no event {address}; it is written @handle/slug")
    return event


def person_named(at: Opened, login: str) -> Person:
    person = at.database.read(staff.by_login, login.lower())
    if person is None:
        raise click.ClickException(f"nobody signs in as {login}")
    return person


@click.group()
def account() -> None:
    """Official pages."""


@account.command("add")
@click.argument("handle")
@click.option("--name", required=True, help="The name, as it is shown to all languages.")
@click.option("--kind", type=click.Choice([kind.value for kind in Kind]), default=Kind.LEADER.value)
@click.option("--office", default="", help="What the account is: minister, president, institute.")
@click.option("--about", default="")
@click.option("--verified", default="", help="Who runs the page and how that was checked; empty: not verified.")
@click.option("--accent", type=click.Choice(ACCENTS), default=ACCENTS[0])
def add_account(handle: str, name: str, kind: str, office: str, about: str, verified: str, accent: str) -> None:
    """Add an account."""
    row = {
        "handle": handle.lower().removeprefix("@"),
        "kind": kind,
        "names": {"": name},
        "abouts": {"": about},
        "office": {"": office},
        "verified": verified,
        "verified_at": now() if verified else None,
        "accent": accent,
        "demo": False,
        "created_at": now(),
    }
    with opened() as at:
        at.writer.run(lambda tx: accounts.add(tx, row))
    click.echo(f"/@{row['handle']}")


@account.command("list")
@click.option("--json", "as_json", is_flag=True)
def list_accounts(as_json: bool) -> None:
    """List the accounts."""
    with opened() as at:
        found = at.database.read(accounts.every)
    tell(
        [{"handle": f"@{one.handle}", "kind": one.kind.value, "name": one.names.get("", "")} for one in found],
        as_json=as_json,
    )


@click.group()
def event() -> None:
    """Events of an account."""


def _time(typed: str, zone: str) -> datetime:
    try:
        at = datetime.fromisoformat(typed)
        return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    except (ValueError, ZoneInfoNotFoundError):
        raise click.ClickException(
            f"{typed!r} in {zone!r}: write 2026-11-27T16:00 and a zone like Europe/Paris"
        ) from None


@event.command("add")
@click.argument("address")
@click.option("--title", required=True)
@click.option("--starts", required=True, help="2026-11-27T16:00, in the event's zone.")
@click.option("--ends", required=True)
@click.option("--zone", default="UTC", show_default=True)
@click.option("--language", "languages", multiple=True, default=("en",), show_default=True)
@click.option("--rehearsal", is_flag=True, help="Marked on every page and in the log, for ever.")
def add_event(
    address: str, title: str, starts: str, ends: str, zone: str, languages: tuple[str, ...], rehearsal: bool
) -> None:
    """Add an event @handle/slug in draft."""
    handle, _, slug = address.removeprefix("@").partition("/")
    with opened() as at:
        owner = at.database.read(accounts.by_handle, handle)
        if owner is None or not slug:
            raise click.ClickException(f"{address}: write @handle/slug of an account that exists")
        fields = {
            "slug": slug,
            "titles": {"": title},
            "zone": zone,
            "starts_at": _time(starts, zone),
            "ends_at": _time(ends, zone),
            "languages": list(languages),
            "rehearsal": rehearsal,
        }
        made = at.writer.run(lambda tx: event_actions.create(tx, OPERATOR, owner.id, **fields))
    click.echo(f"/@{handle}/{slug}  join code {made.short}")


@event.command("list")
@click.option("--json", "as_json", is_flag=True)
def list_events(as_json: bool) -> None:
    """List the events."""
    with opened() as at:
        found = at.database.read(events.every)
    rows = [
        {"event": f"@{one.handle}/{one.slug}", "phase": one.phase.value, "starts": one.starts_at.isoformat()}
        for one in found
    ]
    tell(rows, as_json=as_json)


@event.command("step")
@click.argument("address")
@click.argument("action", type=click.Choice([action.value for action in Action]))
def step_event(address: str, action: str) -> None:
    """Take an event to its next phase."""
    with opened() as at:
        found = event_named(at, address)
        moved = at.writer.run(lambda tx: event_actions.step(tx, OPERATOR, found.id, Action(action), seen=found.version))
    click.echo(moved.phase.value)


@click.group("staff")
def people() -> None:
    """People who work in events."""


@people.command("add")
@click.argument("login")
@click.option("--name", required=True)
@click.option("--initials", required=True)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input; without it: links only.")
@click.option("--admin", is_flag=True, help="Owner of every event.")
def add_person(login: str, name: str, initials: str, password_stdin: bool, admin: bool) -> None:
    """Add a person."""
    with opened() as at:
        kept = passwords.hashed(sys.stdin.readline().rstrip("\n")) if password_stdin else ""
        at.writer.run(lambda tx: staff.add(tx, login.lower(), name, initials, kept, admin=admin))
    click.echo(login.lower())


@people.command("list")
@click.option("--json", "as_json", is_flag=True)
def list_people(as_json: bool) -> None:
    """List the people."""
    with opened() as at:
        found = at.database.read(staff.every)
    tell([{"login": one.login, "initials": one.initials, "name": one.name} for one in found], as_json=as_json)


def _change(login: str, address: str, role: str, *, given: bool) -> None:
    with opened() as at:
        person, found = person_named(at, login), event_named(at, address)
        at.writer.run(lambda tx: staff_actions.change_role(tx, OPERATOR, found.id, person.id, Role(role), given=given))


_ROLE: Final = click.Choice([role.value for role in STAFF_ROLES])


@people.command("grant")
@click.argument("login")
@click.argument("address")
@click.argument("role", type=_ROLE)
def grant(login: str, address: str, role: str) -> None:
    """Give LOGIN a ROLE in the event @handle/slug."""
    _change(login, address, role, given=True)


@people.command("take-away")
@click.argument("login")
@click.argument("address")
@click.argument("role", type=_ROLE)
def take_away(login: str, address: str, role: str) -> None:
    """Take a ROLE from LOGIN; open sockets close within two seconds."""
    _change(login, address, role, given=False)


@people.command("link")
@click.argument("login")
def link(login: str) -> None:
    """Print a one-time sign-in link."""
    with opened() as at:
        person = person_named(at, login)
        token = at.writer.run(lambda tx: staff_actions.make_link(tx, person.id))
    click.echo(f"/desk/enter/{token}")


@people.command("disable")
@click.argument("login")
def disable(login: str) -> None:
    """No sign-in any more; what is open ends."""
    with opened() as at:
        person = person_named(at, login)
        at.writer.run(lambda tx: staff.disable(tx, person.id))


@click.group()
def token() -> None:
    """Bearer tokens for programs."""


@token.command("create")
@click.option("--role", type=_ROLE, required=True)
@click.option("--event", "address", required=True, help="@handle/slug")
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 366))
def create_token(role: str, address: str, days: int) -> None:
    """Print a token for the JSON addresses of an event's desk. It is shown once; `qa staff disable` ends it."""
    with opened() as at:
        found = event_named(at, address)
        person_id, made = at.writer.run(lambda tx: staff_actions.make_token(tx, found.id, Role(role), days))
        person = at.database.read(staff.by_id, person_id)
    click.echo(made)
    click.echo(f"signs in as {person.login if person else person_id}", err=True)
