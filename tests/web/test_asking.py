"""Asking, adding a voice, following and withdrawing, with and without script."""

from functools import partial

import httpx2
import pytest

from qa.actions import events as event_actions
from qa.domain.events import Action as Step
from qa.domain.events import Switch
from qa.domain.questions import Action, State
from qa.store import questions
from tests.eventually import eventually
from tests.serving import Served
from tests.world import BOSS, World, key

ASK = "/@audrey/live/questions"


def test_a_question_is_on_the_disk_when_it_is_acknowledged(program: httpx2.Client, world: World) -> None:
    event = world.event()
    answered = program.post(ASK, data={"key": key(), "text": " 您好\r\n世界？ ", "name": "Lin", "context": "Ctx"})
    assert answered.status_code == 201
    body = answered.json()
    card = world.database.read(questions.get, event.id, body["n"])
    assert card is not None
    assert (card.text, card.name, card.context, card.state) == ("您好\n世界？", "Lin", "Ctx", State.RECEIVED)
    assert body["label"] == "received"


def test_a_repeat_of_the_key_gets_the_first_answer_also_from_a_browser_that_lost_its_cookie(
    served: Served, program: httpx2.Client, world: World
) -> None:
    event, same = world.event(), key()
    first = program.post(ASK, data={"key": same, "text": "Once?"})
    again = httpx2.post(
        f"{served.url}{ASK}", data={"key": same, "text": "Once?"}, headers={"Accept": "application/json"}
    )
    assert (again.status_code, again.json()) == (200, first.json())
    assert again.cookies["qa_asker"] == program.cookies["qa_asker"]
    assert world.ask(event).n == 2


def test_without_script_a_question_goes_by_the_plain_form(anybody: httpx2.Client, world: World) -> None:
    world.event()
    form = anybody.get("/@audrey/live/ask")
    same = form.text.split('name="key" value="')[1].split('"')[0]
    sent = anybody.post(ASK, data={"key": same, "text": "Plainly?"})
    assert (sent.status_code, sent.headers["location"]) == (303, "/@audrey/live/mine#q1")
    assert "Plainly?" in anybody.get("/@audrey/live/mine").text


@pytest.mark.parametrize(
    ("typed", "said"), [("", "Please write something first."), ("👨‍👩‍👧‍👦" * 283, "3 characters too many")]
)
def test_a_text_that_cannot_be_taken_comes_back_in_the_form_with_a_reason(
    typed: str, said: str, anybody: httpx2.Client, world: World
) -> None:
    world.event()
    answered = anybody.post(ASK, data={"key": key(), "text": typed, "context": "My context", "name": "Lin"})
    assert answered.status_code == 422
    assert said in answered.text
    assert all(kept in answered.text for kept in (typed, "My context", "Lin"))


def test_who_sends_too_often_is_told_how_long_to_wait_and_keeps_the_text(
    anybody: httpx2.Client, program: httpx2.Client, world: World
) -> None:
    world.event(burst=1, per_minute=1)
    program.post(ASK, data={"key": key(), "text": "First?"})
    refused = program.post(ASK, data={"key": key(), "text": "Second?"})
    assert refused.status_code == 429
    assert 1 <= refused.json()["seconds"] <= 60
    assert refused.headers["retry-after"] == str(refused.json()["seconds"])
    anybody.post(ASK, data={"key": key(), "text": "First?"})
    page = anybody.post(ASK, data={"key": key(), "text": "My second thought"})
    assert page.status_code == 429
    assert "My second thought" in page.text


def test_refusals_speak_the_readers_language(program: httpx2.Client, world: World) -> None:
    world.event()
    said = {
        tag: program.post(ASK, data={"key": key(), "text": ""}, headers={"Accept-Language": tag}).json()["title"]
        for tag in ("en", "zh-TW", "zh-CN", "he", "ar", "fr", "ru", "es")
    }
    assert len(set(said.values())) == len(said)


