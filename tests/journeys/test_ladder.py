"""What the server says reaches an open page by whatever way is left, once and in order; and nothing jumps."""

import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from qa.actions import events
from qa.domain.events import Action as Step
from qa.domain.events import Event
from qa.domain.questions import Action
from qa.store import events as event_store
from tests.eventually import eventually
from tests.journeys.visitors import DESKTOP, PHONE, Visitor, Visitors
from tests.serving import serving
from tests.world import BOSS, World

EVENT = "/@audrey/live"
LIVE = re.compile(r"/@audrey/live/live\?")
STREAM = re.compile(r"/@audrey/live/stream\?")


@pytest.fixture
def event(world: World) -> Event:
    return world.event()


def without_sockets(page: Page) -> None:
    def refuse(socket: WebSocketRoute) -> None:
        socket.close()

    page.route_web_socket(LIVE, refuse)


def without_streams(page: Page) -> None:
    page.route(STREAM, lambda route: route.abort())


@contextmanager
def a_cut(visitors: Iterable[Visitor]) -> Iterator[None]:
    """Nobody has a network until the block ends."""
    here = list(visitors)
    for visitor in here:
        visitor.loses_the_network()
    yield
    for visitor in here:
        visitor.has_the_network_again()


def answers(visitor: Visitor) -> list[str]:
    """The answers on the page, newest first."""
    return visitor.page.locator("#answers .words").all_inner_texts()


def reads_the_news(visitor: Visitor, count: int) -> None:
    said = f"{count} new answer" + ("s" if count > 1 else "")
    bar = visitor.page.get_by_role("button", name=said, exact=True)
    bar.wait_for(timeout=20_000)
    bar.click()


def ways(visitor: Visitor) -> set[str]:
    """Notes by which ways the page tries to be told, from now on."""
    tried: set[str] = set()
    visitor.page.on("websocket", lambda socket: tried.add("socket"))
    visitor.page.on(
        "request", lambda request: tried.update(way for way in ("stream", "entries") if f"/{way}?" in request.url)
    )
    return tried


@pytest.mark.timeout(120)
def test_each_answer_comes_once_and_in_order_by_every_way_over_every_cut(
    visitors: Visitors, world: World, event: Event
) -> None:
    by_socket, by_stream, by_polling = (visitors.arrive(f"told by {way}") for way in ("socket", "stream", "polling"))
    without_sockets(by_stream.page)
    without_sockets(by_polling.page)
    without_streams(by_polling.page)
    phones = (by_socket, by_stream, by_polling)
    tried = [ways(phone) for phone in phones]
    for phone in phones:
        phone.go(EVENT)
    given: list[str] = []

    def answer() -> None:
        given.insert(0, f"Answer no. {len(given) + 1}.")
        world.answer(event, given[0], f"Question no. {len(given)}?")

    answer()
    for phone in phones:
        reads_the_news(phone, 1)
        assert answers(phone) == given
    assert "stream" not in tried[0]
    assert "entries" not in tried[1]
    assert tried[2] >= {"stream", "entries"}

    for _ in range(2):
        with a_cut(phones):
            answer()
            answer()
        answer()
        for phone in phones:
            reads_the_news(phone, 3)
            assert answers(phone) == given, phone.name
    numbers = [int(n) for n in re.findall(r"\d+", " ".join(answers(by_polling)))]
    assert numbers == list(range(len(given), 0, -1))


def test_a_page_that_is_cut_off_says_since_when_and_nothing_of_it_is_lost(
    visitors: Visitors, world: World, event: Event
) -> None:
    card = world.answer(event, "What we had.")
    phone = visitors.arrive("a phone on a train")
    page, offline = phone.page, phone.page.locator("#offline")
    phone.go(EVENT)
    expect(offline).to_be_hidden()
    page.wait_for_load_state("networkidle")
    before = page.evaluate("new Date().toTimeString().slice(0, 5)")
    with a_cut([phone]):
        offline.wait_for()
        after = page.evaluate("new Date().toTimeString().slice(0, 5)")
        said = offline.inner_text()
        assert "The connection is gone" in said
        assert any(f"You are reading what we had at {time}." in said for time in (before, after)), said
        expect(offline).to_contain_text(re.compile(r"next try in \d+ seconds?|Trying now"))
        phone.is_accessible()
        # The text stays readable, and what is typed stays.
        assert answers(phone) == ["What we had."]
        world.correct(card, "What we have.")
    expect(offline).to_be_hidden(timeout=20_000)
    expect(page.locator("#answers .words")).to_have_text(["What we have."])


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_news_wait_in_the_bar_and_nothing_moves_under_the_focus(
    viewport: dict[str, int], visitors: Visitors, world: World, event: Event
) -> None:
    for number in range(4):
        world.answer(event, f"Answer no. {number}. " + "It has some length. " * 8)
    reader = visitors.arrive("a reader", viewport=viewport)
    page, bar = reader.page, reader.page.locator("#news")
    reader.go(EVENT)
    # A desktop shows the first answer without scrolling: there no browser makes up for what grows above it.
    held = page.locator("#answers .link").first
    held.focus()
    assert (page.evaluate("scrollY") == 0) is (viewport is DESKTOP)
    before = held.bounding_box()
    late = world.answer(event, "The newest.", "And now?")
    expect(bar).to_have_text("1 new answer")
    assert held.bounding_box() == before
    expect(held).to_be_focused()
    assert "The newest." not in answers(reader)

    # Hidden while it waits: it never appears.
    world.move(late, Action.HIDE, code="unlawful")
    expect(bar).to_be_hidden()
    assert held.bounding_box() == before
    world.answer(event, "Another one.", "And then?")
    page.get_by_role("button", name="1 new answer").click()
    expect(page.locator("#answers .words").first).to_have_text("Another one.")
    expect(page.locator("#answers .asked").first).to_be_focused()
    assert "The newest." not in page.content()


