"""`python -m tests.autobahn.echo`: the reference, an echo server of the `websockets` library on PORT of 127.0.0.1."""

import asyncio
import logging
import os
from typing import Final

from websockets.asyncio.server import ServerConnection, serve

# The suite sends up to 16 MiB.
LARGEST: Final = 1 << 25


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


async def main(port: int) -> None:
    async with serve(echo, "127.0.0.1", port, max_size=LARGEST, compression=None, ping_interval=None) as server:
        await server.serve_forever()


if __name__ == "__main__":
    # Every second case is a fault of the client's, on purpose.
    logging.getLogger("websockets").setLevel(logging.CRITICAL)
    asyncio.run(main(int(os.environ["PORT"])))
