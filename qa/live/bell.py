"""The bell says "these events have news", nothing more: a lost ring costs a poll's time, never an entry."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final, Protocol

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

CHANNEL: Final = "qa:bell"


class Bell(Protocol):
    """`heard` is called in the loop with event numbers, or with None for "anything may be new"."""

    async def start(self, heard: Callable[[set[int] | None], None]) -> None: ...
    def ring(self, events: set[int]) -> None:
        """From any thread, after a commit. Never blocks, never fails."""

    async def stop(self) -> None: ...


class LocalBell:
    """Rings within this process."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._heard: Callable[[set[int] | None], None] = lambda _: None

    async def start(self, heard: Callable[[set[int] | None], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._heard = heard

    def ring(self, events: set[int]) -> None:
        self._call(self._heard, events)

    def _call(self, heard: Callable[[set[int]], None], events: set[int]) -> None:
        """In the loop, if there is one; it may end while another thread rings."""
        loop = self._loop
        if loop:
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(heard, set(events))

    async def stop(self) -> None:
        self._loop = None


class RedisBell(LocalBell):
    """Rings in every process that listens on the same Redis, and at once in this one. Redis may come and go."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self._rung: asyncio.Queue[set[int]] = asyncio.Queue(1_000)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, heard: Callable[[set[int] | None], None]) -> None:
        await super().start(heard)
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._send())]

    def ring(self, events: set[int]) -> None:
        super().ring(events)
        self._call(self._queue, events)

    async def stop(self) -> None:
        for task in self._tasks:
            # Asked again until it ends: a cancellation that arrives while the client reconnects can get lost in it.
            while not task.done():
                task.cancel()
                await asyncio.wait({task}, timeout=0.5)
        await super().stop()

    def _queue(self, events: set[int]) -> None:
        # A full queue means that Redis doesn't answer: the others' polls find it.
        with contextlib.suppress(asyncio.QueueFull):
            self._rung.put_nowait(events)

    async def _send(self) -> None:
        async with Redis.from_url(self._url, socket_timeout=2, client_name="qa-bell") as redis:
            while True:
                events = await self._rung.get()
                try:
                    await redis.publish(CHANNEL, ",".join(map(str, sorted(events))))
                except (RedisError, OSError) as error:
                    log.warning("bell.not_sent", error=type(error).__name__)

    async def _listen(self) -> None:
        while True:
            try:
                await self._subscribe()
            except (RedisError, OSError) as error:
                log.warning("bell.lost", error=type(error).__name__)
                await asyncio.sleep(1)

    async def _subscribe(self) -> None:
        redis = Redis.from_url(self._url, socket_timeout=None, health_check_interval=15, client_name="qa-bell")
        async with redis, redis.pubsub() as pubsub:
            await pubsub.subscribe(CHANNEL)
            async for message in pubsub.listen():
                # A subscription that came about anew may have missed something.
                self._heard(_events(message["data"]) if message["type"] == "message" else None)


def _events(data: bytes) -> set[int] | None:
    """The event numbers of a ring; None, anything may be new, for what is no ring of ours."""
    try:
        return {int(number) for number in data.decode().split(",")}
    except ValueError:
        return None
