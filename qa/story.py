"""One event of the demo, told act by act: each act has its time, and all of them are done in the order of time."""

import random
from collections.abc import Callable, Iterable
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
from qa.domain.questions import Action, State
from qa.domain.refusals import NotFound
from qa.domain.text import language_of
from qa.samples import Row
from qa.store import events as event_store
from qa.store import questions as question_store
from qa.store.writer import Tx

CROWD: Final = 300
# The most signed petition stands for so many voices, the others follow by the square root: else one had them all.
MOST_VOICES: Final = 48
SEEN_PER_VOICE: Final = 36

ANSWERED: Final = frozenset({"answered", "corrected", "retracted"})
CHOSEN: Final = ANSWERED | {"answering", "shortlisted"}
SHOWN: Final = CHOSEN | {"open", "hidden"}
WAITING: Final = frozenset({"received", "in_review", "flagged"})

Act = Callable[[Tx], object]


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


@dataclass(frozen=True, slots=True)
class Hours:
    """Questions are collected from `collect`, it opens at `opening`; at `end` it closes, or the story stops there."""

    collect: datetime
    opening: datetime
    end: datetime
    opened: bool
    closed: bool

    @property
    def asked_until(self) -> datetime:
        """Until then questions come that are not waiting at the end."""
        return self.end - minutes(10) if self.opened else self.end - timedelta(hours=2)


@dataclass(slots=True)
class Story:
    """`staff` is who works in the event, by role; `chance` makes it the same story each time."""

    event_id: int
    hours: Hours
    staff: dict[Role, list[Actor]]
    secret: bytes
    chance: random.Random
    acts: list[tuple[datetime, int, Act]] = field(default_factory=list)
    # The number that each question got when it was asked.
    numbers: dict[Row, int] = field(default_factory=dict)
    voices: dict[Row, int] = field(default_factory=dict)

    def tell(self, tx: Tx, rows: Iterable[Row]) -> None:
        """Plan everything that happens to the questions, then let it happen; each act at its own time."""
        self._phases()
        told = list(rows)
        self._questions(told)
        self._choose([row for row in told if row.fate in CHOSEN])
        for at, _, act in sorted(self.acts, key=lambda act: act[:2]):
            act(replace(tx, now=at))
        seen = {self.numbers[row]: count * SEEN_PER_VOICE + row_length(row) for row, count in self.voices.items()}
        question_store.add_impressions(tx, self.event_id, seen)

    def _at(self, at: datetime, act: Act) -> None:
        self.acts.append((at, len(self.acts), act))

    def _phases(self) -> None:
        hours = self.hours
        self._at(hours.collect, partial(self._step, Step.COLLECT))
        if hours.opened:
            self._at(hours.opening + timedelta(seconds=4), partial(self._step, Step.OPEN))
        if hours.closed:
            self._at(hours.end - minutes(6), partial(self._step, Step.LAST_QUESTIONS))
            self._at(hours.end, partial(self._step, Step.CLOSE))
            self._at(hours.end + timedelta(days=1), partial(self._step, Step.ARCHIVE))

    def _step(self, step: Step, tx: Tx) -> None:
        event = event_store.by_id(tx.conn, self.event_id)
        if event is None:
            raise NotFound()
        events.step(tx, self.staff[Role.HOST][0], event.id, step, seen=event.version)

    def _questions(self, rows: list[Row]) -> None:
        """Who waits at the end came last; of the open ones every third came after the opening, the rest before it."""
        waiting = [row for row in rows if row.fate in WAITING]
        in_the_hour = [row for row in rows if row.fate == "open"][::3] if self.hours.opened else []
        before = [row for row in rows if row not in waiting and row not in in_the_hour]
        self.chance.shuffle(before)
        opening = self.hours.opening - minutes(45) if self.hours.opened else self.hours.asked_until
        self._come(before, self.hours.collect + minutes(1), opening)
        self._come(in_the_hour, self.hours.opening + minutes(1), self.hours.asked_until)
        self._come(waiting, self.hours.end - minutes(9), self.hours.end - minutes(1))

    def _come(self, rows: list[Row], start: datetime, end: datetime) -> None:
        """Questions arrive between two times in the rhythm of the petitions, and gather voices like them."""
        rhythm = samples.arrivals()[: len(rows)]
        most = max(signatures for _, signatures in samples.arrivals())
        crowd = [asker(f"{self.chance.getrandbits(96):024x}") for _ in range(CROWD)]
        for row, (second, signatures) in zip(rows, rhythm, strict=True):
            at = start + (end - start) * (second / max(1, rhythm[-1][0]))
            self._at(at, partial(self._ask, row, crowd.pop()))
            self._triage(row, at)
            if row.fate in SHOWN:
                count = 1 + round(MOST_VOICES * (signatures / most) ** 0.5)
                self._give_voices(row, self.chance.sample(crowd, count), at + minutes(8))

    def _ask(self, row: Row, who: Actor, tx: Tx) -> None:
        key = str(UUID(int=self.chance.getrandbits(128)))
        asking = questions.Asking(key=key, text=row.question, page=row.lang)
        self.numbers[row] = questions.ask(tx, who, self.event_id, asking, self.secret).card.n

    def _give_voices(self, row: Row, people: list[Actor], start: datetime) -> None:
        """Voices come in until it is chosen, or until now."""
        end = self.hours.opening - minutes(32) if row.fate in CHOSEN | {"hidden"} else self.hours.end - minutes(1)
        self.voices[row] = len(people)
        for who in people:
            at = start + (max(start, end) - start) * self.chance.random()
            self._at(at, partial(self._voice, row, who))

    def _voice(self, row: Row, who: Actor, tx: Tx) -> None:
        questions.voice(tx, who, self.event_id, self.numbers[row], on=True)
