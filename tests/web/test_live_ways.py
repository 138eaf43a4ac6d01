"""The three ways to the same entries, over real sockets: WebSocket, server-sent events, polling.

Sockets twice: handed over to the hub by their descriptor, and kept by the application.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from time import monotonic
from typing import Any

import httpx2
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from qa.actions import events as event_actions
from qa.domain.channels import Channel
from qa.domain.events import Action as Step
from qa.domain.permissions import Role
from qa.domain.questions import Action
from qa.domain.snapshot import fold
from qa.store import questions
from tests.eventually import eventually
from tests.serving import Served, serving
from tests.web.conftest import signed_in
from tests.world import BOSS, World

Frame = dict[str, Any]


@pytest.fixture(params=["handed over", "kept by the application"])
def served(request: pytest.FixtureRequest, sqlite_url: str) -> Iterator[Served]:
    """Both ways a socket can be served must behave the same: by its descriptor, and as any ASGI server does it."""
    with serving(sqlite_url, plain=request.param != "handed over") as running:
        yield running


def frames_of(socket: ClientConnection, count: int) -> list[Frame]:
    """So many entries, states left out."""
    entries: list[Frame] = []
    while len(entries) < count:
        frame = json.loads(socket.recv(timeout=10))
        entries += [frame] if "seq" in frame and frame["type"] != "hello" else []
    return entries


def until_closed(socket: ClientConnection) -> None:
    """Read on until the other side has closed."""
    with suppress(ConnectionClosed):
        while True:
            socket.recv(timeout=10)


@contextmanager
def viewer(served: Served, query: str = "", path: str = "/@audrey/live/live") -> Iterator[ClientConnection]:
    with connect(f"{served.sockets}{path}{query}", subprotocols=["qa.v1"]) as socket:  # type: ignore[list-item]
        yield socket


def test_all_three_ways_tell_the_same_entries_in_the_same_order(served: Served, world: World) -> None:
    event = world.event()
    world.answer(event)
    with viewer(served, "?after=0") as socket:
        assert json.loads(socket.recv(timeout=10))["type"] == "hello"
        by_socket = frames_of(socket, 8)
    by_poll = httpx2.get(f"{served.url}/@audrey/live/entries?after=0").json()["entries"]
    by_stream: list[Frame] = []
    with httpx2.stream("GET", f"{served.url}/@audrey/live/stream?after=0") as response:
        for line in response.iter_lines():
            if line.startswith("data: "):
                frame = json.loads(line.removeprefix("data: "))
                by_stream += [frame] if "seq" in frame and frame["type"] != "hello" else []
            if len(by_stream) == 8:
                break
    entries_polled = [frame for frame in by_poll if "seq" in frame]
    assert by_socket == entries_polled == by_stream
    assert [frame["seq"] for frame in by_socket] == list(range(1, 9))


def test_a_page_that_follows_its_snapshot_is_the_page_of_today(served: Served, world: World) -> None:
    event = world.event()
    world.answer(event)
    page = httpx2.get(f"{served.url}/@audrey/live/snapshot.json").json()
    with viewer(served, f"?after={page['seq']}&epoch={page['epoch']}") as socket:
        world.answer(event, question="And then?", who="another")
        entries = frames_of(socket, 5)
    today = httpx2.get(f"{served.url}/@audrey/live/snapshot.json").json()
    parts = ("seq", "event", "questions", "answers")
    folded = fold(page, entries)
    assert {part: folded[part] for part in parts} == {part: today[part] for part in parts}


@pytest.mark.parametrize("query", ["?after=0&epoch=another", "?after=999", "?after=x"])
def test_a_cursor_that_fits_nothing_is_told_to_reload_on_every_way(query: str, served: Served, world: World) -> None:
    world.event()
    with viewer(served, query) as socket:
        assert [json.loads(socket.recv(timeout=10))["type"] for _ in range(2)] == ["hello", "reload"]
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=10)
        assert socket.close_code == 4301
    assert httpx2.get(f"{served.url}/@audrey/live/entries{query}").json() == {"reload": "/@audrey/live/snapshot.json"}
    streamed = httpx2.get(f"{served.url}/@audrey/live/stream{query}").text
    assert '"type":"reload"' in streamed


def test_a_hidden_question_leaves_every_open_page_and_every_address_within_two_seconds(
    served: Served, world: World
) -> None:
    event = world.event()
    card = world.answer(event, "The answer to it.", "The text that must go?")
    with viewer(served) as socket:
        assert json.loads(socket.recv(timeout=10))["type"] == "hello"
        current = world.database.read(questions.get, event.id, card.n)
        assert current is not None
        started = monotonic()
        world.move(current, Action.HIDE, code="unlawful")
        assert frames_of(socket, 1)[0]["type"] == "answer.removed"
        assert monotonic() - started < 2
        paths = ("", "/screen", "/snapshot.json", "/entries?after=0", "/feed.atom", "/stream?after=999999")
        for path in paths:
            assert "must go" not in httpx2.get(f"{served.url}/@audrey/live{path}").text
        assert "must go" not in httpx2.get(f"{served.url}/@audrey").text
        assert httpx2.get(f"{served.url}/@audrey/live/q/{card.n}").status_code == 404


def test_a_role_taken_away_closes_its_sockets_within_two_seconds_and_no_others(served: Served, world: World) -> None:
    event = world.event()
    world.person("moderator", event, Role.MODERATOR)
    world.person("editor", event, Role.EDITOR)
    with ExitStack() as stack:
        gone, stays = (stack.enter_context(signed_in(served, world, login)) for login in ("moderator", "editor"))
        closing, staying = (stack.enter_context(desk_socket(served, client)) for client in (gone, stays))
        assert all(json.loads(socket.recv(timeout=10))["type"] == "hello" for socket in (closing, staying))
        hub = served.app.state.hub
        assert hub.count(event.id, Channel.STAFF) == 2
        # As descriptors of the hub, or all of them kept by the application.
        assert hub.audience.count((event.id, Channel.STAFF)) in {0, 2}
        started = monotonic()
        world.give("moderator", event, Role.MODERATOR, given=False)
        until_closed(closing)
        assert monotonic() - started < 2.5
        assert closing.close_code == 4403
        assert gone.get("/desk/audrey/live/snapshot.json").status_code == 404
        world.ask(event)
        assert any(frame["type"] == "question.moved" for frame in frames_of(staying, 2))


@contextmanager
def desk_socket(served: Served, client: httpx2.Client) -> Iterator[ClientConnection]:
    headers = {"Cookie": f"qa_session={client.cookies['qa_session']}"}
    with connect(f"{served.sockets}/desk/audrey/live/live", additional_headers=headers) as socket:
        yield socket


@pytest.mark.parametrize("plain", [False, True])
def test_a_server_that_stops_tells_its_viewers_to_come_back(sqlite_url: str, plain: bool) -> None:
    with ExitStack() as stack:
        with serving(sqlite_url, plain=plain) as served:
            World(served.site.database, served.site.writer).event()
            socket = stack.enter_context(viewer(served))
            hello = json.loads(socket.recv(timeout=10))
            assert 0 < hello["retry"]["min"] <= hello["retry"]["max"]
        until_closed(socket)
        assert socket.close_code == 1012


def test_who_comes_a_second_after_the_opening_sees_it_open(served: Served, world: World) -> None:
    event = world.event(steps=(Step.ANNOUNCE, Step.COLLECT))
    with viewer(served) as socket:
        world.step(event, Step.OPEN)
        assert frames_of(socket, 1)[0]["type"] == "event.opened"
    page = httpx2.get(f"{served.url}/@audrey/live/snapshot.json").json()
    assert page["event"]["phase"] == "live"
    assert page["event"]["opened_at"]


def test_the_opening_is_told_to_fifty_waiting_pages_at_once(served: Served, world: World) -> None:
    event = world.event()
    with_notice: list[str] = []

    def wait_for_it() -> None:
        with viewer(served) as socket:
            ready.release()
            with_notice.append(frames_of(socket, 1)[0]["data"]["notice"])

    ready = threading.Semaphore(0)
    threads = [threading.Thread(target=wait_for_it) for _ in range(50)]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert ready.acquire(timeout=10)
    world.writer.run(lambda tx: event_actions.set_notice(tx, BOSS, event.id, "We go on until five."))
    eventually(lambda: len(with_notice) == 50)
    assert set(with_notice) == {"We go on until five."}
