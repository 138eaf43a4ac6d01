"""`python -m tests.live.echo`: our sockets as an echo server on PORT of 127.0.0.1, through uvicorn's protocol classes.

The product's viewers have nothing to say; this lets a test suite hear how our side of the protocol behaves.
"""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from qa.live import frames
from qa.live.door import HAND_OVER, Door, Socket
from qa.live.frames import Limits, Message
from qa.live.sockets import Sockets, Wire

# The suite sends messages of up to 16 MiB, and in up to as many pieces.
LARGEST: Final = 1 << 25


def echo(wire: Wire, message: Message) -> None:
    sockets.send(wire, frames.frame(message.op, message.payload))


sockets: Sockets[Wire] = Sockets(lambda wire: None, heard=echo, limits=Limits(LARGEST, 1 << 20), unsent=2 * LARGEST)


async def hand_over(socket: WebSocket) -> None:
    protocol: Socket = socket.scope["extensions"][HAND_OVER]
    protocol.hold()
    await socket.accept()
    sockets.add(Wire(await protocol.take()))


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncGenerator[None]:
    sockets.start()
    yield
    sockets.stop()


application: Final = Starlette(routes=[WebSocketRoute("/{path:path}", hand_over)], lifespan=lifespan)


if __name__ == "__main__":
    uvicorn.run(
        application,
        port=int(os.environ["PORT"]),
        http=Door,
        ws=Socket,
        ws_per_message_deflate=False,
        log_level="critical",
    )
