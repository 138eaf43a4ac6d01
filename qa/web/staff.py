"""Sign-in, one-time links, sign-out, and the list of one's events."""

from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from qa.actions import staff as actions
from qa.actions.staff import fingerprint
from qa.domain.channels import staff_event
from qa.domain.people import Person
from qa.domain.refusals import Invalid, NotFound, Refused
from qa.store import accounts as account_store
from qa.store import events, staff
from qa.store.database import Reading
from qa.web import accounts, errors, limits, page, passwords
from qa.web.site import now, read, write
from qa.web.who import close_session, open_session, person_of, session_of


def _safe(target: str) -> str:
    """Where to go after signing in: a path of the desk, never another site."""
    parts = urlsplit(target)
    plain = not parts.scheme and not parts.netloc and "\\" not in target and target.isprintable()
    return target if plain and target.startswith("/desk") else "/desk"


async def sign_in_form(request: Request) -> Response:
    """`/desk/sign-in`."""
    return _form(request, "", _safe(request.query_params.get("next", "")), None)


def _form(request: Request, login: str, target: str, refused: Refused | None) -> Response:
    error = {"field": "password", "title": errors.title(request, refused)} if refused else None
    status = errors.STATUS[type(refused)] if refused else 200
    context = {"login": login, "next": target, "error": error}
    return page.show(request, "sign_in.html", context, status=status, personal=True)


async def sign_in(request: Request) -> Response:
    """Check name and password. A wrong name takes as long as a wrong password, and is told in the same words."""
    body = await errors.fields(request)
    login, target = errors.text_of(body, "login").strip().lower(), _safe(errors.text_of(body, "next"))
    try:
        limits.require(request, "sign_in")
        person = await read(request, staff.by_login, login)
        fits = await passwords.fits(person.password if person else "", errors.text_of(body, "password"))
        if person is None or not fits or person.disabled_at:
            raise Invalid("wrong_password", field="password")
    except Refused as refused:
        return _form(request, login, target, refused)
    return await _signed_in(request, person, target)


async def _signed_in(request: Request, person: Person, target: str) -> Response:
    token = await write(request, lambda tx: actions.sign_in(tx, person.id))
    response = RedirectResponse(target, 303)
    open_session(request, response, token)
    return response


async def enter_form(request: Request) -> Response:
    """`/desk/enter/{token}`: a page with a button. Opening it changes nothing, so a preview can't use it up."""
    token = request.path_params["token"]
    person = await read(request, staff.link_person, fingerprint(token), now())
    if person is None:
        raise NotFound()
    context = {"name": person.name, "token": token, "next": _safe(request.query_params.get("next", ""))}
    return page.show(request, "enter.html", context, personal=True)


async def enter(request: Request) -> Response:
    """Use the link up and sign in."""
    body = await errors.fields(request)
    token = request.path_params["token"]
    _, session = await write(request, lambda tx: actions.enter(tx, token))
    target = errors.text_of(body, "next") or request.query_params.get("next", "")
    response = RedirectResponse(_safe(target), 303)
    open_session(request, response, session)
    return response


async def sign_out(request: Request) -> Response:
    """End the session; its sockets close within two seconds."""
    token = session_of(request)
    if token:
        await write(request, lambda tx: actions.sign_out(tx, token))
    response = RedirectResponse("/desk/sign-in", 303)
    close_session(request, response)
    return response


async def home(request: Request) -> Response:
    """`/desk`: the events one works in."""
    person = await person_of(request)
    if person is None:
        return RedirectResponse("/desk/sign-in", 303)
    found = await read(request, _events_of, person, page.language(request))
    name = {"name": person.name, "initials": person.initials}
    return page.show(request, "desk_home.html", {"events": found, "me": name}, person=person, personal=True)


def _events_of(conn: Reading, person: Person, lang: str) -> list[dict[str, Any]]:
    mine = staff.events_of(conn, person.id)
    by_id = {account.id: account for account in account_store.every(conn)}
    return [
        {
            "event": staff_event(event),
            "account": accounts.view(by_id[event.account_id], lang),
            "base": f"/desk/{event.handle}/{event.slug}",
            "roles": sorted(staff.roles_of(conn, event.id, person.id)),
        }
        for event in events.every(conn)
        if mine is None or event.id in mine
    ]
