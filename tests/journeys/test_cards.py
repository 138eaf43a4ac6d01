"""A card is the same whoever draws it, and whatever was typed into it stays text."""

import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest
from itsdangerous import Signer
from playwright.sync_api import Error, Locator, expect

from qa.actions import answers, questions
from qa.domain.events import Action as Step
from qa.domain.events import Event
from qa.domain.people import asker
from qa.domain.permissions import Role
from qa.domain.questions import Action, Question
from qa.domain.refusals import Invalid
from qa.store.writer import Tx
from qa.web.who import ASKER
from tests import serving
from tests.eventually import eventually
from tests.journeys.visitors import DESKTOP, Visitor, Visitors
from tests.world import BOSS, SECRET, World, key

EVENT = "/@audrey/live"
DESK = "/desk/audrey/live"
NASTY: Final[list[str]] = json.loads((Path(__file__).parents[1] / "data" / "blns.json").read_text(encoding="utf-8"))
SOMEBODY = "somebody"

# What a script adds to a card wherever it came from: the reader's words for a time, the focus, the arrival.
AS_DRAWN = """cards => cards.map(card => {
  const copy = card.cloneNode(true);
  for (const time of copy.querySelectorAll("time")) {
    time.removeAttribute("title");
    if (time.matches(".ago")) time.textContent = "";
  }
  for (const node of [copy, ...copy.querySelectorAll(".asked")]) {
    node.classList.remove("arrived");
    node.removeAttribute("tabindex");
  }
  return copy.outerHTML;
}).sort()"""

# A page that runs what somebody typed, or tries to, is caught here.
ON_GUARD = """
window.caught = [];
for (const name of ["alert", "prompt", "confirm"]) window[name] = () => window.caught.push(name);
addEventListener("securitypolicyviolation", (event) => window.caught.push(event.violatedDirective));
"""


def drawn(visitor: Visitor, selector: str) -> list[str]:
    """The cards as HTML, by whatever they were made."""
    cards: list[str] = visitor.page.locator(selector).evaluate_all(AS_DRAWN)
    return cards


def shows_the_news(visitor: Visitor, said: str) -> None:
    bar = visitor.page.locator("#news button")
    expect(bar).to_contain_text(re.compile(said), timeout=30_000)
    bar.click()


@pytest.mark.parametrize(
    ("locale", "address"),
    [("en-GB", EVENT), ("he-IL", EVENT), ("zh-CN", EVENT), ("en-GB", f"{EVENT}?lang=ar")],
)
def test_a_card_made_by_the_script_is_the_servers(locale: str, address: str, visitors: Visitors, world: World) -> None:
    event = world.event()
    # The server writes times in the event's zone, so the reader sits in it.
    live = visitors.arrive("with script", locale, timezone_id="Europe/Paris")
    plain = visitors.arrive("without script", locale, java_script_enabled=False)
    live.go(address)
    told = {"context": "A line.\nאחת ושתיים", "name": "ענת <b>"}
    cards: dict[str, Question] = {}
    for name, more in {"plain": {}, "named": told, "edited": told, "corrected": {}, "withdrawn": {}}.items():
        card = world.ask(event, f"{name}: 您好 & שלום?", name, **more)
        if name == "edited":
            card = world.move(card, Action.EDIT, edited="edited: better?")
        card = world.move(card, Action.APPROVE)
        world.voice(card, "another")
        cards[name] = world.move(card, Action.SHORTLIST)
        world.publish(world.draft(card, f"{name}.\n\nשורה שנייה", how="embassy" if name == "named" else "spoken"))
    world.correct(cards["corrected"], "Said otherwise.", "סיבה <i>")
    world.retract(cards["withdrawn"])
    asked = [
        world.move(world.ask(event, f"Open {n}? 開放", **more), Action.APPROVE) for n, more in enumerate(({}, told))
    ]
    world.move(asked[0], Action.EDIT, edited="Open and edited?")

    expect(live.page.locator("#open-questions > *")).to_have_count(2)
    shows_the_news(live, "5")
    plain.go(address)
    for selector, count in (("#answers > *", 5), ("#open-questions > *", 2)):
        assert len(drawn(live, selector)) == count
        assert drawn(live, selector) == drawn(plain, selector)

    # The cards that are there already follow, too.
    world.correct(cards["plain"], "Said otherwise.")
    world.retract(cards["corrected"])
    world.retract(cards["named"])
    expect(live.page.locator("#answers .note.stopped").filter(visible=True)).to_have_count(3)
    plain.page.reload()
    assert drawn(live, "#answers > *") == drawn(plain, "#answers > *")
    # The script connects while it draws the page for the first time.
    with live.page.expect_websocket():
        live.page.reload()
    for selector in ("#answers > *", "#open-questions > *"):
        assert drawn(live, selector) == drawn(plain, selector)
    assert not live.complaints


def on_guard(visitor: Visitor) -> Visitor:
    """Whatever a page of theirs runs, violates or fails with is a complaint."""
    visitor.context.add_init_script(ON_GUARD)
    visitor.page.on("response", lambda got: visitor.complaints.append(got.url) if got.status >= 500 else None)
    return visitor


def is_unharmed(visitor: Visitor) -> None:
    assert visitor.page.evaluate("window.caught") == [], visitor.page.url
    assert visitor.complaints == [], visitor.page.url


