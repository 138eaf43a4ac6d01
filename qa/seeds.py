"""The demo's world, which is the tests' world too: real questions and answers, told through the real actions."""

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from qa import samples
from qa.actions import events
from qa.actions import staff as staff_actions
from qa.domain.accounts import Kind
from qa.domain.events import Action as Step
from qa.domain.people import Actor, Person
from qa.domain.permissions import Role
from qa.settings import Settings
from qa.store import accounts, staff
from qa.store.database import Database
from qa.store.writer import Tx, Writer
from qa.story import Hours, Story
from qa.web.site import now

SEED: Final = 27
# Days from now, and the hour there.
_AT_THE_HOUR: Final = {"announced": (9, 14), "archived": (-30, 19)}


@dataclass(frozen=True, slots=True)
class World:
    """`addresses` are (label, path); `links` are (role, name, path), each signs in once."""

    addresses: list[tuple[str, str]]
    links: list[tuple[str, str, str]]


def fill(database: Database, settings: Settings, at: datetime | None = None) -> World:
    """Tell the whole demo in one transaction, as it had happened until `at` (now). Later calls add nothing to it.

    Every call makes new one-time links for the staff.
    """
    moment = at or now()
    writer = Writer(database, lambda: moment)
    try:
        return writer.run(partial(_fill, secret=settings.secret))
    finally:
        writer.close()


def _fill(tx: Tx, secret: bytes) -> World:
    plan = samples.world()
    if accounts.by_handle(tx.conn, plan["accounts"][0]["handle"]) is None:
        _tell(tx, plan, secret)
    live = next(_path(event) for event in plan["events"] if event["story"] == "live")
    addresses = [("All events", "/"), *((event["titles"][""], f"/@{_path(event)}") for event in plan["events"])]
    links = []
    for colleague in plan["people"]:
        person = staff.by_login(tx.conn, _login(colleague))
        if person:
            path = f"/desk/enter/{staff_actions.make_link(tx, person.id)}?next=/desk/{live}"
            links.append((colleague["role"].capitalize(), person.name, path))
    return World(addresses, links)


def _path(event: dict[str, Any]) -> str:
    return f"{event['account']}/{event['slug']}"


def _login(colleague: dict[str, str]) -> str:
    return f"demo-{colleague['initials'].lower()}"


def _tell(tx: Tx, plan: dict[str, Any], secret: bytes) -> None:
    team = [_person(tx, colleague) for colleague in plan["people"]]
    ids = {account["handle"]: _account(tx, account, plan["verified"]) for account in plan["accounts"]}
    chance = random.Random(SEED)  # noqa: S311 - the same story each time; nothing here is secret
    for event in plan["events"]:
        starts = _starts(event["story"], tx.now, event["zone"])
        event_id, actors = _event(tx, event, ids[event["account"]], team, starts)
        if event["story"] in samples.STORIES:
            hours = _hours(event["story"], tx.now, starts)
            Story(event_id, hours, actors, secret, chance).tell(tx, samples.rows(event["story"]))


def _person(tx: Tx, colleague: dict[str, str]) -> tuple[Person, Role]:
    person_id = staff.add(tx, _login(colleague), colleague["name"], colleague["initials"], "")
    person = Person(person_id, _login(colleague), colleague["name"], colleague["initials"], "", None)
    return person, Role(colleague["role"])


def _account(tx: Tx, account: dict[str, Any], verified: str) -> int:
    since = tx.now - timedelta(weeks=8)
    mark = {"verified": verified, "verified_at": since, "demo": True, "created_at": since}
    return accounts.add(tx, {**account, **mark, "kind": Kind(account["kind"]).value})


def _starts(story: str, at: datetime, zone: str) -> datetime:
    """When an event of the demo begins, or began: some time from now to five minutes, or at an hour of its own zone."""
    if story in _AT_THE_HOUR:
        days, hour = _AT_THE_HOUR[story]
        there = (at + timedelta(days=days)).astimezone(ZoneInfo(zone))
        return there.replace(hour=hour, minute=0, second=0, microsecond=0).astimezone(at.tzinfo)
    away = {"live": timedelta(minutes=-24), "collecting": timedelta(days=2, hours=4)}[story]
    nearest = at + away + timedelta(minutes=2.5)
    return nearest.replace(minute=nearest.minute // 5 * 5, second=0, microsecond=0)


def _hours(story: str, at: datetime, starts: datetime) -> Hours:
    collect = _collected_from(starts, at)
    if story == "archived":
        return Hours(collect, starts, starts + timedelta(minutes=58), closes=True)
    return Hours(collect, starts if story == "live" else None, at)


def _collected_from(starts: datetime, at: datetime) -> datetime:
    return min(starts, at) - timedelta(days=6)


def _event(
    tx: Tx, plan: dict[str, Any], account_id: int, team: list[tuple[Person, Role]], starts: datetime
) -> tuple[int, dict[Role, list[Actor]]]:
    """The owner makes the event and gives everybody their role, the host announces it."""
    drafted = replace(tx, now=_collected_from(starts, tx.now) - timedelta(days=5))
    person = next(person for person, role in team if role is Role.OWNER)
    owner = Actor(str(person.id), person.name, person.initials, frozenset({Role.OWNER}))
    names = ("slug", "short", "titles", "abouts", "topics", "languages", "zone")
    times = {"starts_at": starts, "ends_at": starts + timedelta(hours=1)}
    event = events.create(drafted, owner, account_id, **{name: plan[name] for name in names}, **times)
    actors: dict[Role, list[Actor]] = {}
    for colleague, role in team:
        staff_actions.change_role(drafted, owner, event.id, colleague.id, role, given=True)
        actors.setdefault(role, []).append(staff.actor(tx.conn, event.id, colleague))
    announced = replace(tx, now=drafted.now + timedelta(days=3))
    (host,) = actors[Role.HOST]
    events.step(announced, host, event.id, Step.ANNOUNCE, seen=event.version)
    return event.id, actors
