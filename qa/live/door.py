"""What uvicorn makes for each connection: the ordinary opening of a public socket is answered here, at once.

Everything else goes on to uvicorn's own protocols: pages and forms; the staff's sockets and whatever is unusual, which
the application authorises first. Either way the descriptor ends up with the hub, and the transport is thrown away.
Where that can't be done (TLS ends here, another server serves the application) the application keeps the socket.
"""

import asyncio
import os
from collections.abc import Callable
from typing import Any, Final, cast

import structlog
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from qa.live import handshake
from qa.live.pages import Http

log = structlog.get_logger(__name__)

# In the lifespan's state: what admits an opening (see `Admit`).
ADMIT: Final = "qa.admit"
# In a socket's scope where its descriptor can be handed over: the `Socket`.
HAND_OVER: Final = "qa.hand_over"

_OPENING: Final = b"GET /@"
_LIVE: Final = b"/live"

# Takes care of who asks with that key, at once or in a moment; False: the application decides.
Admit = Callable[[handshake.Request, bytes, "Door"], bool]


def take(transport: asyncio.Transport) -> int:
    """A descriptor of one's own for a plain connection, whose transport is thrown away. Raises `ConnectionError`."""
    if transport.is_closing():
        raise ConnectionResetError("gone before it was handed over")
    fd = os.dup(transport.get_extra_info("socket").fileno())
    transport.abort()
    return fd


class Door(asyncio.Protocol):
    """A connection of which nothing is known yet."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._config = config
        self._server_state = server_state
        self._app_state = app_state
        self._loop = _loop
        self._data = b""
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        # It is closed and counted like uvicorn's own.
        self._server_state.connections.add(cast(HttpToolsProtocol, self))

    def connection_lost(self, exc: Exception | None) -> None:
        self._server_state.connections.discard(cast(HttpToolsProtocol, self))

    def data_received(self, data: bytes) -> None:
        self._data = data
        if not (data.startswith(_OPENING) and self._admits(data)):
            self.go_on()

    def _admits(self, data: bytes) -> bool:
        admit: Admit | None = self._app_state.get(ADMIT)
        if admit is None or self._config.is_ssl or _LIVE not in data[:200]:
            return False
        opening = handshake.alike(data)
        return opening is not None and admit(*opening, self)

    def go_on(self) -> None:
        """To uvicorn's own protocol, with what was read."""
        self._server_state.connections.discard(cast(HttpToolsProtocol, self))
        if self.transport.is_closing():
            return
        http = Http(self._config, self._server_state, self._app_state, self._loop)
        http.connection_made(self.transport)
        self.transport.set_protocol(http)
        http.data_received(self._data)

    def shutdown(self) -> None:
        """The server stops."""
        self.transport.close()


class Socket(WebSocketsSansIOProtocol):
    """uvicorn's own protocol for sockets; the application may take the descriptor once it has accepted."""

    async def run_asgi(self) -> None:
        if self.transport.get_extra_info("sslcontext") is None:
            cast(dict[str, Any], self.scope["extensions"])[HAND_OVER] = self
        await super().run_asgi()

    def hold(self) -> None:
        """Before accepting: what the client sends from then on is for whoever takes the descriptor."""
        self.transport.pause_reading()

    async def take(self) -> int:
        """The descriptor, once the opening is answered; the application's part ends with this."""
        # The answer goes out with the loop's next turn.
        while self.transport.get_write_buffer_size():  # noqa: ASYNC110
            await asyncio.sleep(0)
        self.stop_keepalive()
        return take(self.transport)
