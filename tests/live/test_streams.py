"""Socket, stream and poll over a real log: everything once and in order, from wherever one comes back."""

import asyncio
import json
import random
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from functools import partial
from itertools import count
from pathlib import Path

import pytest
from starlette.datastructures import QueryParams

from qa.domain.channels import Channel
from qa.domain.events import Event
from qa.domain.messages import Close
from qa.domain.snapshot import Json
from qa.live import streams
from qa.live.hub import Hub, Line
from qa.live.streams import cursor_of, polled, server_sent
from qa.live.tailer import Tailer
from qa.store import log
from qa.store.database import Database
from qa.store.writer import Tx
from tests.eventually import eventually_async
from tests.live.sockets import Socket
from tests.store.worlds import world_on
from tests.world import World

Opened = tuple[World, Event, Line]


@asynccontextmanager
async def _line(world: World) -> AsyncGenerator[Opened]:
    """A live event, and its public line with a tailer that polls."""
    event = await asyncio.to_thread(world.event)
    hub = Hub(most=200)
    tailer = Tailer(world.database, hub.wake, poll_seconds=0.05)
    await tailer.start()
    yield world, event, Line(tailer, hub, (event.id, Channel.PUBLIC), event.epoch, "/snapshot.json")
    await tailer.stop()


@pytest.fixture
async def opened(sqlite_url: str) -> AsyncGenerator[Opened]:
    with world_on(sqlite_url) as world:
        async with _line(world) as one:
            yield one


@pytest.fixture
async def opened_on_each(world: World) -> AsyncGenerator[Opened]:
    async with _line(world) as one:
        yield one


async def say(world: World, event: Event, *words: object) -> int:
    """Append public entries; the number of the last."""

    def act(tx: Tx) -> int:
        return max(log.append(tx, event.id, Channel.PUBLIC, "question.shown", {"n": 1, "text": str(w)}) for w in words)

    return await asyncio.to_thread(world.writer.run, act)


# From where


@pytest.mark.parametrize(
    ("query", "cursor"),
    [
        ({}, 41),
        ({"after": "7"}, 7),
        ({"after": "0"}, 0),
        ({"after": "7", "epoch": "k3v9"}, 7),
        ({"epoch": "k3v9"}, 41),
        ({"after": "7", "epoch": "other"}, None),
        ({"epoch": "other"}, None),
        ({"epoch": ""}, None),
        ({"after": ""}, None),
        ({"after": "-1"}, None),
        ({"after": "1.5"}, None),
        ({"after": "seven"}, None),
        ({"after": "²"}, None),
        ({"after": "9" * 400}, None),
        ({"after": "7 "}, None),
    ],
)
def test_a_viewer_says_where_it_stands_or_must_reload(
    query: dict[str, str], cursor: int | None, tmp_path: Path
) -> None:
    nothing = Tailer(Database(f"sqlite:///{tmp_path / 'never.db'}"), lambda key: None)
    line = Line(nothing, Hub(), (1, Channel.PUBLIC), "k3v9", "/snapshot.json")
    assert cursor_of(query, line, 41) == cursor


# Sockets


async def test_a_socket_is_greeted_and_told_what_follows_its_cursor(opened: Opened) -> None:
    world, event, line = opened
    head = await say(world, event, "one", "two")
    await eventually_async(lambda: line.tailer.alive)
    socket = Socket(line, after=head - 1, epoch=event.epoch)
    await eventually_async(lambda: socket.numbers == [head])
    assert socket.accepted == "qa.v1"
    assert socket.told[0] == {"v": 1, "type": "hello", "epoch": event.epoch, "seq": head, "retry": {"min": 1, "max": 5}}
    later = await say(world, event, "three")
    await eventually_async(lambda: socket.numbers == [head, later])
    assert [frame["data"]["text"] for frame in socket.entries] == ["two", "three"]
    await socket.leave()
    assert line.hub.count(event.id, Channel.PUBLIC) == 0


async def test_states_come_with_the_entries_and_the_last_one_wins(opened: Opened) -> None:
    world, event, line = opened
    head = await say(world, event, "one")
    for number in range(5):
        line.hub.put_state(line.key, "totals", {"questions": number})
    socket = Socket(line, after=head - 1)
    await eventually_async(lambda: len(socket.told) == 3)
    assert [frame["type"] for frame in socket.told] == ["hello", "question.shown", "totals"]
    assert socket.told[-1]["data"] == {"questions": 4}
    line.hub.put_state(line.key, "totals", {"questions": 4})
    line.hub.put_state(line.key, "totals", {"questions": 5})
    await eventually_async(lambda: len(socket.told) == 4)
    await socket.leave()


