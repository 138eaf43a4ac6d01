"""The host's page: what is stopped waits and goes on, and the opening is one moment for everybody."""

import pytest
from playwright.sync_api import expect

from qa.domain.answers import State
from qa.domain.events import Action as Step
from qa.domain.events import Event, Phase
from qa.domain.permissions import Role
from qa.domain.questions import Action, Question
from qa.domain.questions import State as QuestionState
from tests.eventually import eventually
from tests.journeys.visitors import PROJECTOR, Visitor, Visitors
from tests.world import World

EVENT = "/@audrey/live"
DESK = "/desk/audrey/live"
CANARY = "The canary sings at noon"


@pytest.fixture
def event(world: World) -> Event:
    event = world.event()
    world.person("dana", event, Role.EDITOR)
    world.person("hugo", event, Role.HOST)
    return event


@pytest.fixture
def chosen(world: World, event: Event) -> Question:
    return world.move(world.ask(event, "When does the canary sing?"), Action.APPROVE, Action.SHORTLIST)


def at_the_hosts(visitors: Visitors) -> Visitor:
    host = visitors.sign_in("hugo", f"{DESK}/host")
    expect(host.page.locator("#notice-state")).not_to_be_empty()
    return host


def throws(host: Visitor, switch: str, way: str) -> None:
    """A switch of the host's, thrown or taken back with the keyboard."""
    host.tab_to(f"[data-switch={switch}] [data-{way}]", most=120)
    host.press("Enter")


def test_what_the_host_stops_waits_and_goes_on(
    visitors: Visitors, world: World, event: Event, chosen: Question
) -> None:
    visitors.readable = True
    phone = visitors.arrive("a phone")
    phone.go(EVENT)
    host, dana = at_the_hosts(visitors), visitors.write("dana", chosen)

    # Publishing stopped: what is held waits past its time, and goes out when it is let.
    world.publish(world.draft(chosen, CANARY), seconds=5)
    elsewhere = world.move(world.ask(world.event("elsewhere")), Action.APPROVE, Action.SHORTLIST)
    world.publish(world.draft(elsewhere), seconds=5)
    throws(host, "publishing", "stop")
    expect(host.page.locator("[data-switch=publishing] .stopped")).to_be_visible()
    expect(dana.page.locator("#holding-title")).to_have_text("Goes out at any moment", timeout=10_000)
    expect(dana.page.locator("#holding")).to_contain_text("No. 1 waits: publishing is stopped.")
    # What was to go out after it, in another event, is out.
    eventually(lambda: world.now(elsewhere).state is QuestionState.ANSWERED)
    now = world.newest(chosen)
    assert now is not None
    assert now.state is State.HOLDING
    assert CANARY.encode() not in phone.heard()
    throws(host, "publishing", "start")
    phone.page.get_by_role("button", name="1 new answer").click()
    phone.sees(CANARY)

    # Asking stopped: the box closes with words, and what was typed is there when it opens again.
    page = phone.page
    page.click("#ask-open")
    page.keyboard.type("Half a question")
    throws(host, "asking", "stop")
    sheet = page.locator("#sheet")
    expect(page.locator("#ask-text")).to_be_hidden()
    expect(sheet.get_by_text("No new questions now; you can still add your voice")).to_be_visible()
    expect(sheet.get_by_role("button", name="Close")).to_be_visible()
    phone.is_accessible()
    throws(host, "asking", "start")
    expect(page.locator("#ask-text")).to_have_value("Half a question")

    # Frozen with a notice.
    host.tab_to("#notice-text", most=120)
    host.page.keyboard.type("We come back at five past.")
    host.press("Tab", "Enter")
    phone.sees("We come back at five past.")
    throws(host, "frozen", "stop")
    host.sees("Freeze the page?")
    host.is_accessible()
    host.tab_to("#step [type=submit]")
    host.press("Enter")
    phone.sees("The page stands still for a moment: nothing is taken in")
    phone.sees("We come back at five past.")
    plain = visitors.arrive("who comes late, without script", java_script_enabled=False)
    plain.go(EVENT)
    plain.sees("We come back at five past.")
    plain.sees("The page stands still for a moment: nothing is taken in")
    throws(host, "frozen", "start")
    phone.sees("Asking and voting are open")
    for visitor in (phone, host, dana):
        assert not visitor.complaints, visitor.complaints


def test_the_opening_turns_every_waiting_page_live_and_who_comes_late_sees_it_open(
    visitors: Visitors, world: World
) -> None:
    event = world.event(steps=(Step.ANNOUNCE, Step.COLLECT))
    world.person("hugo", event, Role.HOST)
    phone, screen = visitors.arrive("a waiting phone"), visitors.arrive("the projector", viewport=PROJECTOR)
    phone.go(EVENT)
    screen.go(f"{EVENT}/screen")
    expect(phone.page.locator("#countdown")).to_be_visible()
    expect(phone.page.locator("#phase")).to_have_text("Collecting questions")
    host = at_the_hosts(visitors)
    host.tab_to("[data-do=open]")
    host.press("Enter")
    host.sees("Open the event now?")
    host.tab_to("#step [type=submit]")
    host.press("Enter")
    late = visitors.arrive("who comes a second late")
    expect(phone.page.locator("#phase")).to_have_text("Live")
    late.go(EVENT)
    for visitor in (phone, late):
        expect(visitor.page.locator("#phase")).to_have_text("Live")
        expect(visitor.page.locator("#countdown")).to_be_hidden()
        expect(visitor.page.locator("#now")).to_be_visible()
        visitor.sees("The page was opened.")
        visitor.is_accessible()
        visitor.fits_the_width()
    expect(phone.page.locator("#heard")).to_have_text("The page is open.")
    expect(screen.page.locator("main")).to_have_attribute("data-phase", "live")
    expect(host.page.locator(".phases [data-phase=live]")).to_have_attribute("aria-current", "step")
    opened = world.reread(event)
    assert opened.phase is Phase.LIVE
    assert opened.opened_at is not None
    for visitor in (phone, screen, host):
        assert not visitor.complaints, visitor.complaints
