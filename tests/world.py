"""A small world, made by the program's own actions: an account, events, staff in every role, people who ask."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

from qa.actions import answers, events, questions
from qa.actions import staff as staff_actions
from qa.domain.answers import Answer
from qa.domain.events import Action as Step
from qa.domain.events import Event
from qa.domain.people import Actor, asker
from qa.domain.permissions import Role
from qa.domain.questions import Action, Question
from qa.store import accounts, staff
from qa.store import answers as answer_store
from qa.store import events as event_store
from qa.store import questions as question_store
from qa.store.database import Database
from qa.store.writer import Writer

BOSS = Actor("0", "The owner", "OW", frozenset({Role.OWNER}))
SECRET = b"a secret of the tests that is long enough"

TO_LIVE = (Step.ANNOUNCE, Step.COLLECT, Step.OPEN)
TO_CLOSED = (*TO_LIVE, Step.LAST_QUESTIONS, Step.CLOSE)


def key() -> str:
    return str(uuid4())


@dataclass(slots=True)
class World:
    """Everything goes through the writer, as in the program. Numbers of events and people are kept by name."""

    database: Database
    writer: Writer
    account_id: int = 0
    people: dict[str, int] = field(default_factory=dict)

    def account(self, handle: str = "audrey", **fields: Any) -> int:
        row: dict[str, Any] = {
            "handle": handle,
            "kind": "leader",
            "names": {"": "Audrey Tang · 唐鳳"},
            "abouts": {"": "Answers questions about open government."},
            "office": {"": "Minister"},
            "verified": "A letter of the office was checked by two people.",
            "verified_at": None,
            "accent": "petrol",
            "demo": False,
            **fields,
        }
        self.account_id = self.writer.run(lambda tx: accounts.add(tx, {**row, "created_at": tx.now}))
        return self.account_id

    def event(self, slug: str = "live", steps: tuple[Step, ...] = TO_LIVE, **fields: Any) -> Event:
        """An event taken through some steps; it starts an hour ago and takes two."""
        if not self.account_id:
            self.account()
        made = self.writer.run(
            lambda tx: events.create(
                tx,
                BOSS,
                self.account_id,
                **{
                    "slug": slug,
                    "titles": {"": "Open government, in practice", "he": "ממשל פתוח, הלכה למעשה"},
                    "zone": "Europe/Paris",
                    "starts_at": tx.now - timedelta(hours=1),
                    "ends_at": tx.now + timedelta(hours=1),
                    "languages": ["en", "zh-Hant", "he"],
                    "burst": 1_000,
                    "per_minute": 1_000,
                    **fields,
                },
            )
        )
        for step in steps:
            made = self.step(made, step)
        return made

    def step(self, event: Event, step: Step) -> Event:
        return self.writer.run(lambda tx: events.step(tx, BOSS, event.id, step, seen=event.version))

    def reread(self, event: Event) -> Event:
        """The event as it stands."""
        found = self.database.read(event_store.by_id, event.id)
        assert found is not None
        return found

    def person(self, login: str, event: Event | None = None, *roles: Role, password: str = "") -> int:
        """Somebody who signs in as `login`, with roles in the event."""
        if login not in self.people:
            self.people[login] = self.writer.run(
                lambda tx: staff.add(tx, login, login.title(), login[:2].upper(), password)
            )
        for role in roles:
            self.give(login, event, role)
        return self.people[login]

    def give(self, login: str, event: Event | None, role: Role, *, given: bool = True) -> None:
        assert event is not None, "a role is held in an event"
        event_id, person_id = event.id, self.people[login]
        self.writer.run(lambda tx: staff_actions.change_role(tx, BOSS, event_id, person_id, role, given=given))

    def link(self, login: str) -> str:
        return self.writer.run(lambda tx: staff_actions.make_link(tx, self.people[login]))

    def ask(
        self, event: Event, text: str = "What about Taiwan made this possible?", who: str = "somebody", **more: str
    ) -> Question:
        """`more`: context, name, page (its language)."""
        asking = questions.Asking(key(), text, **more)
        return self.writer.run(lambda tx: questions.ask(tx, asker(who), event.id, asking, SECRET)).card

    def move(self, card: Question, *actions: Action, **more: Any) -> Question:
        """Moves by the owner, one after the other."""
        for action in actions:
            card = self._move(card, action, **more)
        return card

    def _move(self, card: Question, action: Action, **more: Any) -> Question:
        return self.writer.run(
            lambda tx: questions.move(tx, BOSS, card.event_id, card.n, action, seen=card.version, key=key(), **more)
        )

    def voice(self, card: Question, who: str, *, on: bool = True) -> int:
        return self.writer.run(lambda tx: questions.voice(tx, asker(who), card.event_id, card.n, on=on))

    def newest(self, card: Question) -> Answer | None:
        """The newest version of the answer to a question."""
        return next(iter(self.database.read(answer_store.versions, card.event_id, card.n)), None)

    def draft(self, card: Question, text: str = "Yes, it will.", how: str = "spoken") -> Answer:
        return self.writer.run(
            lambda tx: answers.save(tx, BOSS, card.event_id, card.n, written=text, how=how, lang="en", rev=0)
        )

    def answer(
        self, event: Event, text: str = "Yes, it will.", question: str = "Will it?", who: str = "somebody"
    ) -> Question:
        """A question that has come all the way: asked, approved, shortlisted, answered, published."""
        card = self.move(self.ask(event, question, who), Action.APPROVE, Action.SHORTLIST, Action.ANSWER)
        self.publish(self.draft(card, text))
        return self.now(card)

    def now(self, card: Question) -> Question:
        """The question as it stands."""
        found = self.database.read(question_store.get, card.event_id, card.n)
        assert found is not None
        return found

    def publish(self, draft: Answer, seconds: int = 0) -> Answer:
        """Send a draft into the hold slot; with 0 seconds it is out at once."""
        event_id, n, rev = draft.event_id, draft.n, draft.rev
        return self.writer.run(lambda tx: answers.hold(tx, BOSS, event_id, n, rev=rev, seconds=seconds))

    def correct(self, card: Question, text: str, reason: str = "A slip of the tongue.") -> Answer:
        """A second version, published at once."""
        event_id, n = card.event_id, card.n
        draft = self.writer.run(lambda tx: answers.correct(tx, BOSS, event_id, n, kind="correction", reason=reason))
        saved = self.writer.run(
            lambda tx: answers.save(tx, BOSS, event_id, n, written=text, how="written", lang="en", rev=draft.rev)
        )
        return self.publish(saved)

    def retract(self, card: Question, reason: str = "It was not meant so.") -> Answer:
        return self.writer.run(lambda tx: answers.retract(tx, BOSS, card.event_id, card.n, reason=reason))