@pytest.mark.parametrize("query", [{"epoch": "of a restored database"}, {"after": "x"}, {"after": "999999"}])
async def test_who_can_not_be_told_what_is_missing_is_told_to_reload(query: dict[str, str], opened: Opened) -> None:
    _, event, line = opened
    socket = Socket(line, **query)
    await asyncio.wait_for(socket.served, 10)
    assert [frame["type"] for frame in socket.told] == ["hello", "reload"]
    assert socket.told[-1]["snapshot"] == "/snapshot.json"
    assert socket.closed == Close.MOVED
    assert line.hub.count(event.id, Channel.PUBLIC) == 0


async def test_who_is_ahead_of_a_process_that_heard_no_bell_is_not_sent_away(world: World) -> None:
    """The snapshot came from the database, by another process perhaps; a reload would bring the same one again."""
    event = await asyncio.to_thread(world.event)
    hub = Hub()
    tailer = Tailer(world.database, hub.wake, poll_seconds=3_600)
    line = Line(tailer, hub, (event.id, Channel.PUBLIC), event.epoch, "/snapshot.json")
    behind = await line.ring()
    await tailer.start()
    try:
        before = behind.head
        head = await say(world, event, "one", "two")
        assert behind.head == before
        sockets = [Socket(line, after=head, epoch=event.epoch) for _ in range(20)]
        await eventually_async(lambda: all(socket.told for socket in sockets))
        assert [socket.told[0]["seq"] for socket in sockets] == [head] * 20
        later = await say(world, event, "three")
        assert json.loads(await polled(QueryParams({"after": str(later)}), line))["seq"] == later
        await eventually_async(lambda: all(socket.numbers == [later] for socket in sockets))
        await asyncio.gather(*(socket.leave() for socket in sockets))
    finally:
        await tailer.stop()


@pytest.mark.parametrize("code", [Close.ACCESS_CHANGED, Close.MOVED])
async def test_who_is_asked_to_leave_is_closed_with_the_reason(code: Close, opened: Opened) -> None:
    _, _, line = opened
    socket = Socket(line)
    await eventually_async(lambda: socket.told)
    for listener in line.hub.listeners(Channel.PUBLIC):
        line.hub.dismiss(listener, code)
    await asyncio.wait_for(socket.served, 10)
    assert socket.closed == code


async def test_a_restart_closes_everybody_and_lets_nobody_in(opened: Opened) -> None:
    _, _, line = opened
    sockets = [Socket(line) for _ in range(5)]
    await eventually_async(lambda: all(socket.told for socket in sockets))
    line.hub.drain()
    await asyncio.gather(*(socket.served for socket in sockets))
    assert {socket.closed for socket in sockets} == {Close.RESTART}
    late = Socket(line)
    await asyncio.wait_for(late.served, 10)
    assert (late.accepted, late.denied) == (None, 503)


async def test_a_viewer_that_takes_nothing_is_let_go_and_delays_nobody(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, event, line = opened
    monkeypatch.setattr(streams, "SEND_SECONDS", 0.2)
    slow, quick = Socket(line), Socket(line)
    await eventually_async(lambda: slow.told and quick.told)
    slow.takes.clear()
    head = await say(world, event, *range(50))
    await eventually_async(lambda: quick.numbers and quick.numbers[-1] == head)
    await asyncio.wait_for(slow.served, 10)
    assert slow.entries == []
    assert line.hub.count(event.id, Channel.PUBLIC) == 1
    await quick.leave()


async def test_who_is_cut_off_at_any_moment_misses_nothing_and_sees_nothing_twice(opened_on_each: Opened) -> None:
    """Thirty viewers, each cut off and back many times; what they rendered is what the log says, in its order."""
    world, event, line = opened_on_each
    first = (await line.ring()).head
    last = first + 120
    chance = random.Random("cuts")  # noqa: S311 - no secret
    rendered: list[list[Json]] = [[] for _ in range(30)]
    cuts = count()

    async def watch(mine: list[Json]) -> None:
        while not mine or mine[-1]["seq"] < last:
            socket = Socket(line, after=mine[-1]["seq"] if mine else first, epoch=event.epoch)
            await eventually_async(partial(_heard, socket, chance.randrange(1, 40), last), within=30)
            await socket.cut()
            mine += socket.entries
            next(cuts)

    async def speak() -> None:
        for number in range(40):
            await say(world, event, *(f"{number}.{part}" for part in range(3)))

    await asyncio.gather(speak(), *map(watch, rendered))
    told = await asyncio.to_thread(world.database.read, log.after, event.id, Channel.PUBLIC, first, 1_000)
    expected = [(entry.seq, entry.data["text"]) for entry in told]
    assert len(expected) == 120
    for mine in rendered:
        assert [(frame["seq"], frame["data"]["text"]) for frame in mine] == expected
    assert next(cuts) > 60, "nobody was cut off"
    assert line.hub.count(event.id, Channel.PUBLIC) == 0


def _heard(socket: Socket, some: int, last: int) -> bool:
    """Whether a viewer has so many entries, or the last of all."""
    return len(socket.entries) >= some or last in socket.numbers


# Server-sent events


def _parsed(event: str) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in event.strip().splitlines())


