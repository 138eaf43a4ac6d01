"""An answer's life as its writers and the audience see it: kept, held, stopped, out, corrected, withdrawn."""

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Locator, expect

from qa.domain.answers import State
from qa.domain.events import Action as Step
from qa.domain.events import Event
from qa.domain.permissions import Role
from qa.domain.questions import Action, Question
from qa.store import answers
from tests.eventually import eventually
from tests.journeys.visitors import PROJECTOR, Visitor, Visitors
from tests.world import World

EVENT = "/@audrey/live"
DESK = "/desk/audrey/live"
# A draft is on the server so soon after the last key.
SAVED_WITHIN = 2.0
CANARY = "The canary sings at noon"


@pytest.fixture
def event(world: World) -> Event:
    event = world.event()
    for login in ("dana", "eden"):
        world.person(login, event, Role.EDITOR)
    return event


@pytest.fixture
def chosen(world: World, event: Event) -> Question:
    return world.move(world.ask(event, "When does the canary sing?"), Action.APPROVE, Action.SHORTLIST)


def has(world: World, card: Question, text: str, within: float = SAVED_WITHIN) -> None:
    """The server has this draft, soon."""

    def there() -> bool:
        draft = world.newest(card)
        return draft is not None and draft.text == text

    eventually(there, within)


def types(visitor: Visitor, text: str) -> None:
    """At the end of the answer, with the keyboard."""
    visitor.tab_to("#text")
    visitor.press("Control+End")
    visitor.page.keyboard.type(text)


def body(visitor: Visitor) -> Locator:
    return visitor.page.locator("#text")


def test_a_draft_is_kept_within_seconds_and_over_a_lost_network(
    visitors: Visitors, world: World, chosen: Question
) -> None:
    dana = visitors.write("dana", chosen)
    types(dana, "It is on the server")
    has(world, chosen, "It is on the server")
    dana.page.reload()
    expect(body(dana)).to_have_value("It is on the server")

    dana.loses_the_network()
    types(dana, ", also this")
    dana.sees("Not saved, trying again")
    dana.has_the_network_again()
    has(world, chosen, "It is on the server, also this", within=10)
    expect(dana.page.locator("#saved")).to_have_text(re.compile(r"Saved \d\d:\d\d:\d\d"))

    # The page is closed before the server could be told: this device has it.
    dana.loses_the_network()
    types(dana, ", and that.")
    dana.sees("Not saved, trying again")
    dana.page.goto("about:blank")
    dana.has_the_network_again()
    dana.go(f"{DESK}/answers/{chosen.n}")
    expect(body(dana)).to_have_value("It is on the server, also this, and that.")
    has(world, chosen, "It is on the server, also this, and that.")


def test_of_two_writers_neither_loses_a_word(visitors: Visitors, world: World, chosen: Question) -> None:
    world.draft(chosen, "We ask")
    dana, eden = visitors.write("dana", chosen), visitors.write("eden", chosen)
    types(dana, " the ministry.")
    has(world, chosen, "We ask the ministry.")

    types(eden, " the canary.")
    clash = eden.page.locator(".conflict")
    expect(clash).to_contain_text("DA saved this answer while you were writing")
    expect(clash.locator("[data-f=theirs]")).to_have_text("We ask the ministry.")
    expect(clash.locator("[data-f=mine]")).to_have_text("We ask the canary.")
    expect(clash.get_by_role("button", name="Take DA’s text")).to_be_focused()
    eden.is_accessible()
    eden.tab_to("[data-take=mine]")
    eden.press("Enter")
    expect(clash).to_be_hidden()
    has(world, chosen, "We ask the canary.")

    types(dana, " Again.")
    clash = dana.page.locator(".conflict")
    expect(clash.locator("[data-f=mine]")).to_have_text("We ask the ministry. Again.")
    dana.press("Enter")
    expect(clash).to_be_hidden()
    expect(body(dana)).to_have_value("We ask the canary.")
    types(dana, " Both.")
    has(world, chosen, "We ask the canary. Both.")
    for visitor in (dana, eden):
        assert all("409" in complaint for complaint in visitor.complaints), visitor.complaints