@pytest.mark.parametrize("step", [Step.ANNOUNCE, Step.LAST_QUESTIONS])
def test_a_phase_in_which_nothing_is_asked_says_so(step: Step, program: httpx2.Client, world: World) -> None:
    steps = (Step.ANNOUNCE,) if step is Step.ANNOUNCE else (Step.ANNOUNCE, Step.COLLECT, Step.OPEN, step)
    event = world.event(steps=steps)
    refused = program.post(ASK, data={"key": key(), "text": "Now?"})
    assert (refused.status_code, refused.json()["code"]) == (409, f"phase_{event.phase.value}")


def test_a_stop_thrown_by_the_host_holds_at_once_and_can_be_taken_back(program: httpx2.Client, world: World) -> None:
    event = world.event()
    for stopped, status in ((True, 409), (False, 201)):
        throw = partial(event_actions.throw, who=BOSS, event_id=event.id, switch=Switch.ASKING, stopped=stopped)
        world.writer.run(throw)
        assert program.post(ASK, data={"key": key(), "text": "Now?"}).status_code == status


def test_a_voice_is_there_or_not_however_often_it_is_sent(program: httpx2.Client, world: World) -> None:
    event = world.event()
    card = world.move(world.ask(event), Action.APPROVE)
    for on in ("1", "1", "0", "0", "1"):
        answered = program.post(f"{ASK}/{card.n}/voice", data={"on": on})
        assert answered.json() == {"n": card.n, "on": on == "1"}
    assert program.get("/@audrey/live/mine.json").json()["voices"] == [card.n]
    kept = world.database.read(questions.get, event.id, card.n)
    assert kept is not None
    assert kept.voices == 1


def test_a_vote_tells_nothing_of_a_question_that_is_not_shown(program: httpx2.Client, world: World) -> None:
    event = world.event()
    waiting = world.ask(event)
    refused = program.post(f"{ASK}/{waiting.n}/voice", data={"on": "1"})
    missing = program.post(f"{ASK}/99/voice", data={"on": "1"})
    assert (refused.status_code, refused.content) == (missing.status_code, missing.content) == (404, missing.content)


def test_no_public_byte_changes_by_a_voice_while_voting_is_open(anybody: httpx2.Client, world: World) -> None:
    event = world.event()
    card = world.move(world.ask(event), Action.APPROVE)
    paths = [f"/@audrey/live{path}" for path in ("", "/snapshot.json", "/entries?after=0", "/open.json", "/q/1")]
    before = {path: anybody.get(path).content for path in paths}
    for voter in range(37):
        world.voice(card, f"voter-{voter}")
    assert {path: anybody.get(path).content for path in paths} == before
    world.ask(event, who="another")
    eventually(lambda: anybody.get("/@audrey/live/snapshot.json").content != before["/@audrey/live/snapshot.json"])


def test_a_receipt_opens_on_another_device_and_can_be_withdrawn_there(
    served: Served, program: httpx2.Client, anybody: httpx2.Client, world: World
) -> None:
    world.event()
    code = program.post(ASK, data={"key": key(), "text": "Mine to take back?"}).json()["code"]
    typed = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    page = anybody.get("/q", params={"code": typed}, follow_redirects=True)
    assert page.status_code == 200
    assert "Mine to take back?" in page.text
    assert anybody.post(f"/q/{code}/withdraw").status_code == 303
    assert program.get("/@audrey/live/mine.json").json()["receipts"][0]["label"] == "withdrawn"


def test_a_wrong_code_opens_nothing_and_guessing_is_slowed_down(program: httpx2.Client, world: World) -> None:
    world.event()
    tried = [program.get("/q/0000-0000-0000").status_code for _ in range(25)]
    assert tried[0] == 404
    assert tried[-1] == 429


def test_the_open_questions_come_in_an_order_of_the_viewers_own(program: httpx2.Client, world: World) -> None:
    event = world.event()
    for number in range(20):
        world.move(world.ask(event, f"Question {number}?"), Action.APPROVE)
    orders = {
        seed: program.get("/@audrey/live/open.json", params={"seed": seed}).json()["order"] for seed in ("1", "2")
    }
    assert all(sorted(order) == list(range(1, 21)) for order in orders.values())
    assert orders["1"] != orders["2"]
