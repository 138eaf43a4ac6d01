"""What everybody gets alike is rendered once for each change of the log, kept as bytes, and true."""

import asyncio
import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from time import monotonic

import httpx2
import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs

from qa.domain.channels import Channel
from qa.domain.events import Action as Step
from qa.domain.events import Event
from qa.domain.questions import Action
from qa.store import log, questions
from qa.web.shelf import Shelf
from tests.eventually import eventually
from tests.serving import Served, serving
from tests.web.crowd import at_once
from tests.world import TO_CLOSED, TO_LIVE, World


def shelf_of(served: Served) -> Shelf:
    shelf = served.app.middleware_stack
    assert isinstance(shelf, Shelf)
    return shelf


def made(served: Served) -> int:
    return shelf_of(served).counts.made


def known(served: Served, world: World, event: Event) -> bool:
    """Whether the process has followed the event's log to its end."""
    head = world.database.read(log.head, event.id, Channel.PUBLIC)
    return (served.site.known_head(event.id) or 0) >= head


def lacks(client: httpx2.Client, path: str, text: str) -> bool:
    return text not in client.get(path).text


def has(client: httpx2.Client, path: str, text: str) -> bool:
    return text in client.get(path).text


@contextmanager
def rendered(served: Served, times: int) -> Iterator[None]:
    before = made(served)
    yield
    assert made(served) - before == times


@pytest.fixture
def event(world: World) -> Event:
    """Live, with an answer and an open question."""
    made = world.event()
    world.answer(made)
    world.move(world.ask(made, "And then?", "another"), Action.APPROVE)
    return made


def test_a_thousand_readers_at_once_cost_one_rendering_and_one_more_after_a_change_of_the_log(
    database_url: str,
) -> None:
    with serving(database_url) as served:
        world = World(served.site.database, served.site.writer)
        event = world.event()
        world.answer(event)
        with rendered(served, 1):
            first = at_once(f"{served.url}/@audrey/live", 1_000)
        assert {got.status for got in first} == {200}
        assert len({got.body for got in first}) == 1
        world.answer(event, "The second answer.", "And then?", "another")
        eventually(lambda: known(served, world, event))
        with rendered(served, 1):
            second = at_once(f"{served.url}/@audrey/live", 1_000)
        assert len({got.body for got in second}) == 1
        assert "The second answer." in second[0].body.decode()
        assert first[0].headers["etag"] != second[0].headers["etag"]


def test_a_thousand_who_ask_for_what_is_not_there_share_a_few_looks(served: Served, world: World) -> None:
    world.event()
    missing = at_once(f"{served.url}/@audrey/nothing", 1_000)
    assert {got.status for got in missing} == {404}
    assert made(served) < 50


def test_what_does_not_say_that_it_may_be_kept_is_made_for_each_reader(
    served: Served, anybody: httpx2.Client, event: Event
) -> None:
    """The counter can count, and personal pages never come near the shelf."""
    with rendered(served, 0):
        keys = {anybody.get("/@audrey/live/ask").text for _ in range(3)}
    assert len(keys) == 3
    for path in ("/@audrey/live/ask", "/@audrey/live/mine", "/@audrey/live/mine.json", "/q", "/j", "/desk/sign-in"):
        assert anybody.get(path).headers["cache-control"] == "no-store", path
    with rendered(served, 3):
        # Words somebody typed are looked up for each who types them.
        assert len({anybody.get("/?q=Will").content for _ in range(3)}) == 1


def test_each_language_is_rendered_once(served: Served, anybody: httpx2.Client, event: Event) -> None:
    with rendered(served, 8):
        for wish in ("he", "fr", "zh-TW", "zh-Hant, en;q=0.5", "xx", "en-GB,en;q=0.9", ""):
            anybody.get("/@audrey/live", headers={"Accept-Language": wish})
        # What negotiation can lead to: en, fr, he, zh-Hant. By address: four more.
        for tag in ("he", "fr", "zh-TW", "zh-Hant", "iw", "es"):
            anybody.get(f"/@audrey/live?lang={tag}", headers={"Accept-Language": "he"})


