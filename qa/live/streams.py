"""The three ways out for the same frames: WebSocket, SSE, polling. All resume by `after` and `epoch`."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import structlog
from starlette.datastructures import QueryParams
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from qa.domain.channels import Channel
from qa.domain.messages import SUBPROTOCOL, Close, encode_bare
from qa.live import handshake
from qa.live.audience import Viewer
from qa.live.door import HAND_OVER, Socket
from qa.live.hub import Line, Seat, TooMany
from qa.live.ring import Ring
from qa.live.room import At
from qa.live.viewer import Cursor

log = structlog.get_logger(__name__)

# A viewer that takes no byte for so long is cut off: it resumes by its cursor.
SEND_SECONDS: Final = 10
# How long a viewer whose snapshot is ahead of this process waits for it; then it is no lag, and it must reload.
CATCH_UP_SECONDS: Final = 1.0
# Proxies end connections that are silent for a minute.
SSE_SILENCE_SECONDS: Final = 15


def cursor_of(query: QueryParams | Mapping[str, str], line: Line, head: int) -> int | None:
    """The cursor a client asks for: `after` in its `epoch`, the newest without `after`; None: it must reload."""
    after = query.get("after")
    if query.get("epoch", line.epoch) != line.epoch:
        return None
    if after is None:
        return head
    return int(after) if after.isdecimal() and len(after) < 16 else None


async def _stand(query: QueryParams | Mapping[str, str], line: Line) -> tuple[Ring, int | None]:
    """The ring and the client's cursor in it.

    A snapshot may be newer than what this process has followed of the log, when the bell was lost. Then the tailer is
    asked to look, once for all who wait: a reload would bring the same snapshot again, and again.
    """
    ring = await line.ring()
    cursor = cursor_of(query, line, ring.head)
    until = asyncio.get_running_loop().time() + CATCH_UP_SECONDS
    while cursor is not None and cursor > ring.head and (left := until - asyncio.get_running_loop().time()) > 0:
        news = line.hub.news(line.key)
        line.tailer.heard({line.key[0]})
        await _first_of(news, seconds=left)
        ring = await line.ring()
    return ring, cursor


async def serve_socket(socket: WebSocket, line: Line, token: str = "") -> None:
    """Send a channel to a socket until one side ends it; `token` names the session of staff.

    Where its descriptor can be had, the audience takes it and this ends at once.
    """
    try:
        if line.hub.audience.running and HAND_OVER in socket.scope.get("extensions", {}):
            await _hand_over(socket, line, token)
            return
        with line.hub.seat(line.key, token) as seat:
            await socket.accept(subprotocol=_subprotocol(socket))
            gone = asyncio.create_task(_until_gone(socket))
            try:
                code = await _send_all(socket, line, seat, gone)
                if not gone.done():
                    async with asyncio.timeout(SEND_SECONDS):
                        await socket.close(code)
            finally:
                gone.cancel()
    except TooMany:
        await socket.send_denial_response(Response(status_code=503, headers={"Retry-After": "10"}))
    except (WebSocketDisconnect, ConnectionError, TimeoutError) as error:
        log.debug("socket.ended", why=type(error).__name__)


def _subprotocol(socket: WebSocket) -> str | None:
    return SUBPROTOCOL if SUBPROTOCOL in socket.scope["subprotocols"] else None


async def _hand_over(socket: WebSocket, line: Line, token: str) -> None:
    if line.hub.full:
        raise TooMany
    _, cursor = await _stand(socket.query_params, line)
    public = line.key[1] is Channel.PUBLIC
    deflate = public and handshake.deflates(socket.headers.get("sec-websocket-extensions", "").encode("latin-1"))
    granted = [(b"sec-websocket-extensions", handshake.GRANTED.encode())] if deflate else []
    protocol: Socket = socket.scope["extensions"][HAND_OVER]
    protocol.hold()
    await socket.accept(subprotocol=_subprotocol(socket), headers=granted)
    fd = await protocol.take()
    audience = line.hub.audience
    room = audience.room(line.key, line.epoch, line.snapshot)
    at = At(-1 if cursor is None else cursor, 0, deflate, follows=False)
    told = room.next(at)
    audience.seat(Viewer(fd, line.key, at, token), room, room.greeting(line.hub.retry(), told), told)


async def _until_gone(socket: WebSocket) -> None:
    """Viewers have nothing to say: what they send is read and dropped, so that the end of the socket is seen."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


