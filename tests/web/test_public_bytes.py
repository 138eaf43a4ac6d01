"""What stands at public addresses is the same for everybody: no header, cookie or query of a reader changes a byte."""

import httpx2
import pytest

from qa.domain.events import Event
from qa.domain.questions import Action
from qa.routes import Who, table
from qa.web.kept import MISSING
from qa.web.queries import canonical
from qa.wires import Wires
from tests.serving import Served
from tests.web.crowd import at_once
from tests.world import TO_CLOSED, TO_LIVE, World

PAGES = ("", "/screen", "/q/1", "/feed.atom", "/snapshot.json", "/entries?after=0", "/open.json")
CACHES = "public, max-age=0, s-maxage=1, stale-while-revalidate=1, stale-if-error=3600"


@pytest.fixture
def event(world: World) -> Event:
    """Live, with an answer and an open question."""
    made = world.event()
    world.answer(made)
    world.move(world.ask(made, "And then?", "another"), Action.APPROVE)
    return made


@pytest.mark.parametrize("path", [*PAGES, "/record.json", "/log.json"])
def test_nothing_that_a_reader_tells_but_address_and_language_changes_a_byte(
    path: str, served: Served, world: World, event: Event
) -> None:
    """Whoever comes first, so that a poisoned answer would be the one that is kept."""
    if path == "/record.json":
        for step in TO_CLOSED[len(TO_LIVE) :]:
            event = world.step(event, step)
    mark = "canary-7f3a"
    headers = {
        "X-Forwarded-Host": f"{mark}.example",
        "X-Original-URL": f"/{mark}",
        "X-Rewrite-URL": f"/{mark}",
        "X-Forwarded-Proto": "https",
        "Forwarded": f"host={mark}.example",
        "Cookie": f"qa_asker={mark}; qa_session={mark}; qa_lang=he",
        "Authorization": f"Bearer {mark}",
        "Accept": f"application/{mark}",
        "Origin": f"http://{mark}.example",
        "Referer": f"http://{mark}.example/",
        "User-Agent": mark,
        "Range": "bytes=0-9",
        "If-Modified-Since": "Thu, 01 Jan 2099 00:00:00 GMT",
    }
    address = f"{served.url}/@audrey/live{path}"
    more = f"{address}{'&' if '?' in path else '?'}utm_source={mark}&{mark}=1&callback={mark}"
    first = httpx2.get(more, headers=headers)
    second = httpx2.get(address)
    assert first.status_code == second.status_code == 200
    assert first.content == second.content
    assert mark not in first.text
    kept = ("cache-control", "vary", "etag", "content-security-policy", "content-type")
    assert [first.headers.get(name) for name in kept] == [second.headers.get(name) for name in kept]
    assert "set-cookie" not in first.headers
    assert mark not in str(first.headers)


@pytest.mark.parametrize("path", PAGES)
def test_public_answers_tell_shared_caches_how_long_they_are_good(
    path: str, anybody: httpx2.Client, event: Event
) -> None:
    headers = anybody.get(f"/@audrey/live{path}").headers
    assert headers["cache-control"] == CACHES
    negotiated = path in {"", "/screen", "/q/1", "/feed.atom"}
    assert headers["vary"] == ("Accept-Language, Accept-Encoding" if negotiated else "Accept-Encoding")
    assert "set-cookie" not in headers


def test_what_is_not_there_is_not_personal_and_soon_asked_for_again(anybody: httpx2.Client, event: Event) -> None:
    for path in ("/@nobody", "/@audrey/nothing", "/@audrey/live/q/99", "/@audrey/live/record.json"):
        answers = [anybody.get(path, headers=headers) for headers in ({}, {"Cookie": "qa_asker=me", "Accept": "x/y"})]
        assert {answer.status_code for answer in answers} == {404}, path
        assert answers[0].content == answers[1].content
        assert answers[0].headers["cache-control"] == MISSING.decode()