def test_nothing_goes_out_without_how_it_was_given_and_stop_takes_it_back(
    visitors: Visitors, world: World, chosen: Question
) -> None:
    visitors.readable = True
    phone, screen = visitors.arrive("a phone"), visitors.arrive("the projector", viewport=PROJECTOR)
    phone.go(EVENT)
    screen.go(f"{EVENT}/screen")
    dana, eden = visitors.write("dana", chosen), visitors.write("eden", chosen)
    types(dana, CANARY)
    dana.press("Control+Enter")
    dana.sees("Please say how the answer was given: everybody reads it under the answer.")
    expect(dana.page.locator("[name=how]").first).to_be_focused()
    assert world.database.read(answers.due, datetime.max.replace(tzinfo=UTC)) == []

    dana.press("Space")
    expect(dana.page.locator("#how-error")).to_be_hidden()
    dana.tab_to("[data-do=publish]")
    dana.press("Enter")
    for writer in (dana, eden):
        expect(writer.page.locator("#holding")).to_be_visible()
        expect(writer.page.locator("#stop")).to_be_focused()
        expect(writer.page.locator("#holding-title")).to_have_text(re.compile(r"Goes out in \d+ seconds"))
    dana.is_accessible()
    # Whoever may stop it can, with one key.
    eden.press("Escape")
    for writer in (eden, dana):
        expect(writer.page.locator("#main")).to_have_attribute("data-state", "draft")
        expect(writer.page.locator("#holding")).to_be_hidden()
        expect(body(writer)).to_have_value(CANARY)
        expect(body(writer)).to_be_editable()
    now = world.newest(chosen)
    assert now is not None
    assert (now.state, now.publish_at) == (State.DRAFT, None)
    phone.page.reload()
    for visitor in (phone, screen):
        assert CANARY.encode() not in visitor.heard(), visitor.name
        assert chosen.text.encode() in visitor.heard(), f"nothing was recorded of {visitor.name}"


def test_a_correction_and_a_withdrawal_reach_the_open_phone_and_every_page(
    visitors: Visitors, world: World, event: Event
) -> None:
    card = world.answer(event, CANARY, "When does the canary sing?")
    phone = visitors.arrive("a phone")
    phone.go(EVENT)
    shown = phone.page.locator(f"#a{card.n}")
    expect(shown).to_contain_text(CANARY)
    dana = visitors.write("dana", card)

    # Corrected: a second version with its reason, the first at its address.
    dana.tab_to("[data-do=correct]")
    dana.press("Enter", "Control+Enter")
    dana.sees("Please say what kind of change it is.")
    dana.tab_to("#correct [name=kind]")
    dana.press("ArrowUp", "Tab")
    dana.page.keyboard.type("It sleeps at noon.")
    dana.press("Control+Enter")
    dana.sees("Version 1 is published. This is the draft of the next one (correction): It sleeps at noon.")
    dana.tab_to("#text")
    dana.press("Control+a")
    dana.page.keyboard.type("It sings at dawn.")
    dana.tab_to("#seconds")
    dana.page.keyboard.type("0")
    dana.tab_to("[data-do=publish]")
    expect(shown).to_contain_text(CANARY)
    dana.press("Enter")
    expect(shown.locator(".words")).to_have_text("It sings at dawn.")
    expect(shown.locator(".note").first).to_contain_text(re.compile(r"Corrected \d\d:\d\d"))
    expect(shown.locator(".note").first).to_contain_text("It sleeps at noon.")
    expect(phone.page.locator("#heard")).to_have_text("The answer to no. 1 was corrected.")
    shown.get_by_role("link", name="Read the earlier version").click()
    phone.sees("This is version 1, as it stood then.")
    phone.sees(CANARY)
    phone.page.get_by_role("link", name="Read the newest version").click()
    phone.sees("It sings at dawn.")

    # Withdrawn: the reason stays, no word of any version does.
    phone.go(EVENT)
    dana.tab_to("[data-do=retract]")
    dana.press("Enter", "Control+Enter")
    dana.sees("Please write the reason: everybody reads it.")
    dana.page.keyboard.type("It was asked of a parrot.")
    dana.press("Control+Enter")
    expect(shown.locator(".words")).to_be_hidden()
    expect(shown).to_contain_text(re.compile(r"Answer withdrawn \d\d:\d\d\s+It was asked of a parrot\."))
    expect(phone.page.locator("#heard")).to_have_text("The answer to no. 1 was withdrawn.")
    assert "It sings at dawn." not in phone.page.content()
    world.step(world.step(world.reread(event), Step.LAST_QUESTIONS), Step.CLOSE)
    told = ("", "?show=all", "/q/1", "/snapshot.json", "/feed.atom", "/record.json")
    for path in (*told, "/record.csv", "/entries?after=0", "/q/1?version=1", "/q/1?version=2"):
        text = phone.page.request.get(f"{phone.url}{EVENT}{path}").text()
        assert ("It was asked of a parrot." in text) or path not in told, path
        assert "It sings at dawn." not in text, path
        assert CANARY not in text, path
    for path in ("/@audrey", "/@audrey/feed.atom", "/?q=canary"):
        text = phone.page.request.get(f"{phone.url}{path}").text()
        assert "It sings at dawn." not in text, path
        assert CANARY not in text, path
    assert not phone.complaints
