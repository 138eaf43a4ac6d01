"""The desk: its page, its snapshot, every verb, and a question's history."""

from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from qa.actions import questions as actions
from qa.domain.channels import Channel, as_staff, staff_answer, staff_event
from qa.domain.events import Event
from qa.domain.people import Actor
from qa.domain.permissions import Permission
from qa.domain.questions import MOVES, Action
from qa.domain.refusals import NotFound
from qa.domain.views import stamp
from qa.store import accounts as account_store
from qa.store import answers, log, questions, staff
from qa.store.database import Reading
from qa.web import accounts, errors, page
from qa.web.site import read, write
from qa.web.who import me, person_of, staff_of

NO_STORE = {"Cache-Control": "no-store"}


async def show(request: Request, template: str, permission: Permission, more: dict[str, Any] | None = None) -> Response:
    """A page of the staff; who is not signed in is sent there, who has no role finds nothing."""
    if await person_of(request) is None:
        return RedirectResponse(f"/desk/sign-in?next={request.url.path}", 303)
    event, who = await staff_of(request, permission)
    account = await read(request, account_store.by_handle, event.handle)
    if account is None:
        raise NotFound()
    context = {
        "event": asdict(staff_event(event)),
        "base": base_of(event),
        "account": accounts.view(account, page.language(request)),
        "me": me(who),
        "hold_seconds": event.hold_seconds,
        **(more or {}),
    }
    return page.show(request, template, context, personal=True)


def base_of(event: Event) -> str:
    return f"/desk/{event.handle}/{event.slug}"


async def desk(request: Request) -> Response:
    """`/desk/{handle}/{slug}`."""
    moves = [asdict(move) for move in MOVES if not move.own]
    return await show(request, "desk.html", Permission.DESK, {"moves": moves})


async def snapshot(request: Request) -> Response:
    """`…/snapshot.json` for staff: all questions and answers at one moment, and what oneself may do."""
    event, who = await staff_of(request, Permission.DESK)
    return JSONResponse(await read(request, read_staff, event, who), headers=NO_STORE)


def read_staff(conn: Reading, event: Event, who: Actor) -> dict[str, Any]:
    """The staff's present of an event, and the number of the entry up to which it is true."""
    working = staff.of_event(conn, event.id)
    return {
        "v": 1,
        "epoch": event.epoch,
        "seq": log.head(conn, event.id, Channel.STAFF),
        "event": asdict(staff_event(event)),
        "questions": [asdict(as_staff(card)) for card in questions.every(conn, event.id)],
        "answers": [asdict(staff_answer(answer)) for answer in answers.every(conn, event.id)],
        "staff": [{"name": person.name, "initials": person.initials, "role": role.value} for person, role in working],
        "me": me(who),
    }


async def move(request: Request) -> Response:
    """`POST …/questions/{n}/{action}`: one verb; a stale version gets the card as it stands and who moved it."""
    event, who = await staff_of(request, Permission.DESK)
    body = await errors.fields(request)
    try:
        action = Action(request.path_params["action"])
    except ValueError:
        raise NotFound() from None
    seen = errors.number_of(body, "seen")
    card = await write(
        request,
        lambda tx: actions.move(
            tx,
            who,
            event.id,
            int(request.path_params["n"]),
            action,
            seen=seen,
            key=errors.text_of(body, "key"),
            why=errors.text_of(body, "why"),
            code=errors.text_of(body, "code") or None,
            edited=errors.text_of(body, "text") or None,
        ),
        event.id,
    )
    return JSONResponse({"question": asdict(as_staff(card))}, headers=NO_STORE)


async def history(request: Request) -> Response:
    """`…/questions/{n}/history`: every move of a question and its answers, the newest first."""
    event, _ = await staff_of(request, Permission.DESK)
    lines = await read(request, log.about, event.id, int(request.path_params["n"]))
    return JSONResponse({"moves": [_told(line) for line in reversed(lines)]}, headers=NO_STORE)


def _told(line: log.Entry) -> dict[str, Any]:
    subject = line.data.get("question") or line.data.get("answer") or {}
    return {"at": stamp(line.at), "type": line.type, "text": subject.get("text", ""), **line.data["move"]}
