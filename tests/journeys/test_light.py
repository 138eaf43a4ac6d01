"""The event's page is light: 30 kB with all it loads, readable after one request, the same rules after packing."""

import gzip

import pytest
from playwright.sync_api import Request, Response, Route, expect

from qa import seeds
from qa.web import files
from qa.web.i18n import LANGUAGES
from tests.journeys.visitors import DESKTOP, PHONE, Visitor, Visitors
from tests.serving import Served
from tests.world import World

EVENT = "/@audreyt/open-government"
# With 6 answers and 12 open questions of real length. Bytes, each file compressed by itself.
LIGHT = 30_000

# All rules of a stylesheet as the browser understands them. It gives a variable back letter by letter.
RULES = r"""text => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  return [...sheet.cssRules].map(rule => rule.cssText.replace(/([,:])\s+/g, '$1'));
}"""
PAINTED = "() => performance.getEntriesByName('first-contentful-paint').length > 0"
STYLE = "(node, name) => getComputedStyle(node)[name]"


@pytest.fixture
def demonstration(served: Served) -> Served:
    seeds.fill(served.site.database, served.site.settings)
    return served


@pytest.mark.timeout(240)
def test_the_events_page_weighs_30_kb_in_every_language_with_its_styles_and_scripts(
    visitors: Visitors, demonstration: Served
) -> None:
    for tag in LANGUAGES:
        weights = weigh(visitors.arrive(f"a reader of {tag}"), f"{EVENT}?lang={tag}")
        assert list(weights) == [f"open-government?lang={tag}", "event.js"]
        assert sum(weights.values()) <= LIGHT, (tag, weights)


def weigh(reader: Visitor, address: str) -> dict[str, int]:
    """The page and each script that the browser loads for it, by name, in bytes."""
    loaded: list[Response] = []

    def note(got: Response) -> None:
        loaded.append(got)

    reader.page.on("response", note)
    reader.go(address)
    expect(reader.page.locator("#answers > *")).to_have_count(6)
    expect(reader.page.locator("#open-questions > *")).to_have_count(12)
    reader.page.wait_for_load_state("networkidle")
    # What is asked for when a reader comes near the list of open questions is no file of the page.
    files_of = {got.url: got.body() for got in loaded if got.request.resource_type not in {"fetch", "xhr", "websocket"}}
    return {url.rsplit("/", 1)[1]: len(gzip.compress(body, 9)) for url, body in files_of.items()}


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_one_request_paints_the_page_and_nothing_else_is_waited_for(
    viewport: dict[str, int], visitors: Visitors, demonstration: Served
) -> None:
    reader = visitors.arrive("a reader whose line broke after the page", "he-IL", viewport)
    page = reader.page
    held: list[Route] = []
    page.route(
        "**/*", lambda route: route.continue_() if route.request.resource_type == "document" else held.append(route)
    )
    page.goto(f"{reader.url}{EVENT}", wait_until="commit")
    page.wait_for_function(PAINTED)
    assert {route.request.resource_type for route in held} <= {"script", "image", "other"}
    # The words are there, and they are dressed.
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator("#answers .words").first).to_be_visible()
    expect(page.locator("#open-questions .asking").first).to_be_visible()
    assert page.locator("#now").evaluate(STYLE, "backgroundColor") == "rgb(11, 74, 81)"
    assert page.locator("body").evaluate(STYLE, "margin") == "0px"
    assert page.locator(".answer").first.evaluate(STYLE, "display") == ("grid" if viewport is DESKTOP else "block")
    reader.fits_the_width()
    assert page.evaluate("performance.getEntriesByType('resource').length") == 0
    for route in held:
        route.abort()


def test_who_only_reads_asks_for_nothing_of_their_own_and_who_asked_does(
    visitors: Visitors, served: Served, world: World
) -> None:
    world.event()
    reader = visitors.arrive("somebody who reads, and then asks", viewport=DESKTOP)
    own: list[str] = []

    def note(asked: Request) -> None:
        own.extend([asked.url] if asked.url.endswith("mine.json") else [])

    reader.page.on("request", note)
    for path in ("/@audrey/live", "/@audrey/live/mine", "/@audrey/live"):
        reader.go(path)
        reader.page.wait_for_load_state("networkidle")
    assert own == []
    assert reader.context.cookies() == []
    reader.page.locator("#ask-text").fill("Will it?")
    reader.page.click("#ask-send")
    reader.sees("Received. Your question is no. 1.")
    for path in ("/@audrey/live", "/@audrey/live/mine"):
        reader.go(path)
        reader.page.wait_for_load_state("networkidle")
    assert len(own) == 2


@pytest.mark.parametrize("name", sorted(path.name for path in files.folder("static").glob("*.css")))
def test_a_packed_stylesheet_says_what_its_source_says(name: str, visitors: Visitors, served: Served) -> None:
    page = visitors.arrive("a browser", viewport=DESKTOP).page
    page.goto(f"{served.url}/how")
    source = (files.folder("static") / name).read_text("utf-8")
    rules = page.evaluate(RULES, source)
    assert len(rules) > 10
    assert page.evaluate(RULES, files.every()[name].text) == rules
    # One character less is seen.
    assert page.evaluate(RULES, files.every()[name].text.replace("{", "{ color: red;", 1)) != rules
