"""Asking: a question, or at once as many as wait."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from qa.actions import moves
from qa.domain import channels, codes, events, rates, text
from qa.domain.events import Doing, Event
from qa.domain.people import Actor
from qa.domain.permissions import Permission
from qa.domain.questions import Action, Question, find
from qa.domain.rates import Bucket
from qa.domain.refusals import Invalid, NotFound, Refused, TooSoon, outcome
from qa.store import events as event_store
from qa.store import log, questions
from qa.store.writer import OneOf, Tx


@dataclass(frozen=True, slots=True)
class Asking:
    """What a client sends. `key` is its own UUID: the answer to a repeat is the first one. `page` is its language."""

    key: str
    text: str
    context: str = ""
    name: str = ""
    page: str = "en"


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The question is on the disk. `repeat`: it was there already."""

    card: Question
    repeat: bool


@dataclass(frozen=True, slots=True)
class Put:
    """A question on its way: by whom, what, and the secret that makes its receipt's code."""

    who: Actor
    asking: Asking
    secret: bytes


def asking_by(who: Actor, event_id: int, asking: Asking, secret: bytes) -> OneOf[Put, Acknowledged]:
    """Putting a question, as an action that is done at once for all who wait: see `questions.ask`."""
    return OneOf(ask_all, event_id, Put(who, asking, secret))


def ask_all(tx: Tx, event_id: int, puts: Sequence[Put]) -> list[Acknowledged | Refused]:
    """What becomes of questions that are put to one event one after the other, read and written as one set."""
    event = event_store.locked(tx, event_id)
    if event is None:
        return [NotFound() for _ in puts]
    keyed = [(put, outcome(client_key, put.asking.key)) for put in puts]
    asked = _Asked(tx, event, {key for _, key in keyed if isinstance(key, str)}, {put.who.id for put in puts})
    outcomes = [outcome(asked.put, put, key) for put, key in keyed]
    asked.write()
    return outcomes


class _Asked:
    """The questions of one set: what each finds of those before it, and what is to be written of all of them."""

    def __init__(self, tx: Tx, event: Event, keys: set[str], askers: set[str]) -> None:
        self._tx, self._event = tx, event
        self._known = questions.by_keys(tx.conn, event.id, keys)
        self._buckets = questions.buckets(tx.conn, event.id, askers)
        self._asked_before = frozenset(self._buckets)
        self._last = event_store.asked(tx.conn, event.id)
        self._new: list[tuple[Question, str, str]] = []
        self._lines: list[log.Line] = []
        self._times: Counter[str] = Counter()

    def put(self, put: Put, key: str | Refused) -> Acknowledged:
        """The next one. Nothing is noted of one that is refused."""
        event, who = self._event, put.who
        role = moves.audience_role(event, who, Permission.ASK)
        if isinstance(key, Refused):
            raise key
        if known := self._known.get(key):
            return Acknowledged(known, repeat=True)
        events.require(event, Doing.ASK)
        card = _new_question(self._tx, who, event, put.asking, self._last + 1)
        left, seconds = rates.take(self._buckets.get(who.id), self._tx.now, event.burst, event.per_minute)
        if seconds:
            raise TooSoon(seconds=seconds)
        # Without the key: who repeats it is given the receipt, and that is the asker's alone.
        move = moves.made(who, role, Action.ASK.value, "", card.state.value)
        lines = moves.lines_of(event, card, move, channels.Sight(), channels.sight(card, None))
        receipt = codes.fingerprint(codes.receipt_code(put.secret, event.id, card.n))
        self._note(card, key, receipt, left, lines)
        return Acknowledged(card, repeat=False)

    def _note(self, card: Question, key: str, receipt: str, left: Bucket, lines: list[log.Line]) -> None:
        self._last = card.n
        self._known[key] = card
        self._buckets[card.asker] = left
        self._times[card.asker] += 1
        self._new.append((card, key, receipt))
        self._lines += lines

    def write(self) -> None:
        tx, event_id = self._tx, self._event.id
        if self._new:
            event_store.count_asked(tx, event_id, len(self._new))
            counts = {asker: (times, self._buckets[asker]) for asker, times in self._times.items()}
            questions.count_asked(tx, event_id, self._asked_before, counts)
            questions.add(tx, self._new)
            log.append_all(tx, event_id, self._lines)


def client_key(typed: str) -> str:
    """A client's key in its one form. Raises `Invalid`."""
    try:
        return str(UUID(typed))
    except ValueError:
        raise Invalid("no_key", field="key") from None


def _new_question(tx: Tx, who: Actor, event: Event, asking: Asking, n: int) -> Question:
    written = text.take(text.QUESTION, asking.text)
    return Question(
        event_id=event.id,
        n=n,
        asker=who.id,
        name=text.take(text.NAME, asking.name),
        text=written,
        original=written,
        context=text.take(text.CONTEXT, asking.context),
        lang=text.language_of(written, asking.page),
        state=find(Action.ASK, None).after,
        version=1,
        voices=0,
        impressions=0,
        asked_at=tx.now,
        moved_at=tx.now,
        last_action=Action.ASK,
    )
