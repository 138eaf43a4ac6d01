"""Triage with the keyboard alone: one key per verb, nothing lost when two are at it, and what is hidden is gone."""

import re
from time import monotonic

import pytest
from playwright.sync_api import Locator, expect

from qa.domain.events import Event
from qa.domain.permissions import Role
from qa.domain.questions import Action, Code, Question, State
from tests.eventually import eventually
from tests.journeys.visitors import DESKTOP, PROJECTOR, Visitor, Visitors
from tests.world import World

EVENT = "/@audrey/live"
DESK = "/desk/audrey/live"
NARROW = {"width": 390, "height": 844}
# Hidden everywhere within so many seconds.
AT_ONCE = 2.0


@pytest.fixture
def event(world: World) -> Event:
    event = world.event()
    for login in ("mara", "noor"):
        world.person(login, event, Role.MODERATOR)
    return event


def at_the_desk(visitors: Visitors, login: str, viewport: dict[str, int] = DESKTOP) -> Visitor:
    visitor = visitors.sign_in(login, DESK, viewport)
    visitor.page.wait_for_selector("[data-lane=new] b:not(:empty)", state="attached")
    return visitor


def field(visitor: Visitor, name: str) -> Locator:
    """A field of the card."""
    return visitor.page.locator(f".card [data-f={name}]").first


def is_at(world: World, card: Question, state: State) -> Question:
    """The card, once it is in that state."""
    eventually(lambda: world.now(card).state is state)
    return world.now(card)


def test_who_comes_second_reads_the_firsts_decision_and_chooses(visitors: Visitors, world: World, event: Event) -> None:
    kept, overruled = world.ask(event, "Kept as the first decided?"), world.ask(event, "Decided anew?")
    first = at_the_desk(visitors, "mara")
    second = at_the_desk(visitors, "noor")

    # Noor's hand is on the decline dialog while Mara approves.
    conflict = second.page.locator(".conflict")
    for card in (kept, overruled):
        expect(field(first, "text")).to_have_text(card.text)
        expect(field(second, "text")).to_have_text(card.text)
        second.press("d")
        expect(second.page.locator("#codes")).to_be_visible()
        first.press("a")
        is_at(world, card, State.APPROVED)
        second.press("3")
        expect(conflict).to_contain_text("MA moved this while you were reading")
        expect(conflict).to_contain_text(re.compile(r"MA decided, \d\d:\d\d:\d\d\s*Approve"))
        expect(conflict).to_contain_text("Not done: you had version 1")
        expect(conflict.get_by_role("button", name="Keep MA’s decision")).to_be_focused()
        second.is_accessible()
        if card is kept:
            second.press("Enter")
            expect(conflict).to_be_hidden()
            assert world.now(card).state is State.APPROVED
    second.press("Shift+D")
    expect(conflict).to_be_hidden()
    now = is_at(world, overruled, State.DECLINED)
    assert (now.code, now.moved_by) == (Code.OFF_TOPIC, "NO")
    assert world.now(kept).state is State.APPROVED
    first.sees("NO changed what you decided on no. 2: Declined: off the announced topics")
    for visitor in (first, second):
        assert all("409" in complaint for complaint in visitor.complaints), visitor.complaints


def test_a_shift_of_triage_by_the_keyboard_alone(visitors: Visitors, world: World, event: Event) -> None:
    texts = ("Undone and done again?", "Badly worded", "Off topic?", "For a colleague?", "Last?")
    undone, worded, off, asked, last = (world.ask(event, text) for text in texts)
    desk = at_the_desk(visitors, "mara")
    page, text, state = desk.page, field(desk, "text"), field(desk, "state")
    strip = page.locator(".strip")
    expect(text).to_have_text(undone.text)

    # Approved, taken back within the ten seconds, approved again.
    desk.press("a")
    expect(strip).to_contain_text("No. 1 approved.")
    expect(text).to_have_text(worded.text)
    desk.press("z")
    is_at(world, undone, State.RECEIVED)
    expect(text).to_have_text(undone.text)
    expect(state).to_have_text("Received")
    desk.press("a")
    is_at(world, undone, State.APPROVED)

    # A better wording; what was asked stays beside it.
    expect(text).to_have_text(worded.text)
    desk.press("e")
    desk.press("Control+a")
    page.keyboard.type("Worded well? desk")
    desk.press("Control+Enter")
    expect(text).to_have_text("Worded well? desk")
    expect(field(desk, "original")).to_have_text("Badly worded")
    now = world.now(worded)
    assert (now.text, now.original) == ("Worded well? desk", "Badly worded")
    desk.press("t")
    expect(field(desk, "text")).to_have_text(off.text)
    assert is_at(world, worded, State.IN_REVIEW).holder == "MA"

    # Declined with a reason by its number, with a sentence for the asker.
    desk.press("d")
    page.get_by_label("A sentence the asker reads with it").focus()
    page.keyboard.type("3 d h: see the list of topics.")
    assert world.now(off).state is State.RECEIVED
    desk.press("Shift+Tab")
    desk.press("3")
    expect(strip).to_contain_text("No. 3 declined: off the announced topics. The asker is told.")
    now = is_at(world, off, State.DECLINED)
    assert (now.code, now.why) == (Code.OFF_TOPIC, "3 d h: see the list of topics.")

    # A colleague is asked something, or not at all.
    expect(text).to_have_text(asked.text)
    desk.press("c")
    note = page.locator("#note")
    desk.press("Control+Enter")
    expect(note).to_contain_text("Please write something first.")
    assert world.now(asked).state is State.RECEIVED
    page.keyboard.type("Is it the ministry's?")
    desk.press("Control+Enter")
    expect(note).to_be_hidden()
    assert is_at(world, asked, State.FLAGGED).why == "Is it the ministry's?"
    expect(text).to_have_text(last.text)

    # Keys while typing are letters.
    desk.press("/")
    page.keyboard.type("dash?")
    expect(page.locator("#search")).to_have_value("dash?")
    expect(page.locator(".list-empty")).to_have_text("Nothing found in this lane. The lanes say where.")
    desk.press("Escape")
    expect(page.locator("#search")).to_have_value("")
    expect(text).to_have_text(last.text)
    desk.press("?")
    page.get_by_role("heading", name="Keys", exact=True).wait_for()
    desk.is_accessible()
    desk.press("a", "Escape")
    expect(page.locator("#keys")).to_be_hidden()
    assert world.now(last).state is State.RECEIVED
    assert not page.locator("dialog[open]").count()
    assert not desk.complaints


