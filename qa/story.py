"""One event of the demo, told act by act: each act has its time, and all of them are done in the order of time."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

from qa import samples
from qa.actions import answers, events, questions
from qa.domain.answers import HOLD_DEFAULT, Correction
from qa.domain.events import Action as Step
from qa.domain.people import Actor, asker
from qa.domain.permissions import Role
from qa.domain.questions import Action, Code
from qa.domain.refusals import NotFound
from qa.samples import Row
from qa.store import events as event_store
from qa.store import questions as question_store
from qa.store.writer import Tx

CROWD: Final = 300
AGAIN: Final = 0.15
# The most signed petition of a stretch stands for so many voices, the others follow by a root: else one had them all.
MOST_VOICES: Final = 48
ROOT: Final = 0.45
# What many ask is chosen more often, but not by rule.
CHOSEN_BY: Final = 5
SEEN_PER_VOICE: Final = 36

ANSWERED: Final = frozenset({"answered", "corrected", "retracted"})
CHOSEN: Final = ANSWERED | {"answering", "shortlisted"}
WAITING: Final = frozenset({"received", "in_review", "flagged"})

Act = Callable[[Tx], object]


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


@dataclass(frozen=True, slots=True)
class Hours:
    """Questions are collected from `collect` on. `opening` is when it opened, if it did; at `end` the story stops, or
    the event `closes`."""

    collect: datetime
    opening: datetime | None
    end: datetime
    closes: bool = False

    @property
    def decided(self) -> datetime:
        """When the team chooses what will be answered."""
        return (self.opening or self.end) - minutes(30)

    @property
    def calm(self) -> datetime:
        """The last questions that are not waiting came then."""
        return self.end - minutes(10)


@dataclass(slots=True)
class Story:
    """`staff` is who works in the event, by role; `chance` makes it the same story each time."""

    event_id: int
    hours: Hours
    staff: dict[Role, list[Actor]]
    secret: bytes
    chance: random.Random
    acts: list[tuple[datetime, int, Act]] = field(default_factory=list)
    # What each question got when it was asked, and how many voices it gathers.
    numbers: dict[Row, int] = field(default_factory=dict)
    voices: dict[Row, int] = field(default_factory=dict)

    def tell(self, tx: Tx, rows: Sequence[Row]) -> None:
        """Plan everything that happens, then let it happen, each act at its own time."""
        self._phases()
        self._arrive(rows)
        self._choose([row for row in rows if row.fate in CHOSEN])
        for at, _, act in sorted(self.acts, key=lambda act: act[:2]):
            act(replace(tx, now=at))
        seen = {self.numbers[row]: count * SEEN_PER_VOICE for row, count in self.voices.items()}
        question_store.add_impressions(tx, self.event_id, seen)

    def _at(self, at: datetime, act: Act) -> None:
        whole = at.replace(microsecond=at.microsecond // 1000 * 1000)
        self.acts.append((whole, len(self.acts), act))

    def _phases(self) -> None:
        hours = self.hours
        self._at(hours.collect, partial(self._step, Step.COLLECT))
        if hours.opening:
            self._at(hours.opening + timedelta(seconds=4), partial(self._step, Step.OPEN))
        if hours.closes:
            self._at(hours.end - minutes(6), partial(self._step, Step.LAST_QUESTIONS))
            self._at(hours.end, partial(self._step, Step.CLOSE))
            self._at(hours.end + timedelta(days=1), partial(self._step, Step.ARCHIVE))

    def _step(self, step: Step, tx: Tx) -> None:
        event = event_store.by_id(tx.conn, self.event_id)
        if event is None:
            raise NotFound()
        events.step(tx, self.staff[Role.HOST][0], event.id, step, seen=event.version)

    def _arrive(self, rows: Sequence[Row]) -> None:
        """Who waits at the end came last; every third of the open ones came after the opening, the rest before it."""
        hours = self.hours
        waiting = [row for row in rows if row.fate in WAITING]
        live = [row for row in rows if row.fate == "open"][::3] if hours.opening else []
        early = [row for row in rows if row not in waiting and row not in live]
        self.chance.shuffle(early)
        self._between(hours.collect + minutes(1), hours.decided - minutes(15), early)
        if hours.opening:
            self._between(hours.opening + minutes(1), hours.calm, live)
        self._between(hours.end - minutes(9), hours.end - minutes(1), waiting)

    def _between(self, start: datetime, end: datetime, rows: Sequence[Row]) -> None:
        """Questions come in the rhythm of the petitions, and gather voices as those did signatures."""
        rhythm = samples.arrivals()[: len(rows)]
        longest = max((second for second, _ in rhythm), default=0) or 1
        most = max((signatures for _, signatures in rhythm), default=0) or 1
        crowd = [asker(f"{self.chance.getrandbits(96):024x}") for _ in range(CROWD)]
        who: Actor | None = None
        for row, (second, signatures) in zip(rows, rhythm, strict=True):
            at = start + (end - start) * (second / longest)
            # Some ask twice.
            who = who if who and self.chance.random() < AGAIN else crowd.pop()
            self._at(at, partial(self._ask, row, who))
            shown = self._triage(row, who, at)
            if shown:
                count = round(MOST_VOICES * (signatures / most) ** ROOT) * (CHOSEN_BY if row.fate in CHOSEN else 1)
                self._gather(row, self.chance.sample(crowd, min(count + 1, MOST_VOICES)), shown)

    def _ask(self, row: Row, who: Actor, tx: Tx) -> None:
        key = str(UUID(int=self.chance.getrandbits(128)))
        asking = questions.Asking(key=key, text=row.question, page=row.lang)
        self.numbers[row] = questions.ask(tx, who, self.event_id, asking, self.secret).card.n

    def _triage(self, row: Row, who: Actor, asked: datetime) -> datetime | None:
        """What the moderators do with a new question; when it is shown, if it is."""
        read = asked + minutes(self.chance.uniform(2, 7))
        if row.fate == "withdrawn":
            self._at(read, lambda tx: questions.withdraw(tx, who, self.event_id, self.numbers[row]))
        elif row.fate == "in_review":
            self._move(self.hours.end - minutes(self.chance.uniform(0.2, 0.7)), Role.MODERATOR, row, Action.TAKE)
        elif row.fate == "flagged":
            self._move(asked + minutes(0.6), Role.MODERATOR, row, Action.FLAG, why=row.why)
        elif row.fate == "declined" and row.code != Code.TIME_RAN_OUT:
            self._move(read, Role.MODERATOR, row, Action.DECLINE, code=row.code, why=row.why)
        elif row.fate != "received":
            self._move(read, Role.MODERATOR, row, Action.APPROVE)
            if row.fate == "declined":
                over = self.hours.end + minutes(self.chance.uniform(1, 15))
                self._move(over, Role.MODERATOR, row, Action.DECLINE, code=row.code)
            if row.fate == "hidden":
                self._move(self.hours.calm, Role.MODERATOR, row, Action.HIDE, code=row.code, why=row.why)
            return read
        return None

    def _move(
        self, at: datetime, role: Role, row: Row, action: Action, *, code: str | None = None, why: str = ""
    ) -> None:
        who = self.chance.choice(self.staff[role])

        def move(tx: Tx) -> None:
            card = question_store.get(tx.conn, self.event_id, self.numbers[row])
            if card is None:
                raise NotFound()
            questions.move(
                tx, who, self.event_id, card.n, action, seen=card.version, key="", code=code or None, why=why
            )

        self._at(at, move)

    def _gather(self, row: Row, people: list[Actor], shown: datetime) -> None:
        """Voices come until the team has decided, or until the end."""
        end = self.hours.decided if row.fate in CHOSEN else self.hours.calm
        self.voices[row] = len(people)
        for who in people:
            at = shown + max(end - shown, minutes(1)) * self.chance.random()
            self._at(at, partial(self._voice, row, who))

    def _voice(self, row: Row, who: Actor, tx: Tx) -> None:
        questions.voice(tx, who, self.event_id, self.numbers[row], on=True)

    def _choose(self, rows: Sequence[Row]) -> None:
        """The run order is that of the rows; they are answered one after the other."""
        for place, row in enumerate(rows):
            self._move(self.hours.decided + minutes(0.3 * place), Role.EDITOR, row, Action.SHORTLIST)
        if not self.hours.opening:
            return
        answered = [row for row in rows if row.fate in ANSWERED]
        first, last = self.hours.opening + minutes(2.5), self.hours.end - minutes(5.5)
        pace = (last - first) / max(1, len(answered) - 1)
        for place, row in enumerate(answered):
            self._answer(row, first + pace * place, min(pace * 0.9, minutes(2)))
        for row in rows:
            if row.fate == "answering":
                self._move(self.hours.end - minutes(2), Role.EDITOR, row, Action.ANSWER)

    def _answer(self, row: Row, at: datetime, took: timedelta) -> None:
        """Being answered, drafted, held for the usual time and published; `at` is when everybody reads it."""
        (editor,) = self.staff[Role.EDITOR]
        self._move(at - took, Role.EDITOR, row, Action.ANSWER)
        self._at(at - took * 0.7, partial(self._draft, editor, row, row.first or row.answer, 0))
        hold = timedelta(seconds=HOLD_DEFAULT)
        self._at(at - hold, partial(self._hold, editor, row, 1, HOLD_DEFAULT))
        self._at(at, lambda tx: answers.publish_due(tx, self.event_id, self.numbers[row], 1))
        if row.fate == "corrected":
            kind = Correction.CLARIFICATION.value
            begin = partial(answers.correct, kind=kind, reason=row.why)
            self._at(at + minutes(3), lambda tx: begin(tx, editor, self.event_id, self.numbers[row]))
            self._at(at + minutes(3.2), partial(self._draft, editor, row, row.answer, 1))
            self._at(at + minutes(3.5), partial(self._hold, editor, row, 2, 0))
        if row.fate == "retracted":
            end = partial(answers.retract, reason=row.why)
            self._at(at + minutes(7), lambda tx: end(tx, editor, self.event_id, self.numbers[row]))

    def _draft(self, who: Actor, row: Row, written: str, rev: int, tx: Tx) -> None:
        n = self.numbers[row]
        answers.save(tx, who, self.event_id, n, written=written, how=row.how, lang=row.lang, rev=rev)

    def _hold(self, who: Actor, row: Row, rev: int, seconds: int, tx: Tx) -> None:
        answers.hold(tx, who, self.event_id, self.numbers[row], rev=rev, seconds=seconds)
