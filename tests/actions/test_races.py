"""Many hands on one thing at the same moment, from two processes: one wins each version, and the others are told."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from threading import Barrier
from typing import Any, Final

import pytest
from sqlalchemy import update

from qa.actions import answers, events, questions
from qa.domain.answers import Answer
from qa.domain.channels import Channel
from qa.domain.events import Action as Step
from qa.domain.events import Event
from qa.domain.questions import Action, Question, find
from qa.domain.refusals import NoSuchMove, Refused, Stale
from qa.store import accounts, log, tables
from qa.store import answers as answer_store
from qa.store import events as event_store
from qa.store import questions as question_store
from qa.store.writer import Tx
from tests.store.worlds import at_once, two_worlds_on
from tests.world import BOSS, World, key

TWENTY: Final = 20


@pytest.fixture
def two_worlds(database_url: str) -> Iterator[tuple[World, World]]:
    with two_worlds_on(database_url) as both:
        yield both


def move(world: World, card: Question, action: Action, seen: int, **more: Any) -> Question:
    given = {"code": "off_topic"} if action is Action.DECLINE else {}
    return world.writer.run(
        lambda tx: questions.move(tx, BOSS, card.event_id, card.n, action, seen=seen, key=key(), **given, **more)
    )


def history(world: World, card: Question) -> list[dict[str, Any]]:
    return [
        entry.data for entry in world.database.read(log.about, card.event_id, card.n) if entry.type == "question.moved"
    ]


def test_of_twenty_who_approve_and_decline_one_question_one_wins_each_version(two_worlds: tuple[World, World]) -> None:
    """Each looks, moves what it saw, and looks again when it was told that it was late."""
    one, _ = two_worlds
    card = one.ask(one.event())

    def insist(world: World, action: Action) -> list[int]:
        won = []
        for _ in range(3):
            with suppress(Stale, NoSuchMove):
                won.append(move(world, card, action, world.now(card).version).version)
        return won

    hands = [partial(insist, world, action) for world in two_worlds for action in (Action.APPROVE, Action.DECLINE)]
    won = [version for found in at_once(hands * 5) if isinstance(found, list) for version in found]
    assert len(won) >= 2
    assert sorted(won) == list(range(2, len(won) + 2)), "each version was won once"
    lines = history(one, card)
    assert [line["question"]["version"] for line in lines] == list(range(1, len(won) + 2))
    for earlier, later in pairwise(lines):
        assert later["move"]["before"] == earlier["move"]["after"]
        assert later["move"]["seen"] == earlier["question"]["version"]
    assert lines[-1]["move"]["after"] == one.now(card).state


def test_moves_that_only_look_before_they_write_would_both_win(postgresql_url: str) -> None:
    """The seeded fault: the version is compared when the card is read, and not where it is written."""
    meet = Barrier(2)

    def move_blindly(world: World, card: Question, action: Action) -> int:
        def act(tx: Tx) -> int:
            seen = question_store.get(tx.conn, card.event_id, card.n)
            assert seen
            meet.wait(20)
            here = (tables.questions.c.event_id == card.event_id, tables.questions.c.n == card.n)
            values = {"version": seen.version + 1, "state": find(action, seen.state).after.value}
            tx.conn.execute(update(tables.questions).where(*here).values(**values))
            return seen.version + 1

        return world.writer.run(act)

    with two_worlds_on(postgresql_url) as (one, other):
        card = one.ask(one.event())
        won = at_once(
            [partial(move_blindly, one, card, Action.APPROVE), partial(move_blindly, other, card, Action.TAKE)]
        )
    assert won == [2, 2]


def test_of_twenty_who_saw_the_same_card_one_moves_it(two_worlds: tuple[World, World]) -> None:
    one, _ = two_worlds
    event = one.event()
    for _ in range(5):
        card = one.ask(event)
        actions = [Action.APPROVE, Action.DECLINE, Action.TAKE, Action.EDIT]
        hands = [
            partial(move, two_worlds[i % 2], card, action, 1, **({"edited": "Better"} if action is Action.EDIT else {}))
            for i, action in enumerate(actions * (TWENTY // len(actions)))
        ]
        found = at_once(hands)
        winners = [card for card in found if isinstance(card, Question)]
        stale = [refused for refused in found if isinstance(refused, Stale)]
        assert (len(winners), len(stale)) == (1, TWENTY - 1)
        assert {refused.facts["current"]["version"] for refused in stale} == {2}
        assert one.now(card) == winners[0]


def test_a_move_repeated_by_many_is_made_once(two_worlds: tuple[World, World]) -> None:
    one, _ = two_worlds
    card = one.ask(one.event())
    same = key()

    def repeat(world: World) -> Question:
        return world.writer.run(
            lambda tx: questions.move(tx, BOSS, card.event_id, card.n, Action.APPROVE, seen=1, key=same)
        )

    found = at_once([partial(repeat, world) for world in two_worlds * 10])
    assert [refused for refused in found if isinstance(refused, Refused)] == []
    assert one.now(card).version == 2
    assert [line["move"]["action"] for line in history(one, card)] == ["ask", "approve"]


def test_what_is_due_is_published_once_by_however_many_look(two_worlds: tuple[World, World]) -> None:
    one, _ = two_worlds
    event = one.event()
    card = one.move(one.ask(event), Action.APPROVE, Action.ANSWER)
    one.publish(one.draft(card), seconds=20)

    def look(world: World) -> Answer | None:
        return world.writer.run(lambda tx: _later(tx, event, card.n))

    published = [found for found in at_once([partial(look, world) for world in two_worlds * 10]) if found]
    assert len(published) == 1
    public = one.database.read(log.after, event.id, Channel.PUBLIC, 0, 1_000)
    assert [entry.type for entry in public].count("answer.published") == 1
    assert len(one.database.read(accounts.posts_of, event.account_id, 10)) == 1


def _later(tx: Tx, event: Event, n: int) -> Answer | None:
    """When the hold slot is over."""
    tx.now += timedelta(seconds=30)
    try:
        return answers.publish_due(tx, event.id, n, 1)
    finally:
        tx.now -= timedelta(seconds=30)


def test_stop_and_the_end_of_the_slot_do_not_both_win(two_worlds: tuple[World, World]) -> None:
    one, other = two_worlds
    event = one.event()
    for _ in range(5):
        card = one.move(one.ask(event), Action.APPROVE, Action.ANSWER)
        one.publish(one.draft(card), seconds=20)

        def stop(n: int = card.n) -> Answer | None:
            return one.writer.run(lambda tx: answers.stop(tx, BOSS, event.id, n))

        def end(n: int = card.n) -> Answer | None:
            return other.writer.run(lambda tx: _later(tx, event, n))

        stopped, published = at_once([stop, end])
        (newest,) = one.database.read(answer_store.versions, event.id, card.n)
        if isinstance(stopped, NoSuchMove):
            assert isinstance(published, Answer)
            assert newest.state == "published"
        else:
            assert published is None
            assert newest.state == "draft"


def test_two_writers_of_a_draft_do_not_lose_a_word(two_worlds: tuple[World, World]) -> None:
    one, _ = two_worlds
    event = one.event()
    card = one.move(one.ask(event), Action.APPROVE, Action.ANSWER)
    one.draft(card)

    def save(world: World, words: str) -> Answer:
        return world.writer.run(
            lambda tx: answers.save(tx, BOSS, event.id, card.n, written=words, how="spoken", lang="en", rev=1)
        )

    found = at_once([partial(save, world, f"Words {i}") for i, world in enumerate(two_worlds * 5)])
    saved = [answer for answer in found if isinstance(answer, Answer)]
    assert len(saved) == 1
    assert {refused.facts["current"]["text"] for refused in found if isinstance(refused, Stale)} == {saved[0].text}


def test_the_event_is_opened_once(two_worlds: tuple[World, World]) -> None:
    one, _ = two_worlds
    event = one.event(steps=(Step.ANNOUNCE, Step.COLLECT))

    def open_it(world: World) -> datetime | None:
        return world.writer.run(lambda tx: events.step(tx, BOSS, event.id, Step.OPEN, seen=event.version)).opened_at

    found = at_once([partial(open_it, world) for world in two_worlds * 5])
    opened = [at for at in found if not isinstance(at, Stale)]
    now = one.database.read(event_store.by_id, event.id)
    assert now
    assert opened == [now.opened_at]
    public = one.database.read(log.after, event.id, Channel.PUBLIC, 0, 100)
    assert [entry.type for entry in public].count("event.opened") == 1