def test_what_is_hidden_is_off_the_phone_the_screen_and_the_directory_within_two_seconds(
    visitors: Visitors, world: World, event: Event
) -> None:
    answered = world.answer(event, "The answer to be hidden.", "An answered one to hide?")
    now = world.move(world.ask(event, "Being answered, to hide?"), Action.APPROVE, Action.SHORTLIST, Action.ANSWER)
    phone, screen = visitors.arrive("a phone"), visitors.arrive("the projector", viewport=PROJECTOR)
    phone.go(EVENT)
    screen.go(f"{EVENT}/screen")
    phone.sees("The answer to be hidden.")
    screen.sees(now.text)

    def directory() -> str:
        return str(phone.page.request.get(f"{phone.url}/?q=hide").text())

    assert answered.text in directory()
    assert now.text in directory()
    desk = at_the_desk(visitors, "mara")
    for card, lane, seen_by in ((answered, "done", [phone]), (now, "answering", [phone, screen])):
        desk.tab_to(f"[data-lane={lane}]")
        desk.press("Enter")
        expect(field(desk, "text")).to_have_text(card.text)
        desk.press("h")
        expect(desk.page.locator("#codes")).to_be_visible()
        pressed = monotonic()
        desk.press("1")
        for visitor in seen_by:
            expect(visitor.page.get_by_text(card.text)).to_be_hidden(timeout=AT_ONCE * 1000)
        assert card.text not in directory()
        took = monotonic() - pressed
        assert took < AT_ONCE, took
        is_at(world, card, State.HIDDEN)
    for visitor in (phone, screen):
        shown = visitor.page.locator("main").text_content() or ""
        for words in ("The answer to be hidden.", answered.text, now.text):
            assert words not in shown, (visitor.name, words)
    for path in (f"/q/{answered.n}", "/snapshot.json", "/feed.atom", "/screen"):
        assert "The answer to be hidden." not in phone.page.request.get(f"{phone.url}{EVENT}{path}").text(), path


def test_on_a_phone_the_desk_goes_from_lanes_to_list_to_card_and_back(
    visitors: Visitors, world: World, event: Event
) -> None:
    cards = [world.ask(event, f"Question {n}?") for n in range(3)]
    desk = at_the_desk(visitors, "mara", viewport=NARROW)
    page = desk.page
    lanes, rows, card = page.locator(".lanes"), page.locator(".rows"), page.locator(".card-one")

    def only(shown: Locator) -> None:
        expect(shown).to_be_visible()
        for other in {lanes, rows, card} - {shown}:
            expect(other).to_be_hidden()
        desk.fits_the_width()
        desk.is_accessible()

    only(lanes)
    desk.tab_to("[data-lane=new]")
    desk.press("Enter")
    only(rows)
    desk.press("j", "Enter")
    only(card)
    expect(field(desk, "text")).to_have_text(cards[1].text)
    desk.press("a")
    is_at(world, cards[1], State.APPROVED)
    expect(field(desk, "text")).to_have_text(cards[2].text)
    desk.press("Escape", "Escape")
    # The first Escape takes the strip away, the next ones go up.
    only(rows)
    desk.press("Escape")
    only(lanes)
    expect(page.locator("[data-lane=new]")).to_be_focused()
    assert not desk.complaints
