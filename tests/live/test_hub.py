"""The hub: places, waking, leaving. No queue for anybody."""

import asyncio

import pytest

from qa.domain.channels import Channel
from qa.domain.messages import Close
from qa.live.hub import Hub, TooMany
from qa.live.watch import Tallies, revoke
from qa.store.database import DatabaseError

PUBLIC = (1, Channel.PUBLIC)
STAFF = (1, Channel.STAFF)


async def test_news_between_the_look_and_the_wait_is_not_slept_over() -> None:
    hub = Hub()
    news = hub.news(PUBLIC)
    hub.wake(PUBLIC)
    await asyncio.wait_for(news.wait(), 1)
    assert not hub.news(PUBLIC).is_set()


async def test_everybody_who_waits_is_woken_by_one_call_and_nobody_else() -> None:
    hub = Hub()
    waiting = [asyncio.create_task(hub.news(PUBLIC).wait()) for _ in range(1_000)]
    elsewhere = asyncio.create_task(hub.news((2, Channel.PUBLIC)).wait())
    await asyncio.sleep(0)
    hub.wake(PUBLIC)
    await asyncio.wait_for(asyncio.gather(*waiting), 5)
    assert not elsewhere.done()
    elsewhere.cancel()


async def test_a_full_hub_lets_nobody_in_until_somebody_leaves() -> None:
    hub = Hub(most=2)
    with hub.seat(PUBLIC):
        with hub.seat(PUBLIC), pytest.raises(TooMany):
            hub.seat(PUBLIC).__enter__()
        assert not hub.full
        assert hub.count(*PUBLIC) == 1
    assert hub.count(*PUBLIC) == 0
    assert hub.occupied() == set()


async def test_draining_asks_everybody_to_leave_and_lets_nobody_in() -> None:
    hub = Hub()
    with hub.seat(PUBLIC) as viewer, hub.seat(STAFF) as staff:
        hub.drain()
        assert viewer.leave.result() is staff.leave.result() is Close.RESTART
        with pytest.raises(TooMany), hub.seat(PUBLIC):
            pass


async def test_who_is_ousted_is_asked_to_leave_and_if_it_cannot_be_told_all_of_the_staff_are() -> None:
    hub = Hub()
    with hub.seat(STAFF, "gone") as gone, hub.seat(STAFF, "stays") as stays, hub.seat(PUBLIC) as viewer:
        await revoke(hub, lambda held: {pair for pair in held if pair[0] == "gone"})
        assert gone.leave.result() is Close.ACCESS_CHANGED
        assert not stays.leave.done()

        def away(held: object) -> set[tuple[str, int]]:
            raise DatabaseError("the database is away")

        await revoke(hub, away)
        assert stays.leave.result() is Close.ACCESS_CHANGED
        assert not viewer.leave.done()


async def test_tallies_are_told_when_they_change_and_not_again() -> None:
    hub = Hub()
    totals = {"questions": 1, "people": 1, "answers": 0}
    voices = {7: 2, 8: 0}
    tell = Tallies(hub, lambda event_id: dict(totals), lambda event_id: dict(voices))
    with hub.seat(PUBLIC), hub.seat(STAFF):
        await tell()
        public, staff = hub.states(PUBLIC).version, hub.states(STAFF).version
        await tell()
        assert (hub.states(PUBLIC).version, hub.states(STAFF).version) == (public, staff)
        totals["questions"] = 2
        voices[8] = 1
        await tell()
        assert hub.states(PUBLIC).since(public) == [
            '{"v":1,"type":"totals","data":{"questions":2,"people":1,"answers":0}}'
        ]
        assert hub.states(STAFF).since(staff) == ['{"v":1,"type":"voices","data":{"voices":{"7":2,"8":1}}}']


async def test_the_window_to_come_back_in_grows_with_the_crowd() -> None:
    hub = Hub()
    alone = hub.retry()
    seats = [hub.seat(PUBLIC) for _ in range(2_000)]
    for seat in seats:
        seat.__enter__()
    assert hub.retry()["max"] > alone["max"] >= alone["min"] > 0
    for seat in seats:
        seat.__exit__(None, None, None)
