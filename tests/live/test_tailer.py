"""The tailer over a real log: the bell only hurries it, a gap is never passed over."""

import asyncio
import json

from sqlalchemy import update

from qa.domain.channels import Channel
from qa.domain.questions import Action
from qa.live.tailer import Tailer
from qa.store.database import Database
from qa.store.log import Key
from qa.store.migrations.run import upgrade
from qa.store.tables import heads
from qa.store.writer import Tx, Writer
from qa.web.site import now
from tests.eventually import eventually_async
from tests.servers import running_postgresql
from tests.world import World


async def test_an_entry_that_no_bell_announced_is_found_by_the_poll(world: World) -> None:
    event = await asyncio.to_thread(world.event)
    heard: list[Key] = []
    tailer = Tailer(world.database, heard.append, poll_seconds=0.05)
    ring = await tailer.ring(event.id, Channel.PUBLIC)
    head = ring.head
    await tailer.start()
    try:
        await asyncio.to_thread(world.answer, event)
        await eventually_async(lambda: ring.head == head + 5)
        assert (event.id, Channel.PUBLIC) in heard
    finally:
        await tailer.stop()


async def test_the_bell_wakes_it_long_before_the_poll_would(world: World) -> None:
    event = await asyncio.to_thread(world.event)
    tailer = Tailer(world.database, lambda key: None, poll_seconds=3_600)
    ring = await tailer.ring(event.id, Channel.STAFF)
    head = ring.head
    await tailer.start()
    try:
        await asyncio.to_thread(world.ask, event)
        tailer.heard({event.id})
        await eventually_async(lambda: ring.head == head + 1)
    finally:
        await tailer.stop()


async def test_a_bell_for_another_event_reads_nothing_of_this_one(world: World) -> None:
    event, other = await asyncio.to_thread(world.event), await asyncio.to_thread(world.event, "other")
    tailer = Tailer(world.database, lambda key: None, poll_seconds=3_600)
    here, there = await tailer.ring(event.id, Channel.STAFF), await tailer.ring(other.id, Channel.STAFF)
    before = here.head, there.head
    await tailer.start()
    try:
        await asyncio.to_thread(world.ask, event)
        await asyncio.to_thread(world.ask, other)
        tailer.heard({other.id})
        await eventually_async(lambda: there.head == before[1] + 1)
        assert here.head == before[0]
    finally:
        await tailer.stop()


async def test_a_bell_that_rings_all_the_time_for_one_event_keeps_no_other_unread(world: World) -> None:
    """The other event's bell was lost, as with a Redis that is away; the poll has to come all the same."""
    event, other = await asyncio.to_thread(world.event), await asyncio.to_thread(world.event, "other")
    tailer = Tailer(world.database, lambda key: None, poll_seconds=0.1)
    await tailer.ring(event.id, Channel.STAFF)
    there = await tailer.ring(other.id, Channel.STAFF)
    before = there.head
    await tailer.start()

    async def ring_for_ever() -> None:
        while True:
            tailer.heard({event.id})
            await asyncio.sleep(0)

    ringing = asyncio.create_task(ring_for_ever())
    try:
        await asyncio.to_thread(world.ask, other)
        await eventually_async(lambda: there.head == before + 1)
    finally:
        ringing.cancel()
        await tailer.stop()


async def test_a_hole_in_the_log_makes_viewers_reload_and_is_never_skipped(world: World) -> None:
    event = await asyncio.to_thread(world.event)
    tailer = Tailer(world.database, lambda key: None, poll_seconds=0.05)
    ring = await tailer.ring(event.id, Channel.PUBLIC)
    cursor = ring.head

    def tear_a_hole(tx: Tx) -> None:
        here = (heads.c.event_id == event.id, heads.c.channel == Channel.PUBLIC.value)
        tx.conn.execute(update(heads).where(*here).values(seq=heads.c.seq + 1))

    await asyncio.to_thread(world.writer.run, tear_a_hole)
    await asyncio.to_thread(world.answer, event)
    await tailer.start()
    try:
        await eventually_async(lambda: tailer._rings[event.id, Channel.PUBLIC].head > cursor)
        assert (await tailer.ring(event.id, Channel.PUBLIC)).after(cursor) is None
    finally:
        await tailer.stop()


async def test_a_process_that_starts_again_can_still_serve_who_was_away(world: World) -> None:
    event = await asyncio.to_thread(world.event)
    await asyncio.to_thread(world.answer, event)
    frames = (await Tailer(world.database, lambda key: None).ring(event.id, Channel.PUBLIC)).after(0)
    assert frames is not None
    assert [json.loads(frame)["seq"] for frame in frames] == list(range(1, len(frames) + 1))


async def test_a_hidden_text_is_in_no_frame_of_a_ring_old_or_new(world: World) -> None:
    event = await asyncio.to_thread(world.event)
    running = Tailer(world.database, lambda key: None, poll_seconds=0.05)
    card = await asyncio.to_thread(world.ask, event, "The text that must go")
    card = await asyncio.to_thread(world.move, card, Action.APPROVE)
    old = await running.ring(event.id, Channel.PUBLIC)
    assert any("must go" in frame for frame in old.after(0) or ())
    await running.start()
    try:
        await asyncio.to_thread(lambda: world.move(card, Action.HIDE, code="unlawful"))
        await eventually_async(lambda: "question.removed" in (old.after(old.head - 1) or [""])[-1])
    finally:
        await running.stop()
    new = await Tailer(world.database, lambda key: None).ring(event.id, Channel.PUBLIC)
    for ring in (old, new):
        assert not any("must go" in frame for frame in ring.after(0) or ())


async def test_a_database_that_was_away_stops_nothing_for_good() -> None:
    with running_postgresql() as server:
        url = server.create("away")
        upgrade(url)
        database = Database(url)
        world = World(database, Writer(database, now))
        event = await asyncio.to_thread(world.event)
        tailer = Tailer(database, lambda key: None, poll_seconds=0.05)
        ring = await tailer.ring(event.id, Channel.PUBLIC)
        head = ring.head
        await tailer.start()
        try:
            await eventually_async(lambda: tailer.alive)
            await asyncio.to_thread(server.kill)
            await eventually_async(lambda: not tailer.alive)
            await asyncio.to_thread(server.start)
            await eventually_async(lambda: tailer.alive, within=30)
            await asyncio.to_thread(world.answer, event)
            await eventually_async(lambda: ring.head == head + 5)
        finally:
            await tailer.stop()
            world.writer.close()
            database.close()