def ask_all(tx: Tx, event: Event) -> list[Question]:
    """Each nasty string as a question's text, context and name; those without a visible letter are refused."""
    cards = []
    for nasty in NASTY:
        asking = questions.Asking(key(), nasty, nasty, nasty[:40])
        with suppress(Invalid):
            cards.append(questions.ask(tx, asker(SOMEBODY), event.id, asking, SECRET).card)
    return cards


def move_all(tx: Tx, cards: list[Question], action: Action) -> list[Question]:
    return [questions.move(tx, BOSS, card.event_id, card.n, action, seen=card.version, key=key()) for card in cards]


def answer_some(tx: Tx, cards: list[Question]) -> list[str]:
    """Each fifth question answered with its own text and those of the four after it; returns the answers."""
    said = ["\n".join(card.text for card in cards[at : at + 5]) for at in range(0, len(cards), 5)]
    for card, words in zip(move_all(tx, cards[::5], Action.SHORTLIST), said, strict=True):
        at = (tx, BOSS, card.event_id, card.n)
        answers.save(*at, written=words, how="spoken", lang="en", rev=0)
        answers.hold(*at, rev=1, seconds=0)
    return said


def texts(of: Locator) -> list[str]:
    return sorted(of.all_text_contents())


def test_the_guard_would_have_noticed(visitors: Visitors, world: World) -> None:
    victim = on_guard(visitors.arrive("a victim"))
    victim.go("/how")
    with pytest.raises(Error, match="TrustedScript"):
        victim.page.evaluate("document.body.setAttribute('onclick', 'alert(1)')")
    with pytest.raises(AssertionError, match="trusted-types"):
        is_unharmed(victim)


@pytest.mark.timeout(180)
def test_whatever_was_typed_is_shown_as_text_and_never_run(visitors: Visitors, world: World) -> None:
    event = world.event()
    world.person("olga", event, Role.OWNER)
    phone = on_guard(visitors.arrive("a phone"))
    signed = Signer(serving.SECRET, salt=ASKER).sign(SOMEBODY).decode()
    phone.context.add_cookies([{"name": ASKER, "value": signed, "url": phone.url}])
    desk = on_guard(visitors.sign_in("olga", "/desk"))
    screen = on_guard(visitors.arrive("the projector", viewport=DESKTOP))
    phone.go(EVENT)
    desk.go(DESK)
    screen.go(f"{EVENT}/screen")
    desk.page.wait_for_selector(".list-empty:not([hidden])")

    # Arriving live: on the desk, among the open questions, as answers.
    cards = world.writer.run(lambda tx: ask_all(tx, event))
    typed = sorted(card.text for card in cards)
    assert len(typed) > 400
    rows = desk.page.locator(".row-text")
    expect(rows).to_have_count(len(cards), timeout=30_000)
    assert texts(rows) == typed
    is_unharmed(desk)
    desk.go("/desk")
    cards = world.writer.run(lambda tx: move_all(tx, cards, Action.APPROVE))
    phone.page.wait_for_load_state("networkidle")
    more, shown = phone.page.locator("#more-open"), phone.page.locator("#open-questions .asking")

    def all_are_shown() -> bool:
        more.evaluate("button => { while (!button.hidden) button.click(); }")
        return shown.count() == len(cards)

    eventually(all_are_shown, 30)
    assert texts(shown) == typed
    assert {card.name for card in cards} - {""} <= set(texts(phone.page.locator("#open-questions bdi")))
    is_unharmed(phone)
    phone.page.reload()
    said = world.writer.run(lambda tx: answer_some(tx, cards))
    answered = sorted(card.text for card in cards[::5])
    shows_the_news(phone, str(len(said)))
    for visitor in (phone, screen):
        is_unharmed(visitor)
    given = {".asked": answered, ".context p": answered, ".words": sorted(said)}
    for part, wanted in given.items():
        assert texts(phone.page.locator(f"#answers {part}")) == wanted, part

    # On pages that the server wrote.
    phone.go(f"{EVENT}?show=all")
    for part, wanted in given.items():
        assert texts(phone.page.locator(f"#answers {part}")) == wanted, part
    is_unharmed(phone)
    phone.go(f"{EVENT}/mine")
    assert texts(phone.page.locator("#receipts .asked")) == typed
    phone.page.wait_for_load_state("networkidle")
    is_unharmed(phone)
    desk.go(f"{DESK}#done")
    expect(rows).to_have_count(len(said), timeout=30_000)
    assert texts(rows) == answered
    by_number = {card.n: card.text for card in cards}
    for n, text, context in desk.page.evaluate(
        """() => [...document.querySelectorAll(".row")].map((row) => {
          row.click();
          const field = (name) => document.querySelector(`.card [data-f=${name}]`).textContent;
          return [Number(row.dataset.n), field("text"), field("context")];
        })"""
    ):
        assert text == context == by_number[n]
    is_unharmed(desk)
    world.step(world.step(event, Step.LAST_QUESTIONS), Step.CLOSE)
    phone.go(f"{EVENT}?show=all")
    assert texts(phone.page.locator(".rows .asked")) == typed
    assert texts(phone.page.locator(".rows .words")) == sorted(said)
    is_unharmed(phone)
    phone.go("/?q=script")
    found = set(texts(phone.page.locator("main .asked")))
    assert found
    assert found < set(answered)
    is_unharmed(phone)
