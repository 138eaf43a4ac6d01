"""The opening of a socket: answered at once where it is ordinary, by the library where it is odd, refused alike."""

import json
import socket
import ssl
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy.event import listen
from websockets.sync.client import connect

from qa.domain.channels import Channel
from qa.live import admission
from qa.live.gate import Gate
from tests.eventually import eventually
from tests.serving import Served, serving
from tests.web.test_live_ways import frames_of
from tests.world import World

PATH: Final = "/@audrey/live/live"


@pytest.fixture(params=["handed over", "kept by the application"])
def served(request: pytest.FixtureRequest, sqlite_url: str) -> Iterator[Served]:
    with serving(sqlite_url, plain=request.param != "handed over") as running:
        yield running


def opening(served: Served, path: str = PATH, **headers: str) -> bytes:
    host = served.url.removeprefix("http://")
    asked = {
        "Host": host,
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": b64encode(bytes(16)).decode(),
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in asked.items() if value)
    return f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode()


def answer(served: Served, *pieces: bytes, until: bytes = b"\r\n\r\n") -> bytes:
    host, port = served.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            line.sendall(piece)
        heard = b""
        while until not in heard and (chunk := line.recv(65536)):
            heard += chunk
        return heard


def status(heard: bytes) -> int:
    return int(heard.split(b" ", 2)[1])


def test_an_ordinary_opening_is_greeted_with_its_answer(served: Served, world: World) -> None:
    world.event()
    for _ in range(2):
        heard = answer(served, opening(served, Sec_WebSocket_Protocol="qa.v1"), until=b'"hello"')
        assert status(heard) == 101
        assert b"sec-websocket-accept: icx+yqv66kxgm0fcwalwlflwtai=\r\n" in heard.lower()
        assert b"sec-websocket-protocol: qa.v1\r\n" in heard.lower()


@pytest.mark.parametrize(
    ("odd", "expected"),
    [
        ({"path": PATH.replace("live/live", "%6Cive/live")}, 101),
        ({"Cookie": "x" * 6_000, "User_Agent": "y" * 4_000}, 101),
        ({"Connection": "keep-alive, Upgrade", "Upgrade": "WebSocket"}, 101),
        ({"path": "/@audrey/nothing/live"}, 404),
        ({"path": "/@nobody/live/live"}, 404),
        ({"Host": "elsewhere.example"}, 403),
        ({"Origin": "https://elsewhere.example"}, 403),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_WebSocket_Version": "12"}, 400),
        ({"Sec_WebSocket_Key": "short"}, 400),
    ],
)
def test_odd_ones_are_served_or_refused_the_same_whoever_answers(
    odd: dict[str, str], expected: int, served: Served, world: World
) -> None:
    world.event()
    # Once while nobody has asked for the event, and once when it is known.
    for _ in range(2):
        assert status(answer(served, opening(served, **odd))) == expected
        assert status(answer(served, opening(served))) == 101


def test_an_opening_in_pieces_is_put_together(served: Served, world: World) -> None:
    world.event()
    whole = opening(served)
    assert status(answer(served, whole[:40], whole[40:])) == 101


def test_hundreds_who_come_before_the_event_is_known_are_all_let_in(served: Served, world: World) -> None:
    world.event()
    host, port = served.url.removeprefix("http://").split(":")
    with ExitStack() as stack:
        lines = [stack.enter_context(socket.create_connection((host, int(port)), timeout=10)) for _ in range(200)]
        for line in lines:
            line.sendall(opening(served))
        assert all(status(line.recv(65536)) == 101 for line in lines)
        eventually(lambda: len(served.app.state.hub) == len(lines))
    eventually(lambda: len(served.app.state.hub) == 0)


def test_more_openings_than_the_gate_lets_through_are_told_to_come_back(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "Gate", lambda: Gate(per_second=0, at_once=3))
    with serving(sqlite_url) as served:
        World(served.site.database, served.site.writer).event()
        heard = [answer(served, opening(served)) for _ in range(5)]
        assert [status(one) for one in heard] == [101, 101, 101, 503, 503]
        assert b"\r\nRetry-After: 10\r\n" in heard[-1]


def test_a_full_process_tells_who_comes_to_come_back(served: Served, world: World) -> None:
    world.event()
    host, port = served.url.removeprefix("http://").split(":")
    served.app.state.hub.most = 2
    with ExitStack() as stack:
        for _ in range(2):
            line = stack.enter_context(socket.create_connection((host, int(port)), timeout=10))
            line.sendall(opening(served))
            assert status(line.recv(65536)) == 101
        refused = answer(served, opening(served))
        assert status(refused) == 503
        assert b"\r\nretry-after: 10\r\n" in refused.lower()
    eventually(lambda: len(served.app.state.hub) == 0)
    assert status(answer(served, opening(served))) == 101


def test_where_tls_ends_in_the_server_the_application_keeps_its_sockets(sqlite_url: str, tmp_path: Path) -> None:
    certificate = tmp_path / "certificate.pem"
    made = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1"
    where = ["-addext", "subjectAltName=IP:127.0.0.1", "-out", str(certificate), "-keyout", str(tmp_path / "key.pem")]
    subprocess.run([*made.split(), *where], check=True, capture_output=True)
    trusting = ssl.create_default_context(cafile=certificate)
    with certificate.open("a") as both:
        both.write((tmp_path / "key.pem").read_text())
    with serving(sqlite_url, certificate=certificate) as served:
        world = World(served.site.database, served.site.writer)
        event = world.event()
        for _ in range(2):
            with connect(f"{served.sockets}{PATH}?after=0", ssl=trusting) as viewer:
                assert json.loads(viewer.recv(timeout=10))["type"] == "hello"
                assert json.loads(viewer.recv(timeout=10))["seq"] == 1
                hub = served.app.state.hub
                assert hub.count(event.id, Channel.PUBLIC) == 1
                assert hub.audience.count((event.id, Channel.PUBLIC)) == 0


def test_hundreds_who_were_cut_off_resume_without_a_query_for_each(served: Served, world: World) -> None:
    event = world.event()
    for number in range(3):
        world.answer(event, f"Answer {number}.", who=f"asker {number}")
    with connect(f"{served.sockets}{PATH}?after=0") as first:
        head = frames_of(first, 13)[-1]["seq"]
    asked: list[str] = []
    listen(served.site.database.reading, "before_cursor_execute", lambda *said: asked.append(said[2]))
    host, port = served.url.removeprefix("http://").split(":")
    with ExitStack() as stack:
        lines = [stack.enter_context(socket.create_connection((host, int(port)), timeout=10)) for _ in range(200)]
        for line in lines:
            line.sendall(opening(served, f"{PATH}?after={head - 5}"))
        for line in lines:
            heard = b""
            while b'"seq":%d,' % head not in heard.partition(b'"hello"')[2].partition(b"}}")[2]:
                heard += line.recv(65536)
            assert [f'"seq":{seq},'.encode() in heard for seq in range(head - 5, head + 1)] == [False, *[True] * 5]
    # The clocks of the process ask now and then; nobody's coming does.
    assert len(asked) < 50, asked
