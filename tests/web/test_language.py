"""The language stands in the address: public pages have the same bytes for everybody, and their links lead on in it."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from qa.domain.permissions import Role
from qa.domain.questions import Action
from qa.web.i18n import LANGUAGES
from tests.serving import Served, serving
from tests.web.conftest import signed_in
from tests.world import TO_CLOSED, TO_LIVE, World, key

PUBLIC = (
    "/",
    "/?q=Will",
    "/@audrey",
    "/@audrey/live",
    "/@audrey/live?show=all",
    "/@audrey/live/q/1",
    "/@audrey/live/q/1?version=1",
    "/@audrey/live/q/8",
    "/@audrey/live/screen",
    "/@audrey/over",
    "/@audrey/over?show=all",
    "/@audrey/feed.atom",
    "/@audrey/live/feed.atom",
    "/how",
)
PERSONAL = ("/@audrey/live/ask", "/@audrey/live/mine", "/q", "/q/nothing", "/j", "/j/nothing", "/nothing")
HEBREW = "ממשל פתוח, הלכה למעשה"


class Links(HTMLParser):
    """Where a page leads: `found` are addresses of ours, `kept` the fields that forms sent by GET send along."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.kept: list[str] = []
        self.forms = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attributes}
        if tag == "form" and told.get("method") == "get":
            self.forms += 1
        elif "hreflang" not in told:
            self.found += [told[name] for name in ("href", "action") if told.get(name, "").startswith("/")]
        if tag == "input" and told.get("name") == "lang" and told.get("type") == "hidden":
            self.kept.append(told["value"])


def has_a_language(url: str) -> bool:
    """Files and downloads are the same in every language."""
    path = urlsplit(url).path
    return not path.startswith("/static/") and not path.endswith((".json", ".csv"))


def languages_of(url: str) -> list[str]:
    return parse_qs(urlsplit(url).query).get("lang", [])


def in_language(path: str, tag: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}lang={tag}"


@pytest.fixture
def peopled(world: World) -> World:
    """A live event with answers (one has two versions) and open questions, and one that is over."""
    live = world.event()
    cards = [world.answer(live, f"Answer {n}.", f"Will it {n}?", f"asker {n}") for n in range(7)]
    world.correct(cards[0], "Said otherwise.")
    world.move(world.ask(live), Action.APPROVE)
    over = world.event("over", steps=TO_LIVE)
    world.answer(over, "We asked.", "Why?")
    for step in TO_CLOSED[len(TO_LIVE) :]:
        over = world.step(over, step)
    return world


@pytest.fixture
def readers(served: Served) -> Iterator[tuple[httpx2.Client, httpx2.Client]]:
    """Two browsers: one that never was here, and one full of cookies from everywhere."""
    cookies = {"qa_lang": "he", "qa_asker": "made.up", "qa_session": "made up", "theme": "dark"}
    with httpx2.Client(base_url=served.url) as new, httpx2.Client(base_url=served.url, cookies=cookies) as known:
        yield new, known


@pytest.mark.parametrize("path", PUBLIC)
def test_readers_with_different_cookies_get_the_same_bytes_and_no_cookie(
    path: str, readers: tuple[httpx2.Client, httpx2.Client], peopled: World
) -> None:
    for address in (path, in_language(path, "fr")):
        first, second = (reader.get(address, headers={"Accept-Language": "ru"}) for reader in readers)
        assert first.status_code == 200
        assert first.content == second.content
        for got in (first, second):
            assert "set-cookie" not in got.headers
            assert "Cookie" not in got.headers["vary"]
            assert "public" in got.headers["cache-control"]


@pytest.mark.parametrize("path", PUBLIC)
def test_an_address_with_a_language_is_the_same_for_every_browser_and_one_without_says_what_it_varies_by(
    path: str, anybody: httpx2.Client, peopled: World
) -> None:
    asked = [anybody.get(in_language(path, "he"), headers={"Accept-Language": wish}) for wish in ("ru", "es;q=0.9")]
    assert asked[0].content == asked[1].content
    assert {got.headers["vary"] for got in asked} == {"Accept-Encoding"}
    negotiated = [anybody.get(path, headers={"Accept-Language": wish}) for wish in ("ru", "es;q=0.9")]
    assert negotiated[0].content != negotiated[1].content
    assert {got.headers["vary"] for got in negotiated} == {"Accept-Language, Accept-Encoding"}


