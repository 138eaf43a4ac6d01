"""A crowd that writes: `python -m tests.bench.write_crowd ask|voice PORT COUNT RATE` prints JSON about it.

Bounded and cheap: requests are made before the clock starts, each connection has one of them under way, and comes from
an address of its own. With a RATE they are due at fixed moments, and each is timed from the moment it was due, whether
a connection was free then or not; with 0 the next is sent when the last is answered.
"""

import asyncio
import json
import random
import sys
from collections import Counter, deque
from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

import uvloop
from itsdangerous import Signer

from tests.serving import SECRET

CONNECTIONS: Final = 200
OPEN: Final = 50
EVENT: Final = "/@bench/bench"
# One in eight takes a voice back.
TAKEN_BACK: Final = 8

TEXTS: Final = (
    "What about Taiwan's experience made this possible, and what would you do otherwise today?",
    "ומה עם ציבור המורים והגננות, שעובדים בלי הסכם כבר שנתיים? מתי זה ייפתר?",
    "疫苗預約系統在尖峰時間一直斷線,請問有沒有改善的時間表?",
    "Pourquoi les petites communes n'ont-elles toujours pas la fibre, alors que vous l'aviez promis pour 2025 ?",
    "Why is there no lift at the station in my town? 🦽 I asked your office twice.",
)
HEADERS: Final = (
    "Host: 127.0.0.1:{port}\r\n"
    "User-Agent: Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 "
    "Mobile Safari/537.36\r\n"
    "Accept: application/json\r\n"
    "Accept-Language: en-GB,en;q=0.9,fr;q=0.8\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Referer: http://127.0.0.1:{port}/@bench/bench\r\n"
    "Origin: http://127.0.0.1:{port}\r\n"
    "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n"
    "Cookie: qa_lang=en; qa_asker={cookie}\r\n"
    "Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
)


def requests(doing: str, port: int, count: int) -> Iterator[bytes]:
    """Each from another person, who has been here before."""
    chance = random.Random()  # noqa: S311 - no secret, only a crowd
    signer = Signer(SECRET, salt="qa_asker")
    for number in range(count):
        cookie = signer.sign(f"{chance.getrandbits(96):024x}").decode()
        if doing == "ask":
            path = f"{EVENT}/questions"
            key = str(UUID(int=chance.getrandbits(128), version=4))
            body: dict[str, Any] = {
                "key": key,
                "text": TEXTS[number % len(TEXTS)],
                "context": "",
                "name": "",
                "lang": "en",
            }
        else:
            path = f"{EVENT}/questions/{chance.randint(1, OPEN)}/voice"
            body = {"on": "0" if number % TAKEN_BACK == 0 else "1"}
        content = json.dumps(body, ensure_ascii=False).encode()
        head = HEADERS.format(port=port, cookie=cookie, length=len(content))
        yield f"POST {path} HTTP/1.1\r\n{head}".encode() + content


class Crowd:
    """`waiting` holds the requests with the moments they are due; what a free connection finds there it sends."""

    def __init__(self, doing: str, port: int, count: int, rate: int) -> None:
        self.loop = asyncio.get_running_loop()
        self.statuses: Counter[str] = Counter()
        self.milliseconds: list[float] = []
        self.free: deque[Connection] = deque()
        self.waiting: deque[tuple[float, bytes]] = deque()
        self.all_done = asyncio.Event()
        self.prepared = deque(requests(doing, port, count))
        self.left = count
        self.port, self.rate = port, rate

    async def run(self) -> dict[str, Any]:
        for number in range(CONNECTIONS):
            own = f"127.0.{1 + number // 200}.{1 + number % 200}"
            await self.loop.create_connection(lambda: Connection(self), "127.0.0.1", self.port, local_addr=(own, 0))
        started = self.loop.time()
        if self.rate:
            await self._by_the_clock(started)
        else:
            for connection in list(self.free):
                self._next(connection)
        await self.all_done.wait()
        took = self.loop.time() - started
        return {"seconds": took, "statuses": dict(self.statuses), "milliseconds": self.milliseconds}

    async def _by_the_clock(self, started: float) -> None:
        due = started
        while self.prepared:
            due += 1 / self.rate
            await asyncio.sleep(due - self.loop.time())
            self.waiting.append((due, self.prepared.popleft()))
            if self.free:
                self.free.popleft().send(*self.waiting.popleft())

    def _next(self, connection: "Connection") -> None:
        """Give a free connection something to do."""
        if self.waiting:
            connection.send(*self.waiting.popleft())
        elif self.prepared and not self.rate:
            connection.send(self.loop.time(), self.prepared.popleft())
        else:
            self.free.append(connection)

    def answered(self, connection: "Connection", status: str, milliseconds: float) -> None:
        self.statuses[status] += 1
        self.milliseconds.append(milliseconds)
        self.left -= 1
        if not self.left:
            self.all_done.set()
        self._next(connection)


class Connection(asyncio.Protocol):
    def __init__(self, crowd: Crowd) -> None:
        self.crowd = crowd
        self.transport: Any = None
        self.received = b""
        self.due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.crowd.free.append(self)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.crowd.left:
            raise SystemExit(f"the server hung up: {exc}")

    def send(self, due: float, request: bytes) -> None:
        self.due = due
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, found, body = self.received.partition(b"\r\n\r\n")
        if not found or len(body) < _length(head):
            return
        self.received = b""
        milliseconds = (self.crowd.loop.time() - self.due) * 1000
        self.crowd.answered(self, head[9:12].decode(), milliseconds)


def _length(head: bytes) -> int:
    named = head.lower().partition(b"content-length: ")[2]
    return int(named.partition(b"\r\n")[0])


async def main(doing: str, port: str, count: str, rate: str) -> None:
    print(json.dumps(await Crowd(doing, int(port), int(count), int(rate)).run()))  # noqa: T201 - what it is for


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(*sys.argv[1:]))
