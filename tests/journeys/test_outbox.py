"""A question on its way: nothing typed is lost, nothing arrives twice, whatever the network and the keyboard do."""

import json
import re
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Request, Route, expect

from qa.domain.events import Event
from qa.store import questions
from tests.eventually import eventually
from tests.journeys.visitors import Visitor, Visitors
from tests.world import World

EVENT = "/@audrey/live"
POSTS = "**/@audrey/live/questions"
ASKED = "Who reads this — 您好 — שלום?"
FAMILY = "👨‍👩‍👧‍👦"
KEPT = "Kept, not sent yet"


@pytest.fixture
def event(world: World) -> Event:
    return world.event()


def asked(world: World, event: Event) -> list[str]:
    """The questions that the server has."""
    return [card.text for card in world.database.read(questions.every, event.id)]


def opens_the_sheet(visitor: Visitor) -> None:
    visitor.page.click("#ask-open")
    expect(visitor.page.locator("#ask-text")).to_be_focused()


def outbox(visitor: Visitor) -> list[object]:
    """What the device still keeps to send."""
    kept: list[object] = visitor.page.evaluate("JSON.parse(localStorage.getItem('qa:/@audrey/live:outbox') ?? '[]')")
    return kept


def keys_sent(visitor: Visitor) -> list[str]:
    """The key of each attempt to send from now on."""
    keys: list[str] = []

    def note(request: Request) -> None:
        if request.method == "POST" and request.url.endswith(f"{EVENT}/questions"):
            keys.append(parse_qs(request.post_data or "")["key"][0])

    visitor.page.on("request", note)
    return keys


def test_what_was_typed_and_sent_without_a_network_goes_out_once_by_itself(
    visitors: Visitors, world: World, event: Event
) -> None:
    phone = visitors.arrive("a phone in a tunnel")
    page = phone.page
    phone.go(EVENT)
    opens_the_sheet(phone)
    page.keyboard.type(ASKED)
    page.reload()
    opens_the_sheet(phone)
    expect(page.locator("#ask-text")).to_have_value(ASKED)
    expect(page.get_by_text("Saved on this device")).to_be_visible()

    phone.loses_the_network()
    page.click("#ask-send")
    phone.sees(KEPT)
    expect(page.locator("#ask-text")).to_have_value(ASKED)
    expect(page.get_by_role("button", name="Keep trying")).to_be_visible()
    assert asked(world, event) == []

    # Back, and the page is loaded anew while sending still fails.
    keys = keys_sent(phone)
    page.route(POSTS, lambda route: route.abort())
    phone.has_the_network_again()
    phone.go(f"{EVENT}/mine")
    phone.sees(KEPT)
    phone.sees(ASKED)
    phone.go(EVENT)
    opens_the_sheet(phone)
    phone.sees(KEPT)
    expect(page.locator("#ask-text")).to_have_value(ASKED)
    assert asked(world, event) == []

    page.unroute(POSTS)
    phone.sees("Received. Your question is no. 1.")
    expect(page.locator("#ask-text")).to_have_value("")
    expect(page.get_by_text(KEPT)).to_be_hidden()
    assert asked(world, event) == [ASKED]
    assert outbox(phone) == []
    assert len(set(keys)) == 1
    page.reload()
    phone.go(f"{EVENT}/mine")
    expect(page.locator("#receipts .receipt")).to_have_count(1)
    phone.sees(ASKED)
    assert asked(world, event) == [ASKED]


def test_a_lost_acknowledgement_gives_one_question_and_its_receipt(
    visitors: Visitors, world: World, event: Event
) -> None:
    phone = visitors.arrive("a phone whose answer got lost")
    page = phone.page
    lost: list[int] = []

    def lose_the_first_answer(route: Route) -> None:
        if lost:
            route.continue_()
        else:
            lost.append(route.fetch().status)
            route.abort()

    phone.go(EVENT)
    keys = keys_sent(phone)
    page.route(POSTS, lose_the_first_answer)
    opens_the_sheet(phone)
    page.keyboard.type(ASKED)
    page.keyboard.press("Control+Enter")
    phone.sees("Received. Your question is no. 1.")
    assert lost == [201]
    assert len(keys) == 2
    assert len(set(keys)) == 1
    assert asked(world, event) == [ASKED]
    # The receipt that came with the second answer is the one of the question.
    page.click("#ask-sent .code")
    phone.sees(ASKED)
    phone.go(f"{EVENT}/mine")
    expect(page.locator("#receipts .receipt")).to_have_count(1)