def test_totals_follow_within_seconds_and_what_did_not_change_is_not_rendered_again(
    served: Served, anybody: httpx2.Client, world: World, event: Event
) -> None:
    def totals() -> dict[str, int]:
        figures: dict[str, int] = anybody.get("/@audrey/live/snapshot.json").json()["totals"]
        return figures

    before = totals()
    with rendered(served, 0):
        looked = served.site.presents[event.id].looked
        eventually(lambda: bool(totals()) and served.site.presents[event.id].looked > looked)
    world.ask(event, "No moderator has read this.", "a third")
    asked = monotonic()
    eventually(lambda: totals()["questions"] == before["questions"] + 1, within=5)
    assert monotonic() - asked < 2.5


def test_readers_of_a_kept_page_are_counted_as_those_who_saw_its_questions(
    served: Served, world: World, event: Event
) -> None:
    with rendered(served, 1):
        at_once(f"{served.url}/@audrey/live", 300)
    card = world.move(world.ask(event, "Who has seen me?", "a third"), Action.APPROVE)
    seen = world.database.read(questions.get, event.id, 2)
    assert seen is not None
    eventually(lambda: world.now(seen).impressions == 300)
    assert world.now(card).impressions == 0


def test_the_bare_pages_order_is_the_same_until_the_log_has_grown(
    served: Served, anybody: httpx2.Client, world: World
) -> None:
    event = world.event()
    for number in range(12):
        world.move(world.ask(event, f"Question {number}?", f"asker {number}"), Action.APPROVE)
    anybody.get("/@audrey/live")
    eventually(lambda: known(served, world, event))
    with rendered(served, 0):
        assert len({anybody.get("/@audrey/live").content for _ in range(20)}) == 1


def test_a_text_that_is_hidden_late_leaves_the_record_though_the_public_log_tells_nothing_of_it(
    anybody: httpx2.Client, world: World
) -> None:
    event = world.event(steps=TO_LIVE)
    card = world.move(world.ask(event, "Declined, and hidden later."), Action.DECLINE, code="time_ran_out")
    for step in TO_CLOSED[len(TO_LIVE) :]:
        event = world.step(event, step)
    paths = ("?show=all", "/record.json", "/record.csv")
    assert all("hidden later" in anybody.get(f"/@audrey/live{path}").text for path in paths)
    head = world.database.read(log.head, event.id, Channel.PUBLIC)
    world.move(card, Action.HIDE, code="unlawful")
    assert world.database.read(log.head, event.id, Channel.PUBLIC) == head
    hidden = monotonic()
    for path in paths:
        eventually(partial(lacks, anybody, f"/@audrey/live{path}", "hidden later"))
    assert monotonic() - hidden < 2


def test_the_directory_and_the_accounts_pages_follow_all_events(
    served: Served, anybody: httpx2.Client, world: World
) -> None:
    event = world.event(steps=(Step.ANNOUNCE,))
    paths = ("/", "/@audrey", "/@audrey/feed.atom")
    before = {path: anybody.get(path).text for path in paths}
    with rendered(served, 0):
        assert {path: anybody.get(path).text for path in paths} == before
    for step in (Step.COLLECT, Step.OPEN):
        event = world.step(event, step)
    world.answer(event, "An answer for the posts.")
    asked = monotonic()
    for path in paths:
        eventually(partial(lacks, anybody, path, before[path]))
    eventually(lambda: "An answer for the posts." in anybody.get("/@audrey/feed.atom").text)
    assert monotonic() - asked < 2


def test_made_up_cursors_fill_the_shelf_to_its_bound_and_no_further_and_the_page_stays(
    served: Served, anybody: httpx2.Client, event: Event
) -> None:
    shelf = shelf_of(served)
    small = Shelf(shelf._app, served.site, shelf._rows, most_addresses=40)
    served.app.middleware_stack = small
    anybody.get("/@audrey/live")
    for cursor in range(100):
        assert anybody.get(f"/@audrey/live/entries?epoch=made-up-{cursor}").status_code == 200
        anybody.get("/@audrey/live")
    assert len(small._addresses) <= 40
    assert ("/@audrey/live", b"") in small._addresses
    assert small._size == sum(body.size for body in small._bodies())