def test_what_is_taken_away_and_what_the_host_does_shows_at_once(
    visitors: Visitors, world: World, event: Event
) -> None:
    shown = world.answer(event, "To be hidden.", "Hidden later?")
    first, second = (
        world.move(world.ask(event, text), Action.APPROVE) for text in ("Declined later?", "Answered later?")
    )
    phone = visitors.arrive("a phone")
    page = phone.page
    phone.go(EVENT)
    expect(page.locator("#open-questions li")).to_have_count(2)
    world.move(first, Action.DECLINE, code="off_topic")
    expect(page.locator("#open-questions .asking")).to_have_text(["Answered later?"])
    world.move(shown, Action.HIDE, code="insulting")
    phone.sees("No answer yet.")
    assert "Hidden later?" not in page.content()

    now, after = page.locator("#now .now-text"), page.locator("#now .next")
    second = world.move(second, Action.SHORTLIST)
    expect(after).to_contain_text("Answered later?")
    second = world.move(second, Action.ANSWER)
    expect(now).to_have_text("Answered later?")
    expect(after).to_be_hidden()
    expect(page.locator("#heard")).to_have_text("Being answered now: Answered later?")
    world.move(second, Action.HIDE, code="private_person")
    expect(now).to_be_hidden()
    expect(page.locator("#heard")).to_have_text("")
    assert "Answered later?" not in page.content()

    world.writer.run(lambda tx: events.set_notice(tx, BOSS, event.id, "Five minutes' pause. הפסקה"))
    expect(page.locator("#notice")).to_be_visible()
    phone.sees("Five minutes' pause. הפסקה")
    world.writer.run(lambda tx: events.set_notice(tx, BOSS, event.id, ""))
    expect(page.locator("#notice")).to_be_hidden()
    event = world.step(world.reread(event), Step.LAST_QUESTIONS)
    expect(page.locator("#phase")).to_have_text("Last answers")
    expect(page.locator("#ask-open")).to_be_hidden()
    world.step(event, Step.CLOSE)
    phone.sees("This event is over.")
    page.get_by_role("link", name="Read the record").click()
    phone.sees("What happened to the questions")


def test_who_comes_again_reads_the_open_questions_in_the_order_given_to_them(
    visitors: Visitors, world: World, event: Event
) -> None:
    for number in range(20):
        world.move(world.ask(event, f"Question no. {number}?"), Action.APPROVE)
    reader = visitors.arrive("a reader", viewport=DESKTOP)
    page, shown = reader.page, reader.page.locator("#open-questions > li")

    def is_in_order(order: list[int]) -> bool:
        return list(map(int, shown.evaluate_all("cards => cards.map(card => card.dataset.n)"))) == order[:12]

    # The second time the browser has a snapshot from before the last question.
    for text in ("One more?", "And one more?"):
        world.move(world.ask(event, text), Action.APPROVE)
        with page.expect_response("**/open.json?*") as given:
            reader.go(EVENT)
        order: list[int] = given.value.json()["order"]
        eventually(partial(is_in_order, order))


def test_after_a_restored_backup_an_open_page_takes_the_snapshot_and_goes_on(
    visitors: Visitors, world: World, event: Event, sqlite_url: str
) -> None:
    gone = world.answer(event, "Gone since.", "Was it there?")
    world.answer(event, "Still there.", "Will it stay?")
    phone = visitors.arrive("a phone")
    page = phone.page
    phone.go(EVENT)
    page.wait_for_load_state("networkidle")
    with ExitStack() as restarted:
        with page.expect_response("**/snapshot.json") as reloaded:
            with a_cut([phone]):
                world.writer.run(lambda tx: event_store.change(tx, event, epoch="restored"))
                world.move(gone, Action.HIDE, code="unlawful")
                world.answer(event, "Come since.", "Is it new?")
                phone.recorder.lead_to(restarted.enter_context(serving(sqlite_url)).url)
            reads_the_news(phone, 1)
        assert reloaded.value.json()["epoch"] == "restored"
        assert answers(phone) == ["Come since.", "Still there."]
        world.answer(event, "And live again.", "Does it go on?")
        reads_the_news(phone, 1)
        assert answers(phone) == ["And live again.", "Come since.", "Still there."]
