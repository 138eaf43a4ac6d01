"""An event with its staff inside one open transaction: acts are done as the writer does them, and all is undone after.

Every text carries a mark of its own (`mark`), so that a text which went where it must not is recognised.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Concatenate, Final, ParamSpec, TypeVar
from uuid import UUID

from sqlalchemy import Connection, select

from qa.actions import answers, events, questions
from qa.actions import staff as staff_actions
from qa.domain.answers import Answer
from qa.domain.channels import Channel
from qa.domain.events import Action as Step
from qa.domain.events import Event, Switch
from qa.domain.people import Actor, asker
from qa.domain.permissions import STAFF_ROLES, Role
from qa.domain.questions import Action, Question
from qa.domain.refusals import Refused
from qa.domain.snapshot import Json
from qa.live.tailer import frame
from qa.store import accounts, log, staff
from qa.store import answers as answer_store
from qa.store import events as event_store
from qa.store import questions as question_store
from qa.store.database import Database
from qa.store.tables import metadata
from qa.store.writer import Tx
from qa.web.present import read_present

P = ParamSpec("P")
T = TypeVar("T")

START: Final = datetime(2026, 11, 27, 15, 0, tzinfo=UTC)
SECRET: Final = b"a secret of the tests, no more"
EVERYTHING: Final = 100_000
LIVE: Final = (Step.ANNOUNCE, Step.COLLECT, Step.OPEN)

# Who works here: one in each role, with a name and initials that nobody else's text holds.
STAFF: Final = {role: Actor("", f"«name-{role}»", f"‡{role[:2].upper()}", frozenset({role})) for role in STAFF_ROLES}
# They hold every role in some other event, and none here.
OUTSIDER: Final = Actor("outsider", "«name-outsider»", "‡XX", frozenset())

# How a question comes to a state.
PATHS: Final[dict[str, tuple[Action, ...]]] = {
    "received": (),
    "in_review": (Action.TAKE,),
    "flagged": (Action.FLAG,),
    "declined": (Action.DECLINE,),
    "hidden": (Action.APPROVE, Action.HIDE),
    "approved": (Action.APPROVE,),
    "shortlisted": (Action.APPROVE, Action.SHORTLIST),
    "answering": (Action.APPROVE, Action.ANSWER),
}


class Stage:
    def __init__(self, conn: Connection, handle: str = "audrey") -> None:
        self.conn = conn
        self.now = START
        self._marks = count(1)
        self._keys = count(1)
        self._savepoints = count(1)
        self.staff: dict[Role, Actor] = {}
        self.event_id = self._settle(handle)

    def _settle(self, handle: str) -> int:
        tx = Tx(self.conn, self.now)
        account = {
            "handle": handle,
            "kind": "leader",
            "names": {"": "Audrey Tang · 唐鳳"},
            "abouts": {},
            "office": {"": "Minister"},
            "verified": "",
            "verified_at": None,
            "accent": "petrol",
            "demo": False,
            "created_at": self.now,
        }
        times = {"starts_at": self.now, "ends_at": self.now + timedelta(hours=1), "zone": "Europe/Paris"}
        fields: dict[str, Any] = {"slug": "live", "titles": {"": "Open government"}, "burst": 10_000, **times}
        owner = Actor("0", "", "", frozenset({Role.OWNER}))
        event = events.create(tx, owner, accounts.add(tx, account), **fields)
        for role, person in STAFF.items():
            person_id = staff.add(tx, f"login-{handle}-{role}", person.name, person.initials, "")
            staff.grant(tx, event.id, person_id, role)
            self.staff[role] = Actor(str(person_id), person.name, person.initials, person.roles)
        return event.id

    def another(self) -> "Stage":
        """A second live event in the same transaction, with a staff of its own."""
        other = Stage(self.conn, "another")
        other.step(*LIVE)
        return other

    # What is there

    @property
    def event(self) -> Event:
        event = event_store.by_id(self.conn, self.event_id)
        assert event
        return event

    def card(self, n: int) -> Question:
        card = question_store.get(self.conn, self.event_id, n)
        assert card
        return card

    def newest(self, n: int) -> Answer | None:
        return next(iter(answer_store.versions(self.conn, self.event_id, n)), None)

    def rev(self, n: int) -> int:
        """The save a writer has on the screen; 0 for an empty page."""
        newest = self.newest(n)
        return newest.rev if newest else 0

    def present(self) -> Json:
        """The fresh public snapshot, read as the pages read it."""
        present = read_present(self.conn, self.event)
        assert present, "the event is a draft"
        return present.snapshot

    def entries(self, channel: Channel, after: int = 0) -> list[Json]:
        """The log as it goes over the wire."""
        return [json.loads(frame(entry)) for entry in log.after(self.conn, self.event_id, channel, after, EVERYTHING)]

    def head(self, channel: Channel) -> int:
        return log.head(self.conn, self.event_id, channel)

    def tables(self) -> Mapping[str, list[Any]]:
        """Every row of every table."""
        return {
            table.name: list(map(tuple, self.conn.execute(select(table).order_by(*table.primary_key))))
            for table in metadata.sorted_tables
        }

    # What is done

    def act(self, action: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run an action a second later, in a savepoint of its own as the writer does."""
        self.now += timedelta(seconds=1)
        savepoint = self.conn.begin_nested()
        try:
            result = action(Tx(self.conn, self.now), *args, **kwargs)
        except BaseException:
            savepoint.rollback()
            raise
        savepoint.commit()
        return result

    def pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Whatever is done in the block is gone after it.

        Rolling back to a savepoint leaves it there, and thousands of them make each further one slow: it is released.
        """
        name, now = f"undone_{next(self._savepoints)}", self.now
        self.conn.exec_driver_sql(f"SAVEPOINT {name}")
        try:
            yield
        finally:
            self.conn.exec_driver_sql(f"ROLLBACK TO SAVEPOINT {name}")
            self.conn.exec_driver_sql(f"RELEASE SAVEPOINT {name}")
            self.now = now

    def mark(self, kind: str) -> str:
        """A text nobody else has, in three scripts."""
        return f"«{kind}-{next(self._marks)}» 问 שאלה"

    def key(self) -> str:
        return str(UUID(int=next(self._keys)))

    def ask(self, who: str = "asker-one") -> int:
        asking = questions.Asking(self.key(), self.mark("asked"), self.mark("context"), self.mark("name"))
        return self.act(questions.ask, asker(who), self.event_id, asking, SECRET).card.n

    def move(self, n: int, action: Action, role: Role = Role.OWNER, **more: Any) -> Question:
        """A move by somebody who sees the card as it stands."""
        given: dict[str, Any] = {"seen": self.card(n).version, "key": self.key(), "why": self.mark("why"), **more}
        if action in {Action.DECLINE, Action.HIDE}:
            given.setdefault("code", "insulting")
        if action is Action.EDIT:
            given.setdefault("edited", self.mark("edited"))
        return self.act(questions.move, self.staff[role], self.event_id, n, action, **given)

    def asked(self, *actions: Action) -> int:
        """The number of a new question that was moved so."""
        n = self.ask()
        for action in actions:
            self.move(n, action)
        return n

    def withdraw(self, n: int, who: str = "asker-one") -> Question:
        return self.act(questions.withdraw, asker(who), self.event_id, n)

    def voice(self, n: int, who: str = "voice-one", *, on: bool = True) -> int:
        return self.act(questions.voice, asker(who), self.event_id, n, on=on)

    def save(self, n: int, role: Role = Role.OWNER, *, rev: int | None = None, how: str | None = "spoken") -> Answer:
        given: dict[str, Any] = {"written": self.mark("draft"), "how": how, "lang": "en"}
        rev = self.rev(n) if rev is None else rev
        return self.act(answers.save, self.staff[role], self.event_id, n, rev=rev, **given)

    def hold(self, n: int, role: Role = Role.OWNER, *, seconds: int = 20) -> Answer:
        return self.act(answers.hold, self.staff[role], self.event_id, n, rev=self.rev(n), seconds=seconds)

    def stop(self, n: int, role: Role = Role.OWNER) -> Answer:
        return self.act(answers.stop, self.staff[role], self.event_id, n)

    def publish_due(self, n: int, seconds: int = 30) -> Answer | None:
        """The worker looks in some seconds later."""
        self.pass_time(seconds)
        newest = self.newest(n)
        return self.act(answers.publish_due, self.event_id, n, newest.version if newest else 1)

    def correct(self, n: int, role: Role = Role.OWNER, kind: str = "typo") -> Answer:
        reason = self.mark("reason")
        return self.act(answers.correct, self.staff[role], self.event_id, n, kind=kind, reason=reason)

    def retract(self, n: int, role: Role = Role.OWNER) -> Answer:
        return self.act(answers.retract, self.staff[role], self.event_id, n, reason=self.mark("reason"))

    def answering(self) -> int:
        return self.asked(Action.APPROVE, Action.SHORTLIST, Action.ANSWER)

    def drafted(self) -> int:
        n = self.answering()
        self.save(n)
        return n

    def held(self) -> int:
        n = self.drafted()
        self.hold(n)
        return n

    def published(self) -> int:
        n = self.drafted()
        self.hold(n, seconds=0)
        return n

    def step(self, *steps: Step, role: Role = Role.OWNER) -> Event:
        for step in steps:
            self.act(events.step, self.staff[role], self.event_id, step, seen=self.event.version)
        return self.event

    def throw(self, switch: Switch, role: Role = Role.OWNER, *, stopped: bool = True) -> Event:
        return self.act(events.throw, self.staff[role], self.event_id, switch, stopped=stopped)

    def notice(self, words: str | None = None, role: Role = Role.OWNER) -> Event:
        return self.act(events.set_notice, self.staff[role], self.event_id, words or self.mark("notice"))

    def give(self, person: Role, role: Role, by: Role = Role.OWNER, *, given: bool = True) -> frozenset[Role]:
        """The roles the person holds after it."""
        person_id = int(self.staff[person].id)
        self.act(staff_actions.change_role, self.staff[by], self.event_id, person_id, role, given=given)
        return staff.roles_of(self.conn, self.event_id, person_id)


@contextmanager
def opened(url: str, *steps: Step) -> Iterator[Stage]:
    """A stage on a database, its event taken through some steps; nothing of it is committed."""
    database = Database(url)
    try:
        with database.writing.connect() as conn:
            transaction = conn.begin()
            stage = Stage(conn)
            stage.step(*steps)
            yield stage
            transaction.rollback()
    finally:
        database.close()


def refusal(act: Callable[[], object]) -> str:
    """The code of the refusal, empty if there was none."""
    try:
        act()
    except Refused as refused:
        return refused.code
    return ""


def heads(stage: Stage) -> tuple[int, int]:
    """The numbers of the newest public and the newest staff entry."""
    return stage.head(Channel.PUBLIC), stage.head(Channel.STAFF)