def test_too_soon_counts_down_and_costs_no_letter(visitors: Visitors, world: World) -> None:
    event = world.event(burst=1, per_minute=12)
    phone = visitors.arrive("somebody in a hurry")
    page = phone.page
    phone.go(EVENT)
    opens_the_sheet(phone)
    for text in ("The first one?", "The second one?"):
        page.locator("#ask-text").fill(text)
        page.keyboard.press("Control+Enter")
        expect(page.locator("#ask-sent, #ask-error").filter(visible=True)).to_have_count(1)
    told = page.locator("#ask-error")
    expect(told).to_have_text(re.compile(r"You can send the next one in \d seconds\. Your text stays here\."))
    seconds = int(re.sub(r"\D", "", told.inner_text()))
    expect(told).to_contain_text(f"in {seconds - 1} second")
    page.click("#ask-send", force=True)
    expect(page.locator("#ask-text")).to_have_value("The second one?")
    assert asked(world, event) == ["The first one?"]
    expect(page.locator("#heard")).to_have_text("You can send it now.")
    page.click("#ask-send")
    phone.sees("Received. Your question is no. 2.")
    assert asked(world, event) == ["The first one?", "The second one?"]


def test_the_counter_counts_what_a_reader_sees_and_names_what_is_too_much(
    visitors: Visitors, world: World, event: Event
) -> None:
    phone = visitors.arrive("somebody with a family")
    page = phone.page
    phone.go(EVENT)
    keys = keys_sent(phone)
    opens_the_sheet(phone)
    text, left = page.locator("#ask-text"), page.locator("#ask-left")
    text.fill(FAMILY)
    expect(left).to_have_text("279 characters left")
    text.fill(FAMILY + "עִ" + "한" + "  ")
    expect(left).to_have_text("277 characters left")
    page.click("#ask-send")
    phone.sees("Received. Your question is no. 1.")

    text.fill("字" * 280 + FAMILY * 3)
    page.click("#ask-send")
    expect(page.locator("#ask-error")).to_have_text(
        "3 characters too many. Shorten it, or move the details to the context."
    )
    expect(text).to_have_attribute("aria-invalid", "true")
    expect(text).to_be_focused()
    page.click("#ask summary")
    page.locator("#ask-name").fill(FAMILY * 41)
    text.fill("字" * 280)
    expect(left).to_have_text("0 characters left")
    page.click("#ask-send")
    expect(page.locator("#ask-name-error")).to_contain_text("1 character too many")
    assert len(keys) == 1
    page.locator("#ask-name").fill(FAMILY * 40)
    page.click("#ask-send")
    phone.sees("Received. Your question is no. 2.")
    assert asked(world, event) == [FAMILY + "עִ" + "한", "字" * 280]


def test_enter_never_sends_while_an_input_method_composes(visitors: Visitors, world: World, event: Event) -> None:
    phone = visitors.arrive("somebody who writes Chinese", "zh-TW")
    page = phone.page
    phone.go(EVENT)
    keys = keys_sent(phone)
    method = phone.context.new_cdp_session(page)
    heard: list[dict[str, object]] = []
    page.on("console", lambda said: heard.append(json.loads(said.text)) if said.text.startswith("{") else None)
    page.evaluate(
        "document.addEventListener('keydown', ({key, isComposing}) => console.log(JSON.stringify({key, isComposing})))"
    )

    def compose(field: str, letters: str) -> None:
        page.locator(field).focus()
        method.send("Input.imeSetComposition", {"text": letters, "selectionStart": 2, "selectionEnd": 2})

    opens_the_sheet(phone)
    compose("#ask-text", "ㄋㄧ")
    phone.press("Enter", "Control+Enter")
    method.send("Input.insertText", {"text": "你好"})
    page.click("#ask summary")
    compose("#ask-name", "ㄉㄤ")
    phone.press("Enter")
    method.send("Input.insertText", {"text": "唐"})
    expect(page.locator("#ask-name")).to_have_value("唐")
    eventually(lambda: [one for one in heard if one["key"] == "Enter"][2:])
    assert all(one["isComposing"] for one in heard if one["key"] == "Enter"), heard
    assert keys == []

    # Composed to the end: Enter makes a line in the text, and Ctrl + Enter sends.
    page.locator("#ask-text").focus()
    phone.press("Control+End", "Enter")
    page.keyboard.type("?")
    assert keys == []
    phone.press("Control+Enter")
    page.wait_for_selector("#ask-sent:not([hidden])")
    (sent,) = asked(world, event)
    assert sent.split() == ["你好", "?"]
