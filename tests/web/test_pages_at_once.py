"""What the server answers where it read the request is what the application would say, and every rule of HTTP holds."""

import asyncio
import socket
from typing import Any

import pytest
from starlette.types import Message

from qa.domain.events import Event
from qa.domain.questions import Action
from qa.web.shelf import Shelf
from tests.serving import Served
from tests.web.crowd import answer, request
from tests.world import World

PATHS = ("", "/snapshot.json", "/entries?after=0", "/feed.atom")
PAGE = "/@audrey/live"


@pytest.fixture
def event(world: World) -> Event:
    made = world.event()
    world.answer(made)
    world.move(world.ask(made, "And then?", "another"), Action.APPROVE)
    return made


def shelf_of(served: Served) -> Shelf:
    shelf = served.app.middleware_stack
    assert isinstance(shelf, Shelf)
    return shelf


def raw(served: Served, data: bytes) -> bytes:
    """All that comes back until the server closes."""
    host, _, port = served.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(data)
        got = b""
        while piece := line.recv(65_536):
            got += piece
    return got


async def exchange(served: Served, data: bytes, answers: int) -> list[Any]:
    host, _, port = served.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(data)
    got = [await asyncio.wait_for(answer(reader), 20) for _ in range(answers)]
    writer.close()
    return got


async def by_the_application(served: Served, path: str, headers: dict[str, str], method: str) -> tuple[int, Any, bytes]:
    """The same request without a server, in ASGI's own words."""
    target, _, query = f"{PAGE}{path}".partition("?")
    told = [(b"host", served.url.removeprefix("http://").encode())]
    told += [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": target, "query_string": query.encode(), "headers": told}
    await shelf_of(served)(scope, None, send)  # type: ignore[arg-type] # nothing is received
    return sent[0]["status"], sorted(sent[0]["headers"]), sent[1]["body"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
async def test_both_ways_say_the_same(path: str, encoding: str, served: Served, event: Event) -> None:
    address, headers = f"{served.url}{PAGE}{path}", {"Accept-Encoding": encoding, "Accept-Language": "fr"}
    (first,) = await exchange(served, request(address, headers), 1)
    for method, more in (
        ("GET", {}),
        ("GET", {"If-None-Match": first.headers["etag"]}),
        ("GET", {"If-None-Match": "x"}),
    ):
        (got,) = await exchange(served, request(address, headers | more, method), 1)
        found = shelf_of(served).quickly(scope_of(served, path, headers | more, method))
        assert found is not None, "it was not at hand"
        status, told, body = await by_the_application(served, path, headers | more, method)
        assert (got.status, got.body) == (status, body)
        own = {name.encode(): value.encode() for name, value in got.headers.items() if name != "date"}
        assert own == dict(told)
        assert "date" in got.headers


def scope_of(served: Served, path: str, headers: dict[str, str], method: str) -> dict[str, Any]:
    target, _, query = f"{PAGE}{path}".partition("?")
    told = [(b"host", served.url.removeprefix("http://").encode())]
    told += [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return {"method": method, "path": target, "query_string": query.encode(), "headers": told}


async def test_requests_in_a_row_are_answered_in_their_order_kept_or_not(served: Served, event: Event) -> None:
    paths = ["/snapshot.json", "/ask", "/snapshot.json", "/feed.atom", "/mine.json", "/nothing", "/snapshot.json"] * 20
    data = b"".join(request(f"{served.url}{PAGE}{path}") for path in paths)
    got = await exchange(served, data, len(paths))
    kinds = {"/ask": "text/html", "/feed.atom": "application/atom+xml", "/nothing": "text/html"}
    for path, each in zip(paths, got, strict=True):
        assert each.headers["content-type"].startswith(kinds.get(path, "application/json")), path
        assert each.status == (404 if path == "/nothing" else 200)


async def test_who_asks_for_much_and_reads_late_gets_all_of_it(served: Served, event: Event) -> None:
    await exchange(served, request(f"{served.url}{PAGE}"), 1)
    got = await exchange(served, request(f"{served.url}{PAGE}") * 2_000, 2_000)
    assert len({each.body for each in got}) == 1
    assert {each.status for each in got} == {200}


async def test_a_request_in_pieces_and_one_with_a_body_are_read_as_ever(served: Served, event: Event) -> None:
    asked = request(f"{served.url}{PAGE}/snapshot.json")
    (whole,) = await exchange(served, asked, 1)
    host, _, port = served.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    for place in range(len(asked)):
        writer.write(asked[place : place + 1])
        await writer.drain()
    assert (await asyncio.wait_for(answer(reader), 10)).body == whole.body
    with_body = (
        asked[:-2]
        + b"Content-Length: 64\r\n\r\n"
        + b"GET /smuggled HTTP/1.1\r\nHost: 127.0.0.1\r\nX: y\r\n\r\n".ljust(64)
    )
    writer.write(with_body + asked)
    for _ in range(2):
        # What stood in the body was no request.
        assert (await asyncio.wait_for(answer(reader), 10)).body == whole.body
    writer.close()


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
def test_a_connection_that_is_to_end_ends(version: bytes, served: Served, event: Event) -> None:
    asked = request(f"{served.url}{PAGE}/snapshot.json", {"Connection": "close"}).replace(
        b"HTTP/1.1", b"HTTP/" + version
    )
    raw(served, asked)
    got = raw(served, asked)
    assert got.count(b"HTTP/1.1 200 OK") == 1
    assert b"\r\nconnection: close\r\n" in got
    assert got.endswith(b"}")


def test_head_has_no_body_and_the_next_answer_follows_at_once(served: Served, event: Event) -> None:
    head = request(f"{served.url}{PAGE}/snapshot.json", method="HEAD")
    last = request(f"{served.url}{PAGE}/snapshot.json", {"Connection": "close"})
    raw(served, last)
    got = raw(served, head + last)
    assert got.count(b"HTTP/1.1 200 OK") == 2
    assert got.count(b'"epoch"') == 1
