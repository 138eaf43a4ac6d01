"""The public present of an event: read in one transaction, kept until the log has grown."""

from dataclasses import dataclass, replace
from time import monotonic
from typing import Any, Final

from starlette.requests import HTTPConnection

from qa.domain.accounts import Account
from qa.domain.answers import Answer
from qa.domain.channels import ANSWER_SHOWN, Channel, public_answer, public_event, public_question
from qa.domain.events import Event, Phase
from qa.domain.order import Seen, shuffled
from qa.domain.questions import Question, State
from qa.domain.refusals import NotFound
from qa.domain.snapshot import being_answered, next_up, snapshot
from qa.store import accounts, answers, events, log, questions
from qa.store.database import Reading
from qa.web.site import Place, Site, ask, site_of

SHOWN_AT_ONCE: Final = 12
# Totals are no entries of the log: they may be so old.
FRESH_SECONDS: Final = 2.0
# Nor are impressions, and names that were changed by hand: all of it is read anew after so long.
WHOLE_SECONDS: Final = 30.0
PUBLIC_STATES: Final = (State.APPROVED, State.SHORTLISTED, State.ANSWERING, State.ANSWERED)


@dataclass(frozen=True, slots=True)
class Present:
    """`snapshot` as in `domain.snapshot`; `open` are the questions that can be given a voice."""

    event: Event
    account: Account
    snapshot: dict[str, Any]
    open: list[Seen]
    totals: dict[str, int]

    @property
    def seq(self) -> int:
        """The number of the newest public entry it holds."""
        seq: int = self.snapshot["seq"]
        return seq

    @property
    def base(self) -> str:
        return f"/@{self.event.handle}/{self.event.slug}"


@dataclass(slots=True)
class Kept:
    """A present with when it was read, and when its totals were looked at (monotonic seconds).

    As long as nothing of it has changed it is the same object: whoever made something of it compares by that.
    """

    present: Present
    read: float
    looked: float


def read_present(conn: Reading, event: Event) -> Present | None:
    """All that the audience may know of an event at one moment; None while it is a draft."""
    shown = public_event(event)
    account = accounts.by_handle(conn, event.handle)
    if shown is None or account is None:
        return None
    cards = questions.every(conn, event.id, PUBLIC_STATES)
    by_number = {card.n: card for card in cards}
    given = [
        public_answer(by_number.get(answer.n), answer) for answer in answers.in_states(conn, event.id, ANSWER_SHOWN)
    ]
    present = snapshot(
        event.epoch,
        log.head(conn, event.id, Channel.PUBLIC),
        shown,
        [question for question in map(public_question, cards) if question],
        [answer for answer in given if answer],
    )
    open_ones = [Seen(card.n, card.impressions) for card in cards if card.state is State.APPROVED]
    return Present(event, account, present, open_ones, read_totals(conn, event.id))


def read_totals(conn: Reading, event_id: int) -> dict[str, int]:
    """How many questions of how many people, and how many answers stand."""
    asked, people = events.totals(conn, event_id)
    return {"questions": asked, "people": people, "answers": answers.count_shown(conn, event_id)}


async def place_of(connection: HTTPConnection) -> Place:
    """Which event is at the address."""
    params = connection.path_params
    return await find_place(site_of(connection), params["handle"], params["slug"])


async def find_place(site: Site, handle: str, slug: str) -> Place:
    """Which event is at `/@handle/slug`: one query for the first who asks, none for others. `NotFound` for a draft.

    An event keeps its address and its epoch for as long as a process runs, and never becomes a draft again.
    """
    if (handle, slug) not in site.places:
        event = await ask(site, events.by_slug, handle, slug)
        if event is None or event.phase is Phase.DRAFT:
            raise NotFound()
        site.places[handle, slug] = Place(event.id, event.epoch, f"/@{handle}/{slug}")
    return site.places[handle, slug]


async def present_of(connection: HTTPConnection) -> Present:
    """The present of the event in the address; `NotFound` while it is a draft."""
    return await kept_present(site_of(connection), (await place_of(connection)).event_id)


async def kept_present(site: Site, event_id: int) -> Present:
    """The present of an event, read anew if the log has grown; its totals alone when they are no longer fresh."""
    async with site.presents_locks[event_id]:
        head = await site.head(event_id)
        at = monotonic()
        kept: Kept | None = site.presents.get(event_id)
        if kept is None or kept.present.seq < head or at - kept.read > WHOLE_SECONDS:
            present = await ask(site, _read_by_id, event_id)
            if present is None:
                raise NotFound()
            same = kept is not None and kept.present == present
            kept = site.presents[event_id] = Kept(kept.present if kept and same else present, at, at)
        elif at - kept.looked > FRESH_SECONDS:
            totals = await ask(site, read_totals, event_id)
            if totals != kept.present.totals:
                kept.present = replace(kept.present, totals=totals)
            kept.looked = at
    return kept.present


def _read_by_id(conn: Reading, event_id: int) -> Present | None:
    event = events.by_id(conn, event_id)
    return read_present(conn, event) if event else None


def in_order(present: Present, seed: str) -> list[int]:
    """The numbers of the open questions in a viewer's order."""
    return shuffled(present.open, seed)


def page_context(present: Present, seed: str) -> dict[str, Any]:
    """What the event's page, screen and record have in common."""
    by_number = {question["n"]: question for question in present.snapshot["questions"]}
    order = in_order(present, seed)
    return {
        "event": present.snapshot["event"],
        "base": present.base,
        "present": present.snapshot,
        "now": being_answered(present.snapshot),
        "next": next_up(present.snapshot),
        "answers": sorted(present.snapshot["answers"], key=lambda answer: (answer["at"], answer["n"]), reverse=True),
        "open": [by_number[n] for n in order[:SHOWN_AT_ONCE]],
        "open_count": len(order),
        "totals": present.totals,
        "languages": present.event.languages,
    }


def shown_answer(conn: Reading, card: Question) -> Answer | None:
    """The version of a question's answer that the audience sees."""
    versions = answers.versions(conn, card.event_id, card.n)
    return next((answer for answer in versions if answer.state in ANSWER_SHOWN), None)
