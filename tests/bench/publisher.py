"""The publisher of a crowd: one broadcast after the other by `POST /publish`, each of another text."""

import random
import socket
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

from qa import samples
from qa.domain.messages import dumps
from qa.domain.views import PublicAnswer, PublicQuestion, stamp

SHORT_BYTES: Final = 400
SHORT, ANSWERS = "short", "answers"

_SAID: Final = (
    "What will the government do about housing prices?",
    "政府将采取什么措施稳定房价？",
    "ומה עם ציבור המורים?",
    "The answer is not simple, but we will act.",
    "農民工子女上學難怎麼辦？",
    "Thank you for the question.",
    "Combien de lits d'hôpital y aura-t-il à la fin de l'année ?",
    "食品安全关系千家万户。",
)
LONGEST: Final = max(len(said.encode()) for said in _SAID) + 1


class Publisher:
    """`due` holds, by number, when a broadcast was to leave. One request is under way at a time, as of one server."""

    def __init__(self, port: int, texts: str) -> None:
        self.due: dict[int, float] = {}
        self.published = 0
        self._bodies = short() if texts == SHORT else answers()
        self._port = port
        self._socket: socket.socket | None = None
        self._waiting = False

    def free(self) -> bool:
        """Whether the last one was answered. Raises RuntimeError if it was answered with no."""
        if self._waiting and (answer := self._read()) is not None:
            if not answer.startswith(b"HTTP/1.1 2"):
                raise RuntimeError(f"publishing: {answer[:80]!r}")
            self._waiting = False
        return not self._waiting

    def _read(self) -> bytes | None:
        """What came; nothing, when the server hung up; None: nothing yet."""
        try:
            return self._socket.recv(4096, socket.MSG_DONTWAIT) if self._socket else b""
        except BlockingIOError:
            return None

    def publish(self, due: float, large: int = 0) -> None:
        """Send the next text, or one of `large` bytes; it was `due` at a moment of `perf_counter`."""
        self.published += 1
        self.due[self.published] = due
        told = {"n": 0, "text": "x" * large} if large else next(self._bodies)
        body = dumps({**told, "n": self.published}).encode()
        if self._read() == b"":
            # A server hangs up on who was silent for long.
            self._socket = socket.create_connection(("127.0.0.1", self._port))
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        head = f"POST /publish HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nContent-Length: {len(body)}\r\n\r\n"
        assert self._socket
        self._socket.sendall(head.encode() + body)
        self._waiting = True


def short() -> Iterator[dict[str, Any]]:
    """Data of `SHORT_BYTES` bytes as JSON, each different, in several languages."""
    chance = random.Random(1)  # noqa: S311 - the same texts each time
    around = len(dumps({"n": 1_000, "text": ""}))
    while True:
        text = f"{chance.randrange(10**6)} "
        while (room := SHORT_BYTES - around - len(text.encode())) > LONGEST:
            text += chance.choice(_SAID) + " "
        yield {"n": 0, "text": text + "." * room}


def answers() -> Iterator[dict[str, Any]]:
    """The demonstration's real answers with their questions, as they are published. Each comes once: a text that comes
    again would be compressed to nothing."""
    rows = [row for story in samples.STORIES for row in samples.rows(story) if row.answer]
    at = stamp(datetime.now(UTC))
    for number, row in enumerate(rows, 1):
        question = PublicQuestion(number, row.question, "", "", row.lang, "answered", False, None, at)
        answer = PublicAnswer(
            *(number, question, row.answer, row.lang, "spoken", at, 1),
            *(None, None, "", None, 1, 1 + number % 40),
        )
        yield asdict(answer)
