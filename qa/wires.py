"""Where the web's "who is this" meets the live channels: sockets, streams and polls of an event."""

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response, StreamingResponse
from starlette.websockets import WebSocket

from qa.actions.staff import fingerprint, idle_since
from qa.domain.channels import Channel
from qa.domain.permissions import Permission, can
from qa.domain.refusals import Refused
from qa.live import streams
from qa.live.handshake import Request as Opening
from qa.live.hub import Hub, Line
from qa.live.tailer import Tailer
from qa.settings import Settings
from qa.store import staff
from qa.store.database import Reading
from qa.web import desk, errors, guard, marks
from qa.web.kept import keep
from qa.web.present import find_place, place_of
from qa.web.site import Place, Site, now
from qa.web.who import session_of, staff_of


@dataclass(frozen=True, slots=True)
class Wires:
    """The endpoints of the live channels; the hub and the tailer are this process's own."""

    tailer: Tailer
    hub: Hub

    async def _public(self, connection: HTTPConnection) -> Line:
        return self._line(await place_of(connection))

    async def _staff(self, connection: HTTPConnection) -> Line:
        event, _ = await staff_of(connection, Permission.DESK)
        snapshot = f"{desk.base_of(event)}/snapshot.json"
        return Line(self.tailer, self.hub, (event.id, Channel.STAFF), event.epoch, snapshot)

    async def find(self, site: Site, base: str) -> Line | None:
        """The public channel of the event at `/@handle/slug` with its ring at hand; None if there is no such event."""
        handle, _, slug = base.removeprefix("/@").partition("/")
        try:
            line = self._line(await find_place(site, handle, slug))
        except Refused:
            return None
        await line.ring()
        return line

    def _line(self, place: Place) -> Line:
        key = (place.event_id, Channel.PUBLIC)
        return Line(self.tailer, self.hub, key, place.epoch, f"{place.base}/snapshot.json")

    async def live(self, socket: WebSocket) -> None:
        """`…/live`, for everybody."""
        try:
            line = await self._public(socket)
        except Refused as refused:
            await socket.send_denial_response(Response(status_code=errors.STATUS[type(refused)]))
        else:
            await streams.serve_socket(socket, line)

    async def staff_live(self, socket: WebSocket) -> None:
        """`/desk/…/live`: authorised here, looked at again every second, closed when the access ends."""
        try:
            line = await self._staff(socket)
        except Refused as refused:
            await socket.send_denial_response(Response(status_code=errors.STATUS[type(refused)]))
        else:
            await streams.serve_socket(socket, line, fingerprint(session_of(socket)))

    async def stream(self, request: Request) -> Response:
        """`…/stream`: server-sent events."""
        return _stream(request, await self._public(request))

    async def staff_stream(self, request: Request) -> Response:
        """`/desk/…/stream`: server-sent events of the staff's channel, ended like its sockets."""
        return _stream(request, await self._staff(request), fingerprint(session_of(request)))

    async def entries(self, request: Request) -> Response:
        """`…/entries`: one poll."""
        line = await self._public(request)
        keep(request, await marks.log_of(request, line.key[0]))
        body = await streams.polled(request.query_params, line)
        return Response(body, media_type="application/json")

    async def staff_entries(self, request: Request) -> Response:
        """`/desk/…/entries`: one poll of the staff's channel."""
        body = await streams.polled(request.query_params, await self._staff(request))
        return Response(body, media_type="application/json", headers=desk.NO_STORE)


def _stream(request: Request, line: Line, token: str = "") -> Response:
    if line.hub.full:
        return Response(status_code=503, headers={"Retry-After": "10"})
    frames: AsyncIterator[str] = streams.server_sent(
        request.query_params, line, request.headers.get("last-event-id"), token
    )
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(frames, media_type="text/event-stream", headers=headers)


def trusting(settings: Settings) -> Callable[[Opening], bool]:
    """Whether the opening of a socket comes to a host of ours, and from our own pages: the guard's rules."""

    @lru_cache(1_000)
    def trusted(host: bytes, origin: bytes | None, fetch_site: bytes | None) -> bool:
        named = [(b"host", host), (b"origin", origin), (b"sec-fetch-site", fetch_site)]
        headers = Headers(raw=[(name, value) for name, value in named if value is not None])
        return guard.host_of(headers) in settings.hosts and guard.same_origin(headers, settings)

    return lambda opening: trusted(opening.host, opening.origin, opening.fetch_site)


def ousted(conn: Reading, held: Iterable[tuple[str, int]]) -> set[tuple[str, int]]:
    """Of (session, event) pairs those that may not hear the staff's channel (any more)."""
    pairs = set(held)
    at = now()
    people = staff.alive(conn, {token for token, _ in pairs}, at, idle_since(at))

    def may(token: str, event_id: int) -> bool:
        return token in people and can(staff.roles_of(conn, event_id, people[token]), Permission.DESK)

    return {pair for pair in pairs if not may(*pair)}
