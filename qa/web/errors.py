"""Refusals in words: one sentence for each code, as a page, as problem+json, or beside a field."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from qa.domain.refusals import (
    Closed,
    Invalid,
    NoSuchMove,
    NotAllowed,
    NotFound,
    NotSaved,
    Overloaded,
    Refused,
    Stale,
    TooSoon,
)
from qa.store.database import DatabaseError
from qa.web import guard, page

log = structlog.get_logger(__name__)

STATUS: Final[dict[type[Refused], int]] = {
    NotFound: 404,
    NotAllowed: 403,
    Invalid: 422,
    Closed: 409,
    NoSuchMove: 409,
    Stale: 409,
    TooSoon: 429,
    Overloaded: 503,
    NotSaved: 503,
}


def _(text: str) -> str:
    """Marks a sentence for the catalogue; it is translated when it is said."""
    return text


SENTENCES: Final[dict[str, str]] = {
    "not_found": _("There is nothing here, or it is not open to you."),
    "not_allowed": _("Your roles in this event do not include this."),
    "empty": _("Please write something first."),
    "too_long": _("%(over)s characters too many. Shorten it, or move the details to the context."),
    "no_key": _("The form was incomplete. Please reload the page and send again; your text is kept."),
    "no_code": _("Please choose a reason."),
    "no_how": _("Please say how the answer was given."),
    "no_kind": _("Please say what kind of change it is."),
    "hold_range": _("The hold can be 0 to %(longest)s seconds long."),
    "closed": _("This is not open now."),
    "stopped_asking": _("Asking is paused. You can still read and add your voice."),
    "stopped_voting": _("Adding a voice is paused. You can still read."),
    "stopped_publishing": _("Publishing is stopped by the host. What is held waits."),
    "stopped_frozen": _("The page is frozen for the moment."),
    "phase_draft": _("The event is not announced yet."),
    "phase_announced": _("Questions are not taken yet."),
    "phase_collecting": _("The event is not live yet."),
    "phase_live": _("This is not possible while the event is live."),
    "phase_answering": _("New questions are no longer taken; the last answers are being given."),
    "phase_closed": _("The event is over. Its record stays here."),
    "phase_archived": _("The event is over. Its record stays here."),
    "voices_closed": _("This question is being answered: voices are no longer needed."),
    "own_question": _("This is your own question: your voice counts already."),
    "too_soon": _("You can send the next one in %(seconds)s s. Your text stays here."),
    "stale": _("Somebody changed this while you were reading."),
    "no_such_move": _("This is not possible from its present state."),
    "overloaded": _(
        "Very many people are writing at this moment. Please try again in %(seconds)s s; your text is kept."
    ),
    "not_saved": _("Not saved: please send it again. It will not be there twice."),
    "short_password": _("A password has at least %(shortest)s characters."),
    "wrong_password": _("Name or password is not right."),
    "refused": _("This was not done."),
    "error": _("Something went wrong on our side. Nothing you typed was lost; please try again."),
}


def title(request: Request, refused: Refused) -> str:
    """The refusal as a sentence in the reader's language."""
    return page.sentence(request, SENTENCES.get(refused.code, SENTENCES["refused"]), **refused.facts)


def wants_json(request: Request) -> bool:
    """Whether a program asks: by what it accepts, by what it sends, or by the address."""
    named = (request.headers.get("accept", ""), request.headers.get("content-type", ""))
    return any("application/json" in name for name in named) or request.url.path.endswith(".json")


def problem(request: Request, refused: Refused) -> Response:
    """The refusal for programs: RFC 9457, with the code and its facts as further members."""
    status = STATUS[type(refused)]
    body = {"title": title(request, refused), "status": status, "code": refused.code, **refused.facts}
    return JSONResponse(body, status, headers=_headers(refused), media_type="application/problem+json")


def _headers(refused: Refused) -> dict[str, str]:
    seconds = refused.facts.get("seconds")
    headers = {"Cache-Control": "no-store"}
    return {**headers, "Retry-After": str(seconds)} if seconds else headers


async def on_refused(request: Request, error: Exception) -> Response:
    """Whatever an action refused, and no handler had a better place to say it."""
    assert isinstance(error, Refused)  # noqa: S101 - the exception handler is registered for this class
    log.info("refused", code=error.code, status=STATUS[type(error)])
    if wants_json(request):
        return problem(request, error)
    return error_page(request, STATUS[type(error)], title(request, error), headers=_headers(error))


async def on_http(request: Request, error: Exception) -> Response:
    """The router's own refusals: no such page, no such method."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    refused = NotFound() if status in {404, 405} else Refused()
    if wants_json(request):
        body = {"title": title(request, refused), "status": status, "code": refused.code}
        return JSONResponse(body, status, media_type="application/problem+json")
    return error_page(request, status, title(request, refused))


async def on_database(request: Request, error: Exception) -> Response:
    """The database can't be read: nothing is known, so nothing is said to be missing."""
    assert isinstance(error, DatabaseError)  # noqa: S101 - the exception handler is registered for this class
    log.error("database", error=type(error).__name__)
    return await on_refused(request, NotSaved())


async def on_gone(request: Request, error: Exception) -> Response:
    """The browser hung up before it had said everything: there is nobody to answer."""
    log.info("gone", error=type(error).__name__)
    return Response(status_code=400)


async def on_error(request: Request, error: Exception) -> Response:
    """A fault of ours. It is answered outside of the guard, so the headers that keep a page its own are set here."""
    log.error("fault", exc_info=error)
    words = page.sentence(request, SENTENCES["error"])
    if wants_json(request):
        body = {"title": words, "status": 500, "code": "error"}
        return JSONResponse(body, 500, media_type="application/problem+json", headers=guard.HEADERS)
    return error_page(request, 500, words, headers=guard.HEADERS)


def error_page(request: Request, status: int, words: str, headers: Mapping[str, str] | None = None) -> Response:
    context = {"status": status, "title": words, "what": ""}
    return page.show(request, "error.html", context, status=status, personal=True, headers=headers)


async def fields(request: Request) -> dict[str, Any]:
    """What a form or a JSON body holds, by name. `Invalid` if it is neither."""
    if request.headers.get("content-type", "").startswith("application/json"):
        try:
            body = json.loads(await request.body())
        except (ValueError, RecursionError):
            raise Invalid("refused", field="") from None
        if not isinstance(body, dict):
            raise Invalid("refused", field="")
        return body
    form = await request.form(max_files=0, max_fields=50)
    return dict(form)


def text_of(body: dict[str, Any], name: str) -> str:
    """A field as text; anything that is no text is none."""
    value = body.get(name, "")
    return value if isinstance(value, str) else ""


def number_of(body: dict[str, Any], name: str, convert: Callable[[str], int] = int) -> int:
    """A field as a whole number; `Invalid` otherwise."""
    try:
        return convert(str(body[name]))
    except (KeyError, ValueError):
        raise Invalid("refused", field=name) from None