async def test_a_stream_numbers_its_events_and_resumes_by_the_last_one(opened: Opened) -> None:
    world, event, line = opened
    head = await say(world, event, "one", "two")
    async with aclosing(server_sent(QueryParams({"after": str(head - 2)}), line, None)) as stream:  # type: ignore[type-var]  # a generator, which can be closed
        hello = _parsed(await anext(stream))
        assert hello["retry"] == "5000"
        assert json.loads(hello["data"])["type"] == "hello"
        told = [_parsed(part) for part in (await anext(stream)).strip().split("\n\n")]
    assert [int(part["id"]) for part in told] == [head - 1, head]
    assert [json.loads(part["data"])["seq"] for part in told] == [head - 1, head]
    async with aclosing(server_sent(QueryParams({"after": "0"}), line, str(head - 1))) as again:  # type: ignore[type-var]  # a generator, which can be closed
        await anext(again)
        assert _parsed(await anext(again))["id"] == str(head), "the last event's number comes before the address"
    assert line.hub.count(event.id, Channel.PUBLIC) == 0


async def test_a_stream_that_can_not_go_on_says_so_and_ends(opened: Opened) -> None:
    _, _, line = opened
    told = [part async for part in server_sent(QueryParams({"epoch": "other"}), line, None)]
    assert [json.loads(_parsed(part)["data"])["type"] for part in told] == ["hello", "reload"]


async def test_a_silent_stream_still_breathes_and_ends_with_the_process(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, line = opened
    monkeypatch.setattr(streams, "SSE_SILENCE_SECONDS", 0.05)
    told: list[str] = []

    async def read() -> None:
        async for part in server_sent(QueryParams({}), line, None):
            told.append(part)  # noqa: PERF401 - each as it comes

    reading = asyncio.create_task(read())
    await eventually_async(lambda: len(told) >= 3)
    assert told[1:3] == [": still here\n\n"] * 2
    line.hub.drain()
    await asyncio.wait_for(reading, 10)


# Polling


async def test_a_poll_gets_what_follows_and_the_states_once_it_is_up_to_date(opened: Opened) -> None:
    world, event, line = opened
    head = await say(world, event, *range(250))
    ring = await line.ring()
    await eventually_async(lambda: ring.head == head)
    line.hub.put_state(line.key, "totals", {"questions": 7})
    cursor = head - 250
    first = json.loads(await polled(QueryParams({"after": str(cursor)}), line))
    assert (first["epoch"], first["seq"], first["head"]) == (event.epoch, cursor + 200, head)
    assert [entry["seq"] for entry in first["entries"]] == list(range(cursor + 1, cursor + 201))
    rest = json.loads(await polled(QueryParams({"after": str(first["seq"])}), line))
    assert rest["seq"] == head
    assert [entry["type"] for entry in rest["entries"][-2:]] == ["question.shown", "totals"]
    nothing = json.loads(await polled(QueryParams({"after": str(head)}), line))
    assert [entry["type"] for entry in nothing["entries"]] == ["totals"]


@pytest.mark.parametrize("query", [{"epoch": "other", "after": "1"}, {"after": "-3"}, {"after": "999999"}])
async def test_a_poll_that_can_not_be_answered_says_where_to_reload(query: dict[str, str], opened: Opened) -> None:
    _, _, line = opened
    assert json.loads(await polled(QueryParams(query), line)) == {"reload": "/snapshot.json"}
