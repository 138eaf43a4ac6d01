"""Askers over real HTTP: a repeat has the same key, a refusal is honoured, nothing is given up while time is left."""

import asyncio
import random
import ssl
import time
from array import array
from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2

from qa.crowd.checking import Sent
from qa.crowd.script import Ask, Say, Way

TIMEOUT: Final = 20.0
LONGEST_WAIT: Final = 10.0
AGAIN: Final = frozenset({429, 500, 502, 503, 504})


@dataclass(slots=True)
class Line:
    """How one reaches the server, and how often that had to be tried again; `until` is when all give up."""

    url: str
    transport: httpx2.AsyncHTTPTransport
    chance: random.Random
    until: float = 0.0
    retries: int = 0

    def client(self) -> httpx2.AsyncClient:
        """A browser of its own, with its own cookies; the connections are shared."""
        headers = {"Accept": "application/json"}
        return httpx2.AsyncClient(
            base_url=self.url, transport=self.transport, headers=headers, timeout=TIMEOUT, trust_env=False
        )

    async def post(
        self, client: httpx2.AsyncClient, path: str, body: dict[str, Any], lang: str = "en"
    ) -> httpx2.Response | None:
        """The same request, from a page in a language, until it is answered; None if time was over first."""
        while True:
            try:
                response = await client.post(path, json=body, headers={"Accept-Language": lang})
            except httpx2.TransportError:
                wait = 0.5
            else:
                if response.status_code not in AGAIN:
                    return response
                wait = min(LONGEST_WAIT, float(response.headers.get("Retry-After", 1)))
            if time.monotonic() + wait > self.until:
                return None
            self.retries += 1
            # With jitter: those who were refused together must not come back together.
            await asyncio.sleep(wait + self.chance.uniform(0, 0.5))


@dataclass(slots=True)
class Askers:
    """All who ask and add a voice. `open` gives the numbers that can be given a voice now."""

    line: Line
    base: str
    clients: list[httpx2.AsyncClient]
    open: Callable[[], list[int]]
    sent: list[Sent] = field(default_factory=list)
    voices: set[tuple[int, int]] = field(default_factory=set)
    # Numbers with a voice whose acknowledgement never came.
    unsure: set[int] = field(default_factory=set)
    _tried: set[tuple[int, int]] = field(default_factory=set)
    _locks: dict[int, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    waits: "array[float]" = field(default_factory=lambda: array("d"))
    acknowledged: int = 0
    repeats: int = 0
    refused: int = 0

    async def ask(self, ask: Ask) -> None:
        """Send a question in its way, and note every acknowledgement."""
        client, sent = self.clients[ask.asker], Sent(ask.mark)
        self.sent.append(sent)
        body = {"key": ask.key, "text": ask.text, "context": ask.mark}
        path = f"{self.base}/questions"
        if ask.way is Way.CUT:
            self.repeats += 1
            await self._send_and_leave(client, path, body)
        times = 2 if ask.way is Way.TWICE else 1
        self.repeats += times - 1
        async with self._alone(ask.asker):
            started = time.monotonic()
            answers = await asyncio.gather(*(self.line.post(client, path, body, ask.lang) for _ in range(times)))
        for answer in answers:
            if answer is None:
                continue
            if answer.is_success:
                self.acknowledged += not sent.numbers
                sent.numbers.add(answer.json()["n"])
                self.waits.append(time.monotonic() - started)
            else:
                self.refused += 1
                sent.refused = answer.json().get("code", str(answer.status_code))

    def _alone(self, asker: int) -> AbstractAsyncContextManager[Any]:
        """A browser's first request is alone: two at once would make two people of it."""
        return nullcontext() if self.clients[asker].cookies else self._locks[asker]

    async def _send_and_leave(self, client: httpx2.AsyncClient, path: str, body: dict[str, Any]) -> None:
        """Send the whole request and hang up before the answer: whether it was taken in, the sender can't know."""
        request = client.build_request("POST", path, json=body, headers={"Connection": "close"})
        parts = urlsplit(str(request.url))
        head = b"".join(name + b": " + value + b"\r\n" for name, value in request.headers.raw)
        secure = ssl.create_default_context() if parts.scheme == "https" else None
        port = parts.port or (443 if secure else 80)
        try:
            _, writer = await asyncio.open_connection(parts.hostname, port, ssl=secure)
            writer.write(f"POST {parts.path} HTTP/1.1\r\n".encode() + head + b"\r\n" + request.content)
            await writer.drain()
            writer.close()
            await writer.wait_closed()
        except OSError:
            self.line.retries += 1

    async def say(self, say: Say) -> None:
        """Add a voice to one of the open questions, and perhaps take it back."""
        numbers = self.open()
        if not numbers or not self.clients[say.asker].cookies:
            return
        # The square of the taste: few questions get most of the voices.
        n = numbers[int(say.taste**2 * len(numbers))]
        if (say.asker, n) in self._tried:
            return
        self._tried.add((say.asker, n))
        if await self._voice(say.asker, n, "1"):
            self.voices.add((say.asker, n))
            if say.back and await self._voice(say.asker, n, "0"):
                self.voices.discard((say.asker, n))

    async def _voice(self, asker: int, n: int, on: str) -> bool:
        answer = await self.line.post(self.clients[asker], f"{self.base}/questions/{n}/voice", {"on": on})
        if answer is None:
            self.unsure.add(n)
        return answer is not None and answer.is_success
