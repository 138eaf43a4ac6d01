"""Questions and voices under many hands at once, in any script."""

import json
from functools import partial
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import func, select

from qa.actions import questions as actions
from qa.actions.questions import Acknowledged, Asking
from qa.domain import text
from qa.domain.channels import Channel
from qa.domain.events import Event
from qa.domain.people import asker
from qa.domain.questions import Action, Question, State
from qa.domain.refusals import Refused
from qa.store import events, log, questions
from qa.store.database import Reading
from qa.store.tables import voices
from qa.store.writer import Tx
from tests.store.worlds import at_once
from tests.world import SECRET, World, key

NAUGHTY: Final[list[str]] = json.loads((Path(__file__).parents[1] / "data" / "blns.json").read_text())


def ask(world: World, event: Event, same: str, who: str, words: str = "What about teachers?") -> Acknowledged:
    return world.writer.run(lambda tx: actions.ask(tx, asker(who), event.id, Asking(same, words), SECRET))


def test_any_text_comes_back_as_it_was_stored(world: World) -> None:
    event = world.event()
    asked = [stored for naughty in NAUGHTY if (stored := _question(naughty))]
    assert len(asked) > 400
    sent = [world.writer.submit(partial(_ask, event=event, words=words)) for words in asked]
    numbers = [future.result(60).card.n for future in sent]
    found = {card.n: card.text for card in world.database.read(questions.every, event.id)}
    assert found == dict(zip(numbers, asked, strict=True))
    told = world.database.read(log.after, event.id, Channel.STAFF, 0, 10_000)
    assert {entry.n: entry.data["question"]["text"] for entry in told if entry.n} == found


def _question(naughty: str) -> str:
    """The string as a question, empty if it can be none."""
    try:
        return text.take(text.QUESTION, naughty)
    except Refused:
        return ""


def _ask(tx: Tx, event: Event, words: str) -> Acknowledged:
    return actions.ask(tx, asker("somebody"), event.id, Asking(key(), words), SECRET)


def test_one_key_sent_to_two_processes_at_once_makes_one_question(two_worlds: tuple[World, World]) -> None:
    event = two_worlds[0].event()
    for attempt in range(5):
        same = key()
        sent = [partial(ask, world, event, same, f"asker-{i}") for i, world in enumerate(two_worlds * 6)]
        acknowledged = [answer for answer in at_once(sent) if isinstance(answer, Acknowledged)]
        assert len(acknowledged) == 12
        assert len({answer.card.n for answer in acknowledged}) == 1
        assert sum(not answer.repeat for answer in acknowledged) == 1
        assert [card.n for card in two_worlds[0].database.read(questions.every, event.id)] == list(
            range(1, attempt + 2)
        )


def test_questions_of_two_processes_are_numbered_without_a_gap(two_worlds: tuple[World, World]) -> None:
    event = two_worlds[0].event()
    at_once([partial(ask, world, event, key(), f"asker-{i}") for i, world in enumerate(two_worlds * 10)])
    cards = two_worlds[0].database.read(questions.every, event.id)
    assert [card.n for card in cards] == list(range(1, 21))
    assert two_worlds[0].database.read(events.totals, event.id) == (20, 20)


@pytest.mark.parametrize("last", [True, False])
def test_a_voice_toggled_a_hundred_times_by_many_threads_is_there_once_or_not_at_all(
    last: bool, two_worlds: tuple[World, World]
) -> None:
    one, _ = two_worlds
    card = one.move(one.ask(one.event()), Action.APPROVE)

    def toggle(world: World, seed: int) -> None:
        for turn in range(10):
            world.voice(card, "voice", on=(turn + seed) % 2 == 0)

    at_once([partial(toggle, world, seed) for seed, world in enumerate(two_worlds * 5)])
    assert one.database.read(_rows, card) == one.now(card).voices
    assert one.now(card).voices in {0, 1}
    one.voice(card, "voice", on=last)
    assert one.database.read(_rows, card) == one.now(card).voices == int(last)


def test_the_voices_of_many_are_all_counted(two_worlds: tuple[World, World]) -> None:
    one, _ = two_worlds
    card = one.move(one.ask(one.event()), Action.APPROVE)
    at_once([partial(world.voice, card, f"voice-{i % 30}") for i, world in enumerate(two_worlds * 20)])
    assert one.database.read(_rows, card) == one.now(card).voices == 30
    assert one.database.read(questions.people_behind, card.event_id, card.n) == 31


def _rows(conn: Reading, card: Question) -> int:
    mine = (voices.c.event_id == card.event_id, voices.c.n == card.n)
    return int(conn.execute(select(func.count()).select_from(voices).where(*mine)).scalar_one())


def test_the_pace_of_an_asker_holds_over_two_processes(two_worlds: tuple[World, World]) -> None:
    event = two_worlds[0].event(burst=3, per_minute=1)
    answers = at_once([partial(ask, world, event, key(), "one asker") for world in two_worlds * 6])
    assert sum(isinstance(answer, Acknowledged) for answer in answers) == 3
    assert {answer.code for answer in answers if isinstance(answer, Refused)} == {"too_soon"}


def test_a_card_is_written_over_the_version_at_hand_only(world: World) -> None:
    card = world.ask(world.event())
    assert world.writer.run(lambda tx: questions.write(tx, card, card.version))
    assert not world.writer.run(lambda tx: questions.write(tx, card, card.version + 1))


def test_a_card_comes_back_with_every_field(world: World) -> None:
    event = world.event()
    card = world.move(world.ask(event), Action.APPROVE, Action.SHORTLIST)
    declined = world.move(card, Action.DECLINE, code="off_topic", why="Elsewhere.")
    assert world.now(card) == declined
    assert declined.before == {
        "state": "shortlisted",
        "text": card.text,
        "code": None,
        "why": "",
        "holder": "",
        "place": 1,
    }


def test_an_askers_questions_are_the_newest_first_and_their_own(world: World) -> None:
    event = world.event()
    mine = [world.ask(event, who="me").n, world.ask(event, who="you").n, world.ask(event, who="me").n]
    assert [card.n for card in world.database.read(questions.of_asker, event.id, "me")] == [mine[2], mine[0]]


def test_what_was_seen_is_by_state(world: World) -> None:
    event = world.event()
    open_one, _ = world.move(world.ask(event), Action.APPROVE), world.ask(event)
    assert [seen.n for seen in world.database.read(questions.seen, event.id, State.APPROVED)] == [open_one.n]
