"""A question's voices: one of each person, there or not, and the count is that of the rows."""

from qa.domain.questions import Action
from qa.store import questions
from tests.world import World


def test_a_voice_counts_once_however_often_it_is_given_or_taken_back(world: World) -> None:
    card = world.move(world.ask(world.event()), Action.APPROVE)
    other = world.move(world.ask(world.event("other")), Action.APPROVE)
    said = [("ann", True), ("ann", True), ("bob", True), ("ann", False), ("ann", False), ("cem", True), ("ann", True)]
    counts = [world.voice(card, who, on=on) for who, on in said]
    assert counts == [1, 1, 2, 1, 1, 2, 3]
    assert world.database.read(questions.voices_by_number, card.event_id) == {card.n: 3}
    assert world.database.read(questions.voices_by_number, other.event_id) == {}
