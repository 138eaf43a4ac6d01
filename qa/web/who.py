"""Who is this: a member of staff by a session, a viewer by a signed cookie, or nobody yet."""

import hmac
import secrets
from collections.abc import Mapping
from functools import cache
from typing import Final

from itsdangerous import Signer
from itsdangerous.encoding import base64_encode
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from qa.actions.staff import SESSION_IDLE, SESSION_LASTS, fingerprint, idle_since
from qa.domain.events import Event
from qa.domain.people import Actor, Person, asker
from qa.domain.permissions import Permission, can, role_for
from qa.domain.refusals import NotFound
from qa.settings import Settings
from qa.store import events, staff
from qa.store.database import Reading
from qa.web.site import now, read, site_of, write

ASKER: Final = "qa_asker"
SESSION: Final = "qa_session"
_YEAR: Final = 365 * 24 * 3600


def _name(settings: Settings, name: str) -> str:
    # The prefix binds a cookie to this very host; browsers accept it with https only.
    return f"__Host-{name}" if settings.https else name


def _set(settings: Settings, response: Response, name: str, value: str, seconds: int) -> None:
    response.set_cookie(
        _name(settings, name), value, max_age=seconds, path="/", secure=settings.https, httponly=True, samesite="lax"
    )
    response.headers["Cache-Control"] = "no-store"


@cache
def _seals(secrets: tuple[str, ...]) -> "list[hmac.HMAC]":
    """What askers' cookies are signed with. Made once: a signer would make its key anew for each cookie."""
    return [hmac.new(Signer(secret, salt=ASKER).derive_key(), digestmod="sha1") for secret in secrets]


def _signed(seal: "hmac.HMAC", pseudonym: str) -> str:
    seal = seal.copy()
    seal.update(pseudonym.encode())
    return f"{pseudonym}.{base64_encode(seal.digest()).decode()}"


def asker_of(connection: HTTPConnection) -> Actor | None:
    """The viewer with the pseudonym in their cookie; None: nobody who asked or voted here yet."""
    return asker_in(site_of(connection).settings, connection.cookies)


def asker_in(settings: Settings, cookies: Mapping[str, str]) -> Actor | None:
    """The viewer whose cookie is among these, if one of our secrets signed it."""
    cookie = cookies.get(_name(settings, ASKER), "")
    pseudonym = cookie.rpartition(".")[0]
    if not pseudonym or not cookie.isascii():
        return None
    good = any(hmac.compare_digest(_signed(seal, pseudonym), cookie) for seal in _seals(settings.secrets))
    return asker(pseudonym) if good else None


def new_asker() -> Actor:
    return asker(secrets.token_hex(12))


def remember_asker(request: Request, response: Response, pseudonym: str) -> None:
    """Give the browser its pseudonym, unless it has one."""
    if asker_of(request) is None:
        give_name(site_of(request).settings, response, pseudonym)


def give_name(settings: Settings, response: Response, pseudonym: str) -> None:
    """Have the browser keep the pseudonym, signed."""
    _set(settings, response, ASKER, _signed(_seals(settings.secrets)[0], pseudonym), _YEAR)


def session_of(connection: HTTPConnection) -> str:
    """The token in the session's cookie, or a program's bearer token; empty if there is none."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    return connection.cookies.get(_name(site_of(connection).settings, SESSION), "")


def open_session(request: Request, response: Response, token: str) -> None:
    _set(site_of(request).settings, response, SESSION, token, int(SESSION_LASTS.total_seconds()))


def close_session(request: Request, response: Response) -> None:
    response.delete_cookie(_name(site_of(request).settings, SESSION), path="/")


async def person_of(connection: HTTPConnection) -> Person | None:
    """The member of staff whose live session this is."""
    token = session_of(connection)
    if not token:
        return None
    at = now()
    person = await read(connection, staff.session_person, fingerprint(token), at, idle_since(at))
    if person:
        await _keep_alive(connection, token)
    return person


async def _keep_alive(connection: HTTPConnection, token: str) -> None:
    """Note that the session is in use, at most once in a tenth of its idle time."""
    at = now()
    fresh = await read(connection, staff.alive, [fingerprint(token)], at, at - SESSION_IDLE / 10)
    if not fresh:
        await write(connection, lambda tx: staff.touch_session(tx, fingerprint(token)))


async def staff_of(connection: HTTPConnection, permission: Permission) -> tuple[Event, Actor]:
    """The event in the address and the person as its staff. No session, no role, no event: the same `NotFound`."""
    person = await person_of(connection)
    if person is None:
        raise NotFound()
    found = await read(connection, _event_and_actor, connection.path_params, person)
    if found is None:
        raise NotFound()
    event, who = found
    role_for(who.roles, permission)
    return event, who


def _event_and_actor(conn: Reading, params: dict[str, str], person: Person) -> tuple[Event, Actor] | None:
    event = events.by_slug(conn, params["handle"], params["slug"])
    return (event, staff.actor(conn, event.id, person)) if event else None


def me(who: Actor) -> dict[str, object]:
    """Oneself, as the staff's pages show it: what one can do is asked of the same table that decides."""
    allowed = [permission.value for permission in Permission if can(who.roles, permission)]
    return {"id": who.id, "initials": who.initials, "name": who.name, "roles": sorted(who.roles), "can": allowed}
