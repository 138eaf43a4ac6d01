"""The answers' list and editor, and each step of an answer's life."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from qa.actions import answers as actions
from qa.domain.answers import HOLD_LONGEST, Answer, How
from qa.domain.channels import as_staff, staff_answer
from qa.domain.events import Event
from qa.domain.people import Actor
from qa.domain.permissions import Permission
from qa.domain.refusals import NotFound
from qa.store import answers, events, questions
from qa.store.database import Reading
from qa.store.writer import Tx
from qa.web import desk, errors
from qa.web.site import read, write
from qa.web.who import staff_of


async def index(request: Request) -> Response:
    """`…/answers`: what is written, held and published."""
    return await desk.show(request, "answers.html", Permission.DESK)


async def editor(request: Request) -> Response:
    """`…/answers/{n}`: the question above, the newest version below."""
    params = request.path_params
    event = await read(request, events.by_slug, params["handle"], params["slug"])
    more = await read(request, _read, event, int(params["n"])) if event else {}
    return await desk.show(request, "editor.html", Permission.DESK, more)


def _read(conn: Reading, event: Event, n: int) -> dict[str, Any]:
    card = questions.get(conn, event.id, n)
    if card is None:
        raise NotFound()
    versions = [asdict(staff_answer(answer)) for answer in answers.versions(conn, event.id, n)]
    return {
        "question": asdict(as_staff(card)),
        "answer": versions[0] if versions else None,
        "versions": versions,
        "hows": [how.value for how in How],
        "hold_longest": HOLD_LONGEST,
    }


async def draft(request: Request) -> Response:
    """`POST …/draft` with text, how, lang, rev."""
    return await _do(
        request,
        lambda tx, who, event_id, n, body: actions.save(
            tx,
            who,
            event_id,
            n,
            written=errors.text_of(body, "text"),
            how=errors.text_of(body, "how") or None,
            lang=errors.text_of(body, "lang"),
            rev=errors.number_of(body, "rev"),
        ),
    )


async def hold(request: Request) -> Response:
    """`POST …/hold` with rev, seconds."""
    return await _do(
        request,
        lambda tx, who, event_id, n, body: actions.hold(
            tx, who, event_id, n, rev=errors.number_of(body, "rev"), seconds=errors.number_of(body, "seconds")
        ),
    )


async def stop(request: Request) -> Response:
    """`POST …/stop`."""
    return await _do(request, lambda tx, who, event_id, n, body: actions.stop(tx, who, event_id, n))


async def correct(request: Request) -> Response:
    """`POST …/correct` with kind, reason."""
    return await _do(
        request,
        lambda tx, who, event_id, n, body: actions.correct(
            tx, who, event_id, n, kind=errors.text_of(body, "kind"), reason=errors.text_of(body, "reason")
        ),
    )


async def retract(request: Request) -> Response:
    """`POST …/retract` with reason."""
    return await _do(
        request,
        lambda tx, who, event_id, n, body: actions.retract(tx, who, event_id, n, reason=errors.text_of(body, "reason")),
    )


async def _do(request: Request, action: Callable[[Tx, Actor, int, int, dict[str, Any]], Answer]) -> Response:
    event, who = await staff_of(request, Permission.DESK)
    body = await errors.fields(request)
    n = int(request.path_params["n"])
    answer = await write(request, lambda tx: action(tx, who, event.id, n, body), event.id)
    return JSONResponse({"answer": asdict(staff_answer(answer))}, headers=desk.NO_STORE)
