"""Listeners over real sockets: each notes what it hears, and comes back by its cursor when it is cut off."""

import asyncio
import json
import random
import time
from array import array
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from qa.crowd.checking import Heard, Part
from qa.domain.messages import SUBPROTOCOL
from qa.domain.snapshot import Json

OPENING_SECONDS: Final = 20
# Before a server has said in which window to come back.
RETRY: Final = (1.0, 3.0)


@dataclass(frozen=True, slots=True)
class Frame:
    """`at` is when the entry was written, in seconds since 1970; `body` the whole frame."""

    seq: int | None
    type: str
    at: float
    body: Json


@dataclass(slots=True)
class Frames:
    """Each distinct frame is parsed once for all listeners of a channel, and `news` is told of each entry once."""

    news: Callable[[Frame], None] = lambda frame: None
    by_text: dict[str, Frame] = field(default_factory=dict)
    entries: dict[int, Frame] = field(default_factory=dict)

    def read(self, text: str) -> Frame:
        frame = self.by_text.get(text)
        if frame is None:
            frame = self._parse(text)
            # State is told once a second and differs each time: only entries are worth keeping.
            if frame.seq is not None:
                self.by_text[text] = frame
                if frame.seq not in self.entries:
                    self.entries[frame.seq] = frame
                    self.news(frame)
        return frame

    def _parse(self, text: str) -> Frame:
        body = json.loads(text)
        at = datetime.fromisoformat(body["at"]).timestamp() if "at" in body else 0.0
        # The greeting names the newest entry by its `seq`, and is none itself.
        return Frame(None if body["type"] == "hello" else body.get("seq"), body["type"], at, body)


@dataclass(slots=True)
class Channel:
    """Where to listen, and what all its listeners share. `delays` are the seconds from written to heard."""

    url: str
    headers: dict[str, str]
    snapshot: Callable[[], Awaitable[Json]]
    frames: Frames
    epoch: str
    after: int
    chance: random.Random
    delays: "array[float]" = field(default_factory=lambda: array("d"))
    cuts: int = 0
    returns: int = 0
    reloads: int = 0


class Listener:
    """One socket at a time, for as long as its task lives."""

    def __init__(self, who: str, channel: Channel) -> None:
        self.heard = Heard(who)
        self._channel = channel
        self._socket: ClientConnection | None = None
        self._retry = RETRY

    def cut(self) -> None:
        """Break the connection off, as a tunnel does."""
        if self._socket:
            self._channel.cuts += 1
            self._socket.transport.abort()

    async def listen(self) -> None:
        """Listen, and come back after every end with jitter, by cursor and epoch."""
        while True:
            with suppress(OSError, TimeoutError, WebSocketException):
                await self._once()
            await asyncio.sleep(self._channel.chance.uniform(*self._retry))

    async def _once(self) -> None:
        channel = self._channel
        cursor = self.heard.cursor if self.heard.parts else channel.after
        async with connect(
            f"{channel.url}?after={cursor}&epoch={channel.epoch}",
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            additional_headers=channel.headers,
            compression=None,
            proxy=None,
            open_timeout=OPENING_SECONDS,
            ping_interval=None,
        ) as socket:
            self._socket = socket
            if self.heard.parts:
                channel.returns += 1
            else:
                self.heard.parts.append(Part(cursor))
            try:
                await self._hear(socket)
            finally:
                self._socket = None

    async def _hear(self, socket: ClientConnection) -> None:
        channel, part = self._channel, self.heard.parts[-1]
        read, note, delay = channel.frames.read, part.seqs.append, channel.delays.append
        # What was written before this socket opened says nothing about how fast the server is.
        known = 0
        async for text in socket:
            frame = read(str(text))
            if frame.seq is not None:
                note(frame.seq)
                if frame.seq > known:
                    delay(time.time() - frame.at)
            elif frame.type == "hello":
                known = frame.body["seq"]
                self._retry = (frame.body["retry"]["min"], frame.body["retry"]["max"])
            elif frame.type == "reload":
                await self._reload()
                return

    async def _reload(self) -> None:
        """The entries are no longer at hand: take the snapshot, and go on from its number."""
        self._channel.reloads += 1
        present: dict[str, Any] = await self._channel.snapshot()
        self._channel.epoch = present["epoch"]
        self.heard.parts.append(Part(present["seq"]))
