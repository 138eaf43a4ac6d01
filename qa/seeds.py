"""The demo's world, which is the tests' world too: real questions and answers, told through the real actions.

Sources and licences stand in NOTICE, who works there and what the events are called in `demo/world.json`, and what
became of each question in the first column of `demo/*.csv`.
"""

import csv
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache, partial
from importlib import resources
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from qa.actions import answers, events, questions
from qa.actions import staff as staff_actions
from qa.domain import text
from qa.domain.accounts import Kind
from qa.domain.answers import HOLD_DEFAULT, Correction
from qa.domain.events import Action as Step
from qa.domain.events import Event
from qa.domain.people import Actor, Person, asker
from qa.domain.permissions import Role
from qa.domain.questions import Action, Code, State
from qa.settings import Settings
from qa.store import accounts, staff
from qa.store import questions as question_store
from qa.store.database import Database
from qa.store.writer import Tx, Writer
from qa.web.site import now

SEED: Final = 27
CROWD: Final = 300
# The most signed petition stands for so many voices; the others follow by the root, else one question had them all.
MOST_VOICES: Final = 60
PER_VOICE: Final = 36


@dataclass(frozen=True, slots=True)
class World:
    """`addresses` are (label, path), `links` (role, name, path) that sign in once."""

    addresses: list[tuple[str, str]]
    links: list[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Row:
    """One real question and its fate. `first` is a corrected answer's first wording, `why` a reason for its readers."""

    fate: str
    code: str
    how: str
    lang: str
    question: str
    answer: str
    first: str
    why: str
    source: str


@cache
def rows(name: str) -> tuple[Row, ...]:
    """The questions of one event: live, collecting or archived."""
    return tuple(Row(**line) for line in lines(name))


def lines(name: str) -> Iterator[dict[str, str]]:
    """The rows of `demo/<name>.csv` by column."""
    with (resources.files("qa") / "demo" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


@cache
def arrivals() -> tuple[tuple[int, int], ...]:
    """When 400 real petitions came, in seconds from the first, and how many signed each."""
    return tuple((int(line["second"]), int(line["signatures"])) for line in lines("arrivals"))


@cache
def _world() -> dict[str, Any]:
    plan: dict[str, Any] = json.loads((resources.files("qa") / "demo" / "world.json").read_text(encoding="utf-8"))
    return plan


def fill(database: Database, settings: Settings, at: datetime | None = None) -> World:
    """Tell the whole demo in one transaction, as if it had happened until `at` (now); once: later calls add nothing.

    Every call makes new one-time links for the staff.
    """
    moment = at or now()
    writer = Writer(database, lambda: moment)
    try:
        return writer.run(partial(_fill, secret=settings.secret))
    finally:
        writer.close()


def _fill(tx: Tx, secret: bytes) -> World:
    plan = _world()
    if accounts.by_handle(tx.conn, plan["accounts"][0]["handle"]) is None:
        _Telling(tx, secret).everything()
    base = next(_path(event) for event in plan["events"] if event["story"] == "live")
    addresses = [("All events", "/"), *((event["titles"][""], f"/@{_path(event)}") for event in plan["events"][::-1])]
    links = []
    for colleague in plan["people"]:
        person = staff.by_login(tx.conn, _login(colleague))
        if person:
            token = staff_actions.make_link(tx, person.id)
            links.append((colleague["role"].capitalize(), person.name, f"/desk/enter/{token}?next=/desk/{base}"))
    return World(addresses, links)


def _path(event: dict[str, Any]) -> str:
    return f"{event['account']}/{event['slug']}"


def _login(colleague: dict[str, str]) -> str:
    return f"demo-{colleague['initials'].lower()}"


@dataclass(frozen=True, slots=True)
class Hours:
    """An event's times: questions are collected from `collect`, it opens at `opening`, and the story ends at `end`."""

    collect: datetime
    opening: datetime
    end: datetime


def _hours(story: str, at: datetime, zone: str) -> Hours:
    if story == "live":
        opening = _round(at - timedelta(minutes=24))
        return Hours(opening - timedelta(days=6), opening, at)
    if story == "archived":
        evening = (at - timedelta(days=30)).astimezone(ZoneInfo(zone)).replace(hour=19, minute=0, second=0)
        opening = evening.replace(microsecond=0).astimezone(at.tzinfo)
        return Hours(opening - timedelta(days=5), opening, opening + timedelta(minutes=58))
    days = {"collecting": 2, "announced": 9}[story]
    return Hours(at - timedelta(days=5), _round(at + timedelta(days=days, hours=4)), at)


def _round(at: datetime) -> datetime:
    """The nearest five minutes: events begin at such times."""
    nearest = at + timedelta(minutes=2, seconds=30)
    return nearest.replace(minute=nearest.minute // 5 * 5, second=0, microsecond=0)


class _Telling:
    """What happened, act by act, each with its time; sorted by time and then done, so that the log reads like one."""

    def __init__(self, tx: Tx, secret: bytes) -> None:
        self._tx = tx
        self._secret = secret
        self._chance = random.Random(SEED)  # noqa: S311 - the same story each time, nothing secret
        self._crowd = [asker(f"{self._chance.getrandbits(96):024x}") for _ in range(CROWD)]
        self._acts: list[tuple[datetime, int, Callable[[Tx], object]]] = []
        self._people: list[tuple[Person, Role]] = []
        # Of the event being told: its id, its staff by role, and the numbers of its questions by row.
        self._event = 0
        self._staff: dict[Role, list[Actor]] = {}
        self._numbers: dict[Row, int] = {}

    def everything(self) -> None:
        plan = _world()
        self._people = [self._person(colleague) for colleague in plan["people"]]
        ids = {account["handle"]: self._account(account) for account in plan["accounts"]}
        for event in plan["events"]:
            self._tell(event, ids[event["account"]])

    def _person(self, colleague: dict[str, str]) -> tuple[Person, Role]:
        person_id = staff.add(self._tx, _login(colleague), colleague["name"], colleague["initials"], "")
        person = staff.by_id(self._tx.conn, person_id)
        assert person  # noqa: S101 - written one line above
        return person, Role(colleague["role"])

    def _account(self, account: dict[str, Any]) -> int:
        weeks_ago = self._tx.now - timedelta(weeks=8)
        verified = {"verified": _world()["verified"], "verified_at": weeks_ago}
        row = {**account, **verified, "kind": Kind(account["kind"]).value, "demo": True, "created_at": weeks_ago}
        return accounts.add(self._tx, row)

    def _tell(self, plan: dict[str, Any], account_id: int) -> None:
        story = plan["story"]
        hours = _hours(story, self._tx.now, plan["zone"])
        self._numbers, self._acts = {}, []
        fields = {name: plan[name] for name in ("slug", "short", "titles", "abouts", "topics", "languages", "zone")}
        fields |= {"starts_at": hours.opening, "ends_at": hours.opening + timedelta(hours=1)}
        self._create(account_id, fields, hours.collect - timedelta(days=4))
        self._phases(story, hours)
        if story != "announced":
            self._questions(rows(story), hours, opened=story in {"live", "archived"})
        for at, _, act in sorted(self._acts, key=lambda act: act[:2]):
            act(replace(self._tx, now=at))
        self._count_seen()

    def _create(self, account_id: int, fields: dict[str, Any], at: datetime) -> None:
        """The owner makes the event and gives the roles."""
        tx = replace(self._tx, now=at)
        person = next(person for person, role in self._people if role is Role.OWNER)
        owner = Actor(str(person.id), person.name, person.initials, frozenset({Role.OWNER}))
        self._event = events.create(tx, owner, account_id, **fields).id
        self._staff = {}
        for colleague, role in self._people:
            staff_actions.change_role(tx, owner, self._event, colleague.id, role, given=True)
            self._staff.setdefault(role, []).append(staff.actor(tx.conn, self._event, colleague))

    def _act(self, at: datetime, act: Callable[[Tx], object]) -> None:
        self._acts.append((at, len(self._acts), act))

    def _phases(self, story: str, hours: Hours) -> None:
        steps = [(hours.collect - timedelta(days=1), Step.ANNOUNCE)]
        if story != "announced":
            steps.append((hours.collect, Step.COLLECT))
        if story in {"live", "archived"}:
            steps.append((hours.opening + timedelta(seconds=4), Step.OPEN))
        if story == "archived":
            steps.append((hours.end - timedelta(minutes=6), Step.LAST_QUESTIONS))
            steps += [(hours.end, Step.CLOSE), (hours.end + timedelta(days=1), Step.ARCHIVE)]
        for at, step in steps:
            self._act(at, partial(self._step, step))

    def _step(self, step: Step, tx: Tx) -> None:
        (host,) = self._staff[Role.HOST]
        event = _event(tx, self._event)
        events.step(tx, host, event.id, step, seen=event.version)
