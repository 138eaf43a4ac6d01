"""The host's page: phases, the opening, stops, the notice."""

from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from qa.actions import events as actions
from qa.domain.channels import staff_event
from qa.domain.events import PHASES, Action, Event, Switch
from qa.domain.permissions import Permission
from qa.domain.refusals import NotFound
from qa.web import desk, errors
from qa.web.site import write
from qa.web.who import staff_of


async def host(request: Request) -> Response:
    """`…/host`."""
    return await desk.show(request, "host.html", Permission.RUN, {"steps": [asdict(step) for step in PHASES]})


async def step(request: Request) -> Response:
    """`POST …/phase/{action}` with seen, the version on the screen."""
    event, who = await staff_of(request, Permission.RUN)
    try:
        action = Action(request.path_params["action"])
    except ValueError:
        raise NotFound() from None
    seen = errors.number_of(await errors.fields(request), "seen")
    return _told(await write(request, lambda tx: actions.step(tx, who, event.id, action, seen=seen), event.id))


async def switch(request: Request) -> Response:
    """`POST …/switches/{switch}` with stopped true or false."""
    event, who = await staff_of(request, Permission.RUN)
    try:
        thrown = Switch(request.path_params["switch"])
    except ValueError:
        raise NotFound() from None
    stopped = str((await errors.fields(request)).get("stopped", "")) in {"1", "true", "True"}
    return _told(await write(request, lambda tx: actions.throw(tx, who, event.id, thrown, stopped=stopped), event.id))


async def notice(request: Request) -> Response:
    """`POST …/notice` with text; empty takes it away."""
    event, who = await staff_of(request, Permission.RUN)
    text = errors.text_of(await errors.fields(request), "text")
    return _told(await write(request, lambda tx: actions.set_notice(tx, who, event.id, text), event.id))


def _told(event: Event) -> Response:
    return JSONResponse({"event": asdict(staff_event(event))}, headers=desk.NO_STORE)