def test_the_bytes_it_holds_are_bounded_and_one_giant_does_not_empty_it(
    served: Served, anybody: httpx2.Client, event: Event
) -> None:
    shelf = shelf_of(served)
    small = Shelf(shelf._app, served.site, shelf._rows, most_bytes=400_000)
    served.app.middleware_stack = small
    for tag in ("en", "he", "ar", "fr", "ru", "es", "zh-Hans", "zh-Hant"):
        for path in ("", "/screen", "/q/1"):
            assert anybody.get(f"/@audrey/live{path}?lang={tag}").status_code == 200
    assert 0 < small._size <= 400_000
    tiny = Shelf(shelf._app, served.site, shelf._rows, most_bytes=1_000)
    served.app.middleware_stack = tiny
    assert anybody.get("/@audrey/live").status_code == 200
    assert tiny._size == 0


async def test_a_handler_that_sets_a_cookie_or_says_no_store_is_not_kept_whatever_it_promised(
    served: Served, world: World
) -> None:
    """The last line of defence: it would be a fault, and must not become everybody's."""
    world.event()
    for headers, kept in (({"Set-Cookie": "a=1"}, 0), ({"Cache-Control": "no-store"}, 0), ({}, 1)):

        async def careless(scope: Scope, receive: Receive, send: Send, headers: dict[str, str] = headers) -> None:
            scope["qa.promise"].marks = ()
            await Response("Everybody's?", headers=headers)(scope, receive, send)

        shelf = Shelf(careless, served.site, shelf_of(served)._rows)
        sent: list[object] = []

        async def send(message: object, sent: list[object] = sent) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": "GET",
            "path": "/how",
            "query_string": b"",
            "headers": [(b"host", b"localhost")],
        }
        await shelf(scope, None, send)  # type: ignore[arg-type] # nothing is received
        assert len(sent) == 2
        assert len(shelf._addresses) == kept


def test_what_is_packed_is_what_is_plain(served: Served, anybody: httpx2.Client, event: Event) -> None:
    anybody.get("/@audrey/live")
    address = shelf_of(served)._addresses["/@audrey/live", b""]
    (body,) = address.bodies.values()
    assert body.packed is not None
    assert gzip.decompress(body.packed.whole.body) == body.plain.whole.body
    assert json.loads(anybody.get("/@audrey/live/snapshot.json").text)["seq"] > 0


def test_what_another_process_hides_leaves_the_kept_pages_of_this_one_within_two_seconds(database_url: str) -> None:
    """No Redis: the log itself tells, and is looked at twice a second."""
    with serving(database_url) as here, serving(database_url) as there, httpx2.Client(base_url=here.url) as client:
        world = World(there.site.database, there.site.writer)
        card = world.answer(world.event(), "The answer to it.", "The text that must go?")
        paths = ("/@audrey/live", "/@audrey/live/snapshot.json", "/@audrey/live/entries?after=0", "/@audrey")
        for path in paths:
            eventually(partial(has, client, path, "must go"))
        world.move(card, Action.HIDE, code="unlawful")
        hidden = monotonic()
        for path in paths:
            eventually(partial(lacks, client, path, "must go"))
        assert monotonic() - hidden < 2


def test_nothing_is_kept_for_longer_than_a_minute(served: Served, anybody: httpx2.Client) -> None:
    """For what no log tells of: a name that was changed by hand."""
    began = monotonic()
    anybody.get("/how")
    (body,) = shelf_of(served)._addresses["/how", b""].bodies.values()
    assert body.holds(began + 59)
    assert not body.holds(monotonic() + 60)


async def test_a_line_in_the_log_now_and_then_counts_for_all_that_was_sent(served: Served, event: Event) -> None:
    shelf = shelf_of(served)
    at_once_many = 50
    await asyncio.to_thread(at_once, f"{served.url}/@audrey/live", at_once_many)
    shelf._reported = (monotonic() - 60, shelf.counts.asked - at_once_many)
    with capture_logs() as lines:
        await shelf.report()
        await shelf.report()
    (line,) = lines
    assert (line["event"], line["asked"], line["made"]) == ("served", shelf.counts.asked, shelf.counts.made)
    assert line["bytes"] > 0
