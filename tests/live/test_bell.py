"""One test-suite for both bells: in the process, and through a real Redis that may come and go."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
from redis.asyncio import Redis

from qa.live.bell import CHANNEL, Bell, LocalBell, RedisBell
from tests.eventually import eventually_async
from tests.servers import running_redis

Heard = list[set[int] | None]


@pytest.fixture(params=["local", "redis"])
async def bell(request: pytest.FixtureRequest) -> AsyncGenerator[tuple[Bell, Heard]]:
    ringing: Bell = LocalBell() if request.param == "local" else RedisBell(request.getfixturevalue("redis_url"))
    heard: Heard = []
    await ringing.start(heard.append)
    yield ringing, heard
    await ringing.stop()


async def test_a_ring_from_another_thread_is_heard_in_the_loop(bell: tuple[Bell, Heard]) -> None:
    ringing, heard = bell
    await asyncio.to_thread(ringing.ring, {7, 9})
    await eventually_async(lambda: {7, 9} in heard)


async def test_ringing_never_blocks_nor_fails_before_the_start_nor_after_the_end(bell: tuple[Bell, Heard]) -> None:
    ringing, _ = bell
    LocalBell().ring({1})
    await ringing.stop()
    for _ in range(10_000):
        ringing.ring({1})


async def test_a_ring_reaches_the_other_processes_of_the_same_redis(redis_url: str) -> None:
    here, there = RedisBell(redis_url), RedisBell(redis_url)
    heard: Heard = []
    await here.start(lambda events: None)
    await there.start(heard.append)
    try:
        # A subscription that came about says "anything may be new".
        await eventually_async(lambda: None in heard)
        here.ring({42})
        await eventually_async(lambda: {42} in heard)
    finally:
        await here.stop()
        await there.stop()


@pytest.mark.parametrize("noise", [b"", b"7,x", "²".encode(), b"\xff", b"7;9", b"1" * 5_000])
async def test_noise_on_the_channel_means_that_anything_may_be_new_and_deafens_nobody(
    noise: bytes, redis_url: str
) -> None:
    bell = RedisBell(redis_url)
    heard: Heard = []
    await bell.start(heard.append)
    client = Redis.from_url(redis_url)
    try:
        await eventually_async(lambda: None in heard)
        heard.clear()
        await client.publish(CHANNEL, noise)
        await client.publish(CHANNEL, b"7,9")
        await eventually_async(lambda: {7, 9} in heard)
        assert heard[0] is None
    finally:
        await client.aclose()
        await bell.stop()


async def test_a_ring_while_the_loop_ends_is_lost_and_not_an_error() -> None:
    """The writer rings from its thread, also while the process is on its way out."""
    bell = LocalBell()
    ended = asyncio.new_event_loop()
    ended.close()
    bell._loop = ended
    bell.ring({1})


async def test_a_redis_that_dies_and_comes_back_empty_is_heard_again_and_says_that_something_was_missed() -> None:
    with running_redis() as server:
        here, there = RedisBell(server.url), RedisBell(server.url)
        heard: Heard = []
        await here.start(lambda events: None)
        await there.start(heard.append)
        try:
            await eventually_async(lambda: None in heard)
            await asyncio.to_thread(server.kill)
            here.ring({1})
            heard.clear()
            await asyncio.to_thread(server.start)
            await eventually_async(lambda: None in heard, within=20)

            def heard_again() -> bool:
                here.ring({2})
                return {2} in heard

            await eventually_async(heard_again, within=20)
        finally:
            await here.stop()
            await there.stop()