async def _send_all(socket: WebSocket, line: Line, seat: Seat, gone: "asyncio.Task[None]") -> Close:
    ring, cursor = await _stand(socket.query_params, line)
    hello = encode_bare("hello", {"epoch": line.epoch, "seq": ring.head, "retry": line.hub.retry()})
    await _send(socket, [hello])
    viewer = Cursor(-1 if cursor is None else cursor)
    while not gone.done() and not seat.leave.done():
        news = line.hub.news(line.key)
        batch = viewer.next(await line.ring(), line.hub.states(line.key))
        if batch is None:
            await _send(socket, [encode_bare("reload", {"snapshot": line.snapshot})])
            return Close.MOVED
        if batch.frames:
            await _send(socket, batch.frames)
            viewer.sent(batch)
            continue
        await _first_of(news, gone, seat.leave)
    return seat.leave.result() if seat.leave.done() else Close.MOVED


async def _first_of(news: asyncio.Event, *others: "asyncio.Future[Any]", seconds: float | None = None) -> bool:
    """Wait for news or for one of the others; False if the time was over first."""
    waiting: asyncio.Future[Any] = asyncio.ensure_future(news.wait())
    try:
        done, _ = await asyncio.wait({waiting, *others}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
    return bool(done)


async def _send(socket: WebSocket, frames: Any) -> None:
    async with asyncio.timeout(SEND_SECONDS):
        for frame in frames:
            await socket.send({"type": "websocket.send", "text": frame})


async def server_sent(query: QueryParams, line: Line, last_id: str | None, token: str = "") -> AsyncIterator[str]:
    """The channel as server-sent events; each event's data is a frame, its id the seq. `token` as for sockets."""
    with line.hub.seat(line.key, token) as seat:
        ring, cursor = await _stand({**query, "after": last_id} if last_id else query, line)
        retry = line.hub.retry()
        hello = encode_bare("hello", {"epoch": line.epoch, "seq": ring.head, "retry": retry})
        yield f"retry: {retry['max'] * 1000}\ndata: {hello}\n\n"
        viewer = Cursor(-1 if cursor is None else cursor)
        while not seat.leave.done():
            news = line.hub.news(line.key)
            before = viewer.cursor
            batch = viewer.next(await line.ring(), line.hub.states(line.key))
            if batch is None:
                yield f"data: {encode_bare('reload', {'snapshot': line.snapshot})}\n\n"
                return
            if batch.frames:
                yield _events(batch.frames, before, batch.cursor)
                viewer.sent(batch)
                continue
            if not await _first_of(news, seat.leave, seconds=SSE_SILENCE_SECONDS):
                yield ": still here\n\n"


def _events(frames: Any, before: int, cursor: int) -> str:
    entries = cursor - before
    numbered = [f"id: {before + 1 + i}\ndata: {frame}\n\n" for i, frame in enumerate(frames[:entries])]
    return "".join([*numbered, *(f"data: {frame}\n\n" for frame in frames[entries:])])


async def polled(query: QueryParams, line: Line) -> str:
    """The entries behind a cursor as one JSON text, or where to reload."""
    ring, cursor = await _stand(query, line)
    entries = None if cursor is None else ring.after(cursor)
    if entries is None or cursor is None:
        return f'{{"reload":"{line.snapshot}"}}'
    # The frames are JSON already: they are joined, not parsed and written again.
    states = line.hub.states(line.key).since(0) if cursor + len(entries) == ring.head else []
    joined = ",".join([*entries, *states])
    return f'{{"epoch":"{line.epoch}","seq":{cursor + len(entries)},"head":{ring.head},"entries":[{joined}]}}'
