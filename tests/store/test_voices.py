"""A question's voices: one of each person, there or not, and the count is that of the rows."""

from collections.abc import Iterator

import pytest

from qa.domain.questions import Action
from qa.store import questions
from qa.store.database import Database
from qa.store.writer import Writer
from qa.web.site import now
from tests.world import World


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    database = Database(database_url)
    writer = Writer(database, now)
    yield World(database, writer)
    writer.close()
    database.close()


def test_a_voice_counts_once_however_often_it_is_given_or_taken_back(world: World) -> None:
    card = world.move(world.ask(world.event()), Action.APPROVE)
    other = world.move(world.ask(world.event("other")), Action.APPROVE)
    said = [("ann", True), ("ann", True), ("bob", True), ("ann", False), ("ann", False), ("cem", True), ("ann", True)]
    counts = [world.voice(card, who, on=on) for who, on in said]
    assert counts == [1, 1, 2, 1, 1, 2, 3]
    assert world.database.read(questions.voices_by_number, card.event_id) == {card.n: 3}
    assert world.database.read(questions.voices_by_number, other.event_id) == {}
