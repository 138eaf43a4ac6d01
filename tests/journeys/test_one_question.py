"""One question's whole journey, seen by six browsers at once."""

import re

from qa.domain.events import Action as Step
from qa.domain.permissions import Role
from tests.journeys.visitors import PROJECTOR, Visitors
from tests.world import World

ASKED = "您好，想知道您對於目前跨領域資訊人才的看法？"
ANSWER = "The canary answer: begin with a question of your own."


def test_a_question_asked_on_a_phone_is_answered_before_everybodys_eyes(visitors: Visitors, world: World) -> None:
    event = world.event()
    world.person("mara", event, Role.MODERATOR)
    world.person("dana", event, Role.EDITOR)
    visitors.readable = True
    chinese = visitors.arrive("a phone in Chinese", "zh-CN")
    hebrew = visitors.arrive("a phone in Hebrew", "he-IL")
    plain = visitors.arrive("a phone without script", java_script_enabled=False)
    screen = visitors.arrive("the projector", viewport=PROJECTOR)
    audience = (chinese, hebrew, plain, screen)
    for visitor in (chinese, hebrew, plain):
        visitor.go("/@audrey/live")
    screen.go("/@audrey/live/screen")
    assert hebrew.page.evaluate("document.documentElement.dir") == "rtl"

    # Asked on a phone, acknowledged with a number and a code.
    chinese.page.click("#ask-open")
    chinese.page.fill("#ask-text", ASKED)
    chinese.page.click("#ask-send")
    chinese.page.wait_for_selector("#ask-sent:not([hidden])")
    assert chinese.page.input_value("#ask-text") == ""
    chinese.is_accessible()
    chinese.page.click("#ask-close")

    # Triaged with one key.
    moderator = visitors.sign_in("mara", "/desk/audrey/live")
    moderator.page.wait_for_selector(".row")
    moderator.press("j")
    moderator.sees(ASKED)
    moderator.is_accessible()
    moderator.press("a")
    hebrew.page.wait_for_selector("#q1", timeout=5000)
    hebrew.is_accessible()

    # Chosen and taken up by the delegation.
    editor = visitors.sign_in("dana", "/desk/audrey/live")
    editor.page.wait_for_selector(".row, .list-empty:not([hidden])")
    for lane, verb in (("approved", "s"), ("shortlist", "l"), ("answering", "w")):
        editor.tab_to(f"[data-lane={lane}]")
        editor.press("Enter")
        editor.page.wait_for_selector(".row")
        editor.press("j", verb)
    for visitor in (chinese, hebrew, screen):
        visitor.page.wait_for_selector(f"text={ASKED}", timeout=5000)

    # Written, held, published; until then no byte of it leaves for the audience.
    editor.page.wait_for_url("**/answers/1")
    editor.is_accessible()
    editor.tab_to("input[name=how]")
    editor.press("Space")
    editor.tab_to("#text")
    editor.page.keyboard.type(ANSWER)
    editor.page.locator("#saved", has_text=re.compile(r"\d:\d\d:\d\d")).wait_for(timeout=5000)
    editor.tab_to("#seconds")
    editor.page.keyboard.type("5")
    editor.tab_to("[data-do=publish]")
    plain.page.reload()
    editor.press("Enter")
    editor.page.wait_for_selector("#holding:not([hidden])")
    assert editor.page.evaluate("document.activeElement.id") == "stop"
    for visitor in audience:
        assert ANSWER.encode() not in visitor.heard(), visitor.name
        assert ASKED.encode() in visitor.heard(), f"nothing was recorded of {visitor.name}"
    editor.page.wait_for_selector("#main[data-state=published]", timeout=15_000)

    # On both phones, on the screen, on the plain page, in the archive.
    for phone in (chinese, hebrew):
        phone.page.wait_for_selector("#news:not([hidden]) button", timeout=5000)
        phone.page.click("#news button")
        phone.sees(ANSWER)
        phone.is_accessible()
        phone.fits_the_width()
    plain.page.reload()
    plain.sees(ANSWER)
    world.step(world.step(event, Step.LAST_QUESTIONS), Step.CLOSE)
    for path in ("/@audrey/live", "/@audrey", "/@audrey/live/q/1"):
        plain.go(path)
        plain.sees(ANSWER)
    screen.is_accessible()
    for visitor in visitors.here:
        assert not visitor.complaints, (visitor.name, visitor.complaints)
