"""A WebSocket without a network: the program's own endpoint, talked to as an ASGI server talks to it."""

import asyncio
import json
from typing import Any
from urllib.parse import urlencode

from starlette.types import Message
from starlette.websockets import WebSocket

from qa.domain.snapshot import Json
from qa.live.hub import Line
from qa.live.streams import serve_socket


class Socket:
    """One connection. `takes` is cleared to make the other side's kernel full: then nothing more is taken."""

    def __init__(self, line: Line, token: str = "", **query: object) -> None:
        self.told: list[Json] = []
        self.accepted: str | None = None
        self.closed: int | None = None
        self.denied: int | None = None
        self.takes = asyncio.Event()
        self.takes.set()
        self._gone: asyncio.Queue[Message] = asyncio.Queue()
        self._gone.put_nowait({"type": "websocket.connect"})
        scope: dict[str, Any] = {
            "type": "websocket",
            "path": "/",
            "headers": [],
            "query_string": urlencode(query).encode(),
            "subprotocols": ["qa.v1"],
            "extensions": {"websocket.http.response": {}},
        }
        socket = WebSocket(scope, self._gone.get, self._take)
        self.served = asyncio.create_task(serve_socket(socket, line, token))

    async def _take(self, message: Message) -> None:
        await self.takes.wait()
        match message["type"]:
            case "websocket.accept":
                self.accepted = message["subprotocol"]
            case "websocket.send":
                self.told.append(json.loads(message["text"]))
            case "websocket.close":
                self.closed = message.get("code")
            case "websocket.http.response.start":
                self.denied = message["status"]

    @property
    def entries(self) -> list[Json]:
        return [frame for frame in self.told if "seq" in frame and frame["type"] != "hello"]

    @property
    def numbers(self) -> list[int]:
        return [frame["seq"] for frame in self.entries]

    async def leave(self) -> None:
        """The other side ends it, as a browser does that goes away."""
        self._gone.put_nowait({"type": "websocket.disconnect", "code": 1001})
        await asyncio.wait_for(self.served, 10)

    async def cut(self) -> None:
        """The line breaks in the middle of whatever is being sent."""
        self.served.cancel()
        await asyncio.gather(self.served, return_exceptions=True)
