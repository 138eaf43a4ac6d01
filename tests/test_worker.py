"""What is due is done once, and the worker goes on afterwards."""

from datetime import datetime, timedelta
from functools import partial

from qa import worker
from qa.actions import answers as actions
from qa.domain.answers import State
from qa.domain.questions import Action
from qa.store import answers
from qa.store.writer import Writer
from qa.web.site import now
from tests.world import BOSS, World


async def test_every_answer_whose_hold_is_over_is_published_once(world: World) -> None:
    event = world.event()
    for text in ("First?", "Second?", "Third?"):
        card = world.move(world.ask(event, text), Action.APPROVE, Action.ANSWER)
        draft, seconds = world.draft(card), 60 if text == "Third?" else 1
        hold = partial(actions.hold, who=BOSS, event_id=event.id, n=card.n, rev=draft.rev, seconds=seconds)
        world.writer.run(hold)

    def soon() -> datetime:
        return now() + timedelta(seconds=5)

    late = Writer(world.database, soon)
    try:
        await worker.publish_what_is_due(world.database, late, soon)
        await worker.publish_what_is_due(world.database, late, soon)
    finally:
        late.close()
    states = [answer.state for answer in world.database.read(answers.every, event.id)]
    assert states == [State.PUBLISHED, State.PUBLISHED, State.HOLDING]
