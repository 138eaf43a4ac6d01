"""The audience's writes and what is its own: ask, voice, withdraw, my questions, receipts."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from qa.actions import questions as actions
from qa.domain import channels, codes
from qa.domain.people import Actor, asker
from qa.domain.questions import Question
from qa.domain.refusals import Closed, Invalid, NotFound, Overloaded, Refused, TooSoon
from qa.domain.views import stamp
from qa.store import accounts as account_store
from qa.store import events, questions
from qa.store.database import Reading
from qa.web import accounts, errors, i18n, limits, page
from qa.web.inbox import Letter, Reply
from qa.web.present import place_of, present_of
from qa.web.site import Place, Site, order, read, site_of, write
from qa.web.who import asker_of, new_asker, remember_asker


async def form(request: Request) -> Response:
    """`…/ask`: the plain form."""
    return await _form(request, {}, None)


async def _form(request: Request, typed: dict[str, Any], refused: Refused | None) -> Response:
    present = await present_of(request)
    context = {
        "account": accounts.view(present.account, page.language(request)),
        "event": present.snapshot["event"],
        "base": present.base,
        "form": {name: errors.text_of(typed, name) for name in ("key", "text", "context", "name")}
        | {"key": errors.text_of(typed, "key") or str(uuid4())},
        "error": {"field": refused.facts.get("field", "text"), "title": errors.title(request, refused)}
        if refused
        else None,
    }
    status = errors.STATUS[type(refused)] if refused else 200
    headers = {"Retry-After": str(refused.facts["seconds"])} if refused and "seconds" in refused.facts else None
    return page.show(request, "ask.html", context, status=status, personal=True, headers=headers)


async def ask(request: Request) -> Response:
    """`POST …/questions`: acknowledged once it is on the disk; a repeat of the key gets the first acknowledgement."""
    body = await errors.fields(request)
    try:
        limits.require(request, "ask")
        done = await _ask(request, body)
    except (Invalid, Closed, TooSoon, Overloaded) as refused:
        # Next to the field, with everything that was typed.
        if errors.wants_json(request):
            return errors.problem(request, refused)
        return await _form(request, body, refused)
    response = _acknowledge(request, done)
    remember_asker(request, response, done.card.asker)
    return response


async def _ask(request: Request, body: dict[str, Any]) -> actions.Acknowledged:
    place = await place_of(request)
    key = request.headers.get("idempotency-key") or errors.text_of(body, "key") or _own_key(request)
    asking = _asking(key, body, lambda: page.language(request))
    return await _put(site_of(request), place, asker_of(request), asking)


def _asking(key: str, body: dict[str, Any], language: Callable[[], str]) -> actions.Asking:
    return actions.Asking(
        key=key,
        text=errors.text_of(body, "text"),
        context=errors.text_of(body, "context"),
        name=errors.text_of(body, "name"),
        page=i18n.known(errors.text_of(body, "lang")) or language(),
    )


async def _put(site: Site, place: Place, who: Actor | None, asking: actions.Asking) -> actions.Acknowledged:
    action = actions.asking_by(who or new_asker(), place.event_id, asking, site.settings.secret)
    return await order(site, action)


async def ask_quickly(letter: Letter) -> Reply:
    """`ask` for programs, where nothing is unusual."""
    letter.limit("ask")
    known = letter.asker()
    key = letter.header(b"idempotency-key") or errors.text_of(letter.body, "key")
    asking = _asking(key, letter.body, lambda: page.language(letter.request()))
    done = await _put(letter.site, letter.place, known, asking)
    return Reply(_status(done), _acknowledged(letter.site, done), new=None if known else done.card.asker)


def _own_key(request: Request) -> str:
    """A shared page holds no key: a form sent from it before its script ran gets one here. Programs bring theirs."""
    return "" if errors.wants_json(request) else str(uuid4())


def _acknowledge(request: Request, done: actions.Acknowledged) -> Response:
    params, card = request.path_params, done.card
    if not errors.wants_json(request):
        address = f"/@{params['handle']}/{params['slug']}/mine#q{card.n}"
        return RedirectResponse(page.onward(request, address), 303)
    return JSONResponse(_acknowledged(site_of(request), done), _status(done), headers={"Cache-Control": "no-store"})


def _status(done: actions.Acknowledged) -> int:
    return 200 if done.repeat else 201


def _acknowledged(site: Site, done: actions.Acknowledged) -> dict[str, Any]:
    card = done.card
    code = codes.receipt_code(site.settings.secret, card.event_id, card.n)
    label = channels.LABELS[card.state]
    return {"n": card.n, "code": code, "url": f"/q/{code}", "label": label, "at": stamp(card.asked_at)}


async def voice(request: Request) -> Response:
    """`POST …/questions/{n}/voice` with `on` 1 or 0: one voice of one person, there or not."""
    limits.require(request, "voice")
    on = _on(await errors.fields(request))
    place = await place_of(request)
    n = int(request.path_params["n"])
    who = asker_of(request) or new_asker()
    await write(request, actions.voice_by(who, place.event_id, n, on=on))
    if errors.wants_json(request):
        response: Response = JSONResponse({"n": n, "on": on}, headers={"Cache-Control": "no-store"})
    else:
        response = RedirectResponse(page.onward(request, f"{place.base}#q{n}"), 303)
    remember_asker(request, response, who.id)
    return response


def _on(body: dict[str, Any]) -> bool:
    return str(body.get("on", "1")) in {"1", "true", "True"}


async def voice_quickly(letter: Letter) -> Reply:
    """`voice` for programs, where nothing is unusual."""
    letter.limit("voice")
    known = letter.asker()
    who, n, on = known or new_asker(), int(letter.params["n"]), _on(letter.body)
    await order(letter.site, actions.voice_by(who, letter.place.event_id, n, on=on))
    return Reply(200, {"n": n, "on": on}, new=None if known else who.id)


async def mine(request: Request) -> Response:
    """`…/mine`: one's own questions with their states, and where they can be followed from another device."""
    present = await present_of(request)
    context = {
        "account": accounts.view(present.account, page.language(request)),
        "event": present.snapshot["event"],
        "base": present.base,
        **await _mine(request, present.event.id, present.base),
    }
    return page.show(request, "mine.html", context, personal=True)