def test_two_processes_write_the_same_bytes_at_different_moments(
    sqlite_url: str, anybody: httpx2.Client, peopled: World
) -> None:
    own = [path for path in PUBLIC if not path.endswith(("/screen", ".atom"))]  # these name the server's address
    first = {path: anybody.get(path).content for path in own}
    with serving(sqlite_url) as another:
        assert {path: httpx2.get(f"{another.url}{path}").content for path in own} == first


def test_a_language_we_do_not_have_is_none(anybody: httpx2.Client, world: World) -> None:
    world.event()
    got = anybody.get("/@audrey/live?lang=xx", headers={"Accept-Language": "he"})
    assert got.headers["content-language"] == "he"
    assert "Accept-Language" in got.headers["vary"]
    assert "lang=xx" not in got.text


@pytest.mark.parametrize("tag", LANGUAGES)
def test_every_page_links_on_in_the_language_of_its_address(tag: str, anybody: httpx2.Client, peopled: World) -> None:
    for path in PUBLIC + PERSONAL:
        got = anybody.get(in_language(path, tag))
        if not path.endswith(".atom"):
            assert f'<html lang="{tag}"' in got.text, path
        page = Links(got.text)
        assert not [url for url in page.found if has_a_language(url) and languages_of(url) != [tag]], path
        assert page.kept.count(tag) >= page.forms, path
        assert page.found or path.endswith(("/screen", ".atom")), path


def test_a_page_that_was_not_asked_for_in_a_language_names_none(anybody: httpx2.Client, peopled: World) -> None:
    for path in PUBLIC + PERSONAL:
        page = Links(anybody.get(path).text)
        assert not [url for url in page.found if languages_of(url)], path


def test_the_menu_of_languages_keeps_what_a_page_is_about_and_drops_what_only_tracks(
    anybody: httpx2.Client, peopled: World
) -> None:
    html = anybody.get("/?q=Will&utm_source=x&lang=en").text
    assert re.findall(r'href="([^"]+)" lang="he"', html) == ["/?q=Will&amp;lang=he"]


def test_what_is_asked_voted_and_looked_up_without_script_leads_on_in_the_language(
    anybody: httpx2.Client, peopled: World
) -> None:
    code = peopled.reread(peopled.event("third")).short
    sent = anybody.post("/@audrey/live/questions?lang=he", data={"key": key(), "text": "And mine?"})
    voted = anybody.post("/@audrey/live/questions/8/voice?lang=he", data={"on": "1"})
    looked_up = anybody.get("/q?code=4K7M-Q2XD-9TRA&lang=he")
    joined = anybody.get(f"/j?code={code}&lang=he")
    assert [got.headers["location"] for got in (sent, voted, looked_up, joined)] == [
        "/@audrey/live/mine?lang=he#q9",
        "/@audrey/live?lang=he#q8",
        "/q/4K7MQ2XD9TRA?lang=he",
        "/@audrey/third?lang=he",
    ]
    assert HEBREW in anybody.get(sent.headers["location"]).text
    assert "qa_lang" not in anybody.cookies


def test_the_staffs_choice_is_kept_for_the_desk_alone(served: Served, world: World) -> None:
    event = world.event()
    world.person("moderator", event, Role.MODERATOR)
    with signed_in(served, world, "moderator") as client:
        chosen = client.get("/desk/audrey/live?lang=he")
        assert re.search(r"qa_lang=he;.* Path=/desk;", chosen.headers["set-cookie"])
        assert '<html lang="he"' in client.get("/desk").text
        assert '<html lang="en"' in client.get("/@audrey/live").text
        assert '<html lang="en"' in client.get("/desks", headers={"Accept": "*/*", "Cookie": "qa_lang=he"}).text
