"""Every string of the Big List of Naughty Strings through every text field and back."""

import json
from pathlib import Path

import httpx2
import pytest
from markupsafe import escape

from qa.domain import text
from qa.domain.permissions import Role
from qa.domain.questions import Action
from tests.serving import Served
from tests.web.conftest import signed_in
from tests.world import World, key

NASTY: list[str] = json.loads((Path(__file__).parent.parent / "data" / "blns.json").read_text(encoding="utf-8"))
ASK = "/@audrey/live/questions"


def fits(typed: str, field: text.Field) -> bool:
    cleaned = text.clean(typed, lines=field.lines)
    return bool(cleaned) and text.graphemes(cleaned) <= field.longest


def test_every_nasty_string_is_asked_stored_and_shown_as_it_was_typed(
    program: httpx2.Client, served: Served, world: World
) -> None:
    event = world.event()
    world.person("moderator", event, Role.MODERATOR)
    with signed_in(served, world, "moderator") as desk:
        accepted = 0
        for nasty in NASTY:
            sent = program.post(ASK, json={"key": key(), "text": nasty, "context": nasty, "name": nasty[:40]})
            assert sent.status_code in {201, 422}, (nasty, sent.text)
            if sent.status_code == 422:
                assert not (fits(nasty, text.QUESTION) and fits(nasty, text.CONTEXT)) or sent.json()["code"] == "empty"
                continue
            accepted += 1
        shown = {card["n"]: card for card in desk.get("/desk/audrey/live/snapshot.json").json()["questions"]}
    assert accepted == len(shown) > 400
    typed = {text.clean(nasty) for nasty in NASTY if fits(nasty, text.QUESTION)}
    assert {card["text"] for card in shown.values()} <= typed
    mine = program.get("/@audrey/live/mine", headers={"Accept": "text/html"}).text
    for card in shown.values():
        assert str(escape(card["text"])) in mine, card["text"]


def send(desk: httpx2.Client, field: str, nasty: str, n: int, turn: int) -> httpx2.Response:
    """One string through one field; `turn` counts the strings that went before."""
    base = "/desk/audrey/live"
    match field:
        case "draft":
            body = {"text": nasty, "how": "spoken", "lang": "en", "rev": turn}
            return desk.post(f"{base}/answers/{n}/draft", json=body)
        case "edit":
            return desk.post(f"{base}/questions/{n}/edit", json={"seen": 2 + turn, "key": key(), "text": nasty})
        case "why":
            body = {"seen": -1, "key": key(), "why": nasty, "code": nasty}
            return desk.post(f"{base}/questions/{n}/flag", json=body)
        case "notice":
            return desk.post(f"{base}/notice", json={"text": nasty})
        case "search":
            return desk.get("/", params={"q": nasty})
        case _:
            return desk.get("/j", params={"code": nasty})


@pytest.mark.parametrize("field", ["draft", "why", "notice", "edit", "search", "code"])
def test_no_nasty_string_breaks_a_field_of_the_staff_or_a_search(field: str, served: Served, world: World) -> None:
    event = world.event()
    world.person("owner", event, Role.OWNER)
    card = world.move(world.ask(event), Action.APPROVE)
    with signed_in(served, world, "owner") as desk:
        for turn, nasty in enumerate(NASTY):
            answered = send(desk, field, nasty, card.n, turn)
            assert answered.status_code < 500, (field, nasty, answered.text)