async def mine_json(request: Request) -> Response:
    """`…/mine.json`: receipts and voices of who asks."""
    present = await present_of(request)
    body = await _mine(request, present.event.id, present.base)
    return JSONResponse(body, headers={"Cache-Control": "no-store"})


async def _mine(request: Request, event_id: int, base: str) -> dict[str, Any]:
    who = asker_of(request)
    if who is None:
        return {"receipts": [], "voices": []}
    return await read(request, _read_mine, event_id, who.id, base, _secrets(request))


def _secrets(request: Request) -> list[bytes]:
    return [secret.encode() for secret in site_of(request).settings.secrets]


def _read_mine(conn: Reading, event_id: int, pseudonym: str, base: str, secrets: list[bytes]) -> dict[str, Any]:
    own = questions.of_asker(conn, event_id, pseudonym)
    receipts = [_receipt(conn, card, base, secrets) for card in own]
    return {"receipts": receipts, "voices": questions.voices_of(conn, event_id, pseudonym)}


def _receipt(conn: Reading, card: Question, base: str, secrets: list[bytes]) -> dict[str, Any]:
    """A receipt with its code; an older secret made the codes of its own time."""
    kept = questions.receipt_of(conn, card.event_id, card.n)
    made = [codes.receipt_code(secret, card.event_id, card.n) for secret in secrets]
    code = next((code for code in made if codes.fingerprint(code) == kept), "")
    receipt = channels.as_receipt(card)
    answer = f"{base}/q/{card.n}" if receipt.label == "answered" else None
    return {**asdict(receipt), "receipt_code": code, "url": f"/q/{code}", "answer": answer}


async def receipt_form(request: Request) -> Response:
    """`/q`: type the code of a receipt; `/q?code=` goes there."""
    typed = request.query_params.get("code", "")
    if typed.strip():
        return RedirectResponse(page.onward(request, f"/q/{codes.normalise(typed)}"), 303)
    return page.show(request, "receipt_form.html", {"missing": False}, personal=True)


async def receipt(request: Request) -> Response:
    """`/q/{code}`: one question, from any device that has the code."""
    limits.require(request, "code")
    found = await read(request, _read_receipt, request.path_params["code"], _secrets(request))
    if found is None:
        return page.show(request, "receipt_form.html", {"missing": True}, status=404, personal=True)
    if errors.wants_json(request):
        return JSONResponse(found["receipt"], headers={"Cache-Control": "no-store"})
    found["account"] = accounts.view(found["account"], page.language(request))
    return page.show(request, "receipt.html", found, personal=True)


def _read_receipt(conn: Reading, code: str, secrets: list[bytes]) -> dict[str, Any] | None:
    card = questions.by_receipt(conn, codes.fingerprint(code))
    event = events.by_id(conn, card.event_id) if card else None
    account = account_store.by_handle(conn, event.handle) if event else None
    shown = channels.public_event(event) if event else None
    if card is None or event is None or shown is None:
        return None
    base = f"/@{event.handle}/{event.slug}"
    return {"receipt": _receipt(conn, card, base, secrets), "event": asdict(shown), "base": base, "account": account}


async def withdraw(request: Request) -> Response:
    """`POST /q/{code}/withdraw`: who holds the code may take the question back."""
    limits.require(request, "code")
    card = await read(request, questions.by_receipt, codes.fingerprint(request.path_params["code"]))
    if card is None:
        raise NotFound()
    await write(request, lambda tx: actions.withdraw(tx, asker(card.asker), card.event_id, card.n), card.event_id)
    if errors.wants_json(request):
        return JSONResponse({"n": card.n, "label": "withdrawn"}, headers={"Cache-Control": "no-store"})
    return RedirectResponse(page.onward(request, f"/q/{request.path_params['code']}"), 303)