def test_the_tag_spares_the_body_and_each_form_has_its_own(anybody: httpx2.Client, event: Event) -> None:
    for path in PAGES:
        address = f"/@audrey/live{path}"
        packed = anybody.get(address, headers={"Accept-Encoding": "gzip"})
        plain = anybody.get(address, headers={"Accept-Encoding": "identity"})
        refused = anybody.get(address, headers={"Accept-Encoding": "gzip;q=0, br"})
        assert packed.content == plain.content == refused.content
        assert "content-encoding" not in plain.headers
        assert plain.headers["etag"] == refused.headers["etag"]
        if len(plain.content) > 200:
            assert packed.headers["content-encoding"] == "gzip"
            assert packed.headers["etag"] != plain.headers["etag"]
        for asked in (plain.headers["etag"], f'"x", W/{plain.headers["etag"]}', "*"):
            again = anybody.get(address, headers={"Accept-Encoding": "identity", "If-None-Match": asked})
            assert (again.status_code, again.content) == (304, b""), path
            assert again.headers["etag"] == plain.headers["etag"]
            assert again.headers["cache-control"] == CACHES
        other = anybody.get(address, headers={"Accept-Encoding": "identity", "If-None-Match": '"other"'})
        assert other.status_code == 200


def test_head_tells_what_get_would_and_sends_nothing(anybody: httpx2.Client, event: Event) -> None:
    for path in PAGES:
        head, got = anybody.head(f"/@audrey/live{path}"), anybody.get(f"/@audrey/live{path}")
        assert head.content == b""
        told = ("content-length", "etag", "content-type", "content-encoding", "cache-control")
        assert [head.headers.get(name) for name in told] == [got.headers.get(name) for name in told]


def test_a_host_that_is_not_ours_gets_no_kept_page_either(served: Served, anybody: httpx2.Client, event: Event) -> None:
    assert anybody.get("/@audrey/live").status_code == 200
    assert anybody.get("/@audrey/live", headers={"Host": "evil.example"}).status_code == 400
    twice = at_once(f"{served.url}/@audrey/live", 1, {"host": "evil.example"})
    assert twice[0].status == 400


def test_an_address_with_a_language_is_not_negotiated_whatever_else_stands_in_it(
    anybody: httpx2.Client, event: Event
) -> None:
    for query in ("?q=lang%3Dhe", "?q=lang=he"):
        asked = [anybody.get(f"/{query}", headers={"Accept-Language": tag}) for tag in ("fr", "ru")]
        assert [got.headers["content-language"] for got in asked] == ["fr", "ru"]
    for query in ("?show=all&lang=he", "?lang=he&show=all"):
        asked = [anybody.get(f"/@audrey/live{query}", headers={"Accept-Language": tag}) for tag in ("fr", "ru")]
        assert [got.headers["content-language"] for got in asked] == ["he", "he"]
        assert asked[0].headers["vary"] == "Accept-Encoding"


def test_only_what_everybody_may_read_can_be_kept() -> None:
    rows = table(Wires(None, None))  # type: ignore[arg-type] # only the table is looked at
    kept = [row for row in rows if row.query is not None]
    assert len(kept) > 10
    assert {(row.method, row.who) for row in kept} == {("GET", Who.EVERYBODY)}


@pytest.mark.parametrize(
    ("raw", "meant"),
    [
        (b"", b""),
        (b"lang=he", b"lang=he"),
        (b"lang=zh-TW&utm_source=x", b"lang=zh-Hant"),
        (b"lang=xx", b""),
        (b"show=all&lang=he", b"lang=he&show=all"),
        (b"lang=he&lang=fr", b"lang=fr"),
        (b"show=everything", b""),
        (b"a=1&" * 5_000 + b"lang=he", b""),
        (b"lang=%ff%00", b""),
        (b"&&==&", b""),
    ],
)
def test_only_what_means_something_stays_of_a_query(raw: bytes, meant: bytes) -> None:
    assert canonical(("lang", "show"), raw) == meant
    assert canonical(("lang", "show"), meant) == meant


@pytest.mark.parametrize("raw", [b"seed=64", b"seed=-1", b"seed=9999999999999999999", "seed=٣".encode(), b"seed=1.5"])
def test_a_seed_that_no_page_has_is_none(raw: bytes) -> None:
    assert canonical(("seed",), raw) == b""
