"""Adding a voice to a question, or at once as many voices as wait."""

from collections.abc import Sequence
from dataclasses import dataclass

from qa.actions import moves
from qa.domain import channels, events
from qa.domain.channels import VOICES_IN
from qa.domain.events import Doing, Event
from qa.domain.people import Actor
from qa.domain.permissions import Permission
from qa.domain.refusals import Closed, NotFound, Refused, outcome
from qa.store import events as event_store
from qa.store import questions
from qa.store.writer import OneOf, Tx


@dataclass(frozen=True, slots=True)
class Hand:
    """Somebody raises their hand for a question, or (not `on`) takes it down."""

    who: Actor
    n: int
    on: bool


def voice_by(who: Actor, event_id: int, n: int, *, on: bool) -> OneOf[Hand, int]:
    """A voice, as an action that is done at once for all who wait: see `questions.voice`."""
    return OneOf(voice_all, event_id, Hand(who, n, on))


def voice_all(tx: Tx, event_id: int, hands: Sequence[Hand]) -> list[int | Refused]:
    """What becomes of hands that are raised or taken down one after the other, read and written as one set."""
    event = event_store.locked(tx, event_id)
    if event is None:
        return [NotFound() for _ in hands]
    raised = _Raised(tx, event, hands)
    outcomes = [outcome(raised.put, hand) for hand in hands]
    raised.write()
    return outcomes


class _Raised:
    """The voices of one set: those that are there after each, and what is to be written of all of them."""

    def __init__(self, tx: Tx, event: Event, hands: Sequence[Hand]) -> None:
        self._tx, self._event = tx, event
        self._cards = questions.by_numbers(tx.conn, event.id, {hand.n for hand in hands})
        self._before = questions.voices_among(tx.conn, event.id, {(hand.n, hand.who.id) for hand in hands})
        self._there = set(self._before)
        self._gone: set[questions.Voice] = set()
        self._counts = {n: card.voices for n, card in self._cards.items()}

    def put(self, hand: Hand) -> int:
        """The next one, and how many voices its question has then."""
        moves.audience_role(self._event, hand.who, Permission.VOICE)
        events.require(self._event, Doing.VOICE)
        card = self._cards.get(hand.n)
        if card is None:
            raise NotFound()
        if card.state not in VOICES_IN:
            if channels.public_question(card) is None:
                raise NotFound()
            raise Closed("voices_closed")
        if card.asker == hand.who.id:
            raise Closed("own_question")
        voice = (hand.n, hand.who.id)
        if (voice in self._there) is not hand.on:
            self._change(voice, hand.on)
        return self._counts[hand.n]

    def _change(self, voice: questions.Voice, on: bool) -> None:
        if on:
            self._there.add(voice)
        else:
            self._there.remove(voice)
            self._gone.add(voice)
        self._counts[voice[0]] += 1 if on else -1

    def write(self) -> None:
        # What was there, went and came again is written anew: it came now.
        gone = self._before & self._gone
        come = self._there - (self._before - gone)
        questions.change_voices(self._tx, self._event.id, sorted(gone), sorted(come))
