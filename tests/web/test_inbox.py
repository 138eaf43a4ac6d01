"""The quick way in answers as the ordinary way does, and leaves to it whatever is unusual."""

from collections.abc import Mapping
from typing import Any, Final

import httpx2
import pytest
from starlette.types import Message, Receive, Scope, Send

from qa.app import _slots
from qa.domain.questions import Action
from qa.routes import table
from qa.web import limits
from qa.web.inbox import Inbox
from qa.wires import Wires
from tests.serving import Served
from tests.world import World, key

BASE: Final = "/@audrey/live/questions"
JSON: Final = {"Content-Type": "application/json"}
# A header that comes twice goes the ordinary way.
TWICE: Final = [("X-Twice", "1"), ("X-Twice", "2")]
# What may differ from one answer to the next.
MOVING: Final = {"date"}

SAME: Final = "3f0e7c1e-5b0a-4a53-9d0e-0b6a3f0c2f11"
BODIES: Final[Mapping[str, tuple[str, bytes]]] = {
    "a repeat": ("", b'{"key": "%s", "text": "Once?"}' % SAME.encode()),
    "no text": ("", b'{"key": "%s", "text": ""}' % key().encode()),
    "a text of another kind": ("", b'{"key": "%s", "text": ["?"]}' % key().encode()),
    "too long": ("", b'{"key": "%s", "text": "%s"}' % (key().encode(), b"x" * 281)),
    "no key": ("", b'{"text": "Why?"}'),
    "no JSON": ("", b"{"),
    "no object": ("", b"[1]"),
    "no body": ("", b""),
    "too deep": ("", b"[" * 60_000),
    "too large": ("", b" " * 70_000),
    "a voice": ("/2/voice", b'{"on": "1"}'),
    "a voice taken back": ("/2/voice", b'{"on": false}'),
    "a voice for nothing": ("/99/voice", b'{"on": "1"}'),
    "a voice for what waits": ("/1/voice", b"{}"),
    "a voice for a number without end": (f"/{'9' * 40}/voice", b"{}"),
}


@pytest.fixture
def asked(served: Served, world: World) -> World:
    """An event the server knows, one question that waits and one that is open."""
    event = world.event()
    httpx2.post(f"{served.url}{BASE}", json={"key": SAME, "text": "Once?"})
    world.move(world.ask(event), Action.APPROVE)
    return world


def answered(served: Served, path: str, body: bytes, more: list[tuple[str, str]]) -> tuple[int, dict[str, str], bytes]:
    headers = [*JSON.items(), ("Accept-Language", "he"), *more]
    with httpx2.Client(base_url=served.url) as client:
        cookies = [("Cookie", f"qa_asker={client.post(BASE, json={'key': SAME}).cookies['qa_asker']}x")]
        told = client.post(f"{BASE}{path}", content=body, headers=[*headers, *cookies])
    kept = {name: value for name, value in told.headers.items() if name not in MOVING}
    # Whoever is new gets a name by chance.
    if "set-cookie" in kept and path:
        kept["set-cookie"] = kept["set-cookie"].partition(";")[2]
    return told.status_code, kept, told.content


@pytest.mark.parametrize("name", BODIES)
def test_both_ways_answer_in_the_same_bytes(name: str, served: Served, asked: World) -> None:
    path, body = BODIES[name]
    assert answered(served, path, body, []) == answered(served, path, body, TWICE)


async def taken(served: Served, method: str, path: str, *more: tuple[bytes, bytes]) -> bool:
    """Whether the quick way keeps a request for itself."""
    passed: list[str] = []

    async def ordinary(scope: Scope, receive: Receive, send: Send) -> None:
        passed.append(scope["path"])

    async def receive() -> Message:
        return {"type": "http.request", "body": b"no JSON", "more_body": False}

    async def send(message: Message) -> None:
        pass

    rows = table(Wires(None, None))  # type: ignore[arg-type] # only the table is looked at
    inbox = Inbox(ordinary, served.site, _slots(rows), 1_000)
    headers = [(b"host", b"127.0.0.1"), *more]
    scope: dict[str, Any] = {"type": "http", "method": method, "path": path, "root_path": "", "headers": headers}
    await inbox({**scope, "query_string": b"", "client": None, "app": served.app}, receive, send)
    return not passed


async def test_only_what_is_usual_is_kept_from_the_ordinary_way(served: Served, asked: World) -> None:
    json, form = (b"content-type", b"application/json"), (b"content-type", b"application/x-www-form-urlencoded")
    assert await taken(served, "POST", BASE, json)
    assert await taken(served, "POST", f"{BASE}/2/voice", json)
    assert not await taken(served, "GET", BASE, json)
    assert not await taken(served, "POST", BASE, form)
    assert not await taken(served, "POST", BASE)
    assert not await taken(served, "POST", BASE, json, json)
    assert not await taken(served, "POST", f"{BASE}/2/approve", json)
    assert not await taken(served, "POST", BASE.replace("live", "nothing"), json)
    assert not await taken(served, "POST", f"/desk{BASE[1:]}", json)


def test_a_network_that_sends_too_much_is_told_so_on_the_quick_way(
    served: Served, asked: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(limits.LIMITS, "ask", (3, 1))
    served.site.tries.clear()
    told = [httpx2.post(f"{served.url}{BASE}", json={"key": SAME, "text": "?"}) for _ in range(5)]
    assert [answer.status_code for answer in told] == [200, 200, 200, 429, 429]
    assert int(told[-1].headers["retry-after"]) > 30


@pytest.mark.parametrize("header", [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_the_guard_stands_before_it(header: dict[str, str], served: Served, asked: World) -> None:
    body = {"key": key(), "text": "Mine?"}
    assert httpx2.post(f"{served.url}{BASE}", json=body).status_code == 201
    assert httpx2.post(f"{served.url}{BASE}", json=body, headers=header).status_code == 403
    assert httpx2.post(f"{served.url}{BASE}", json=body, headers={"Host": "evil.example"}).status_code == 400
