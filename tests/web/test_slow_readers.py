"""Who does not read costs a bounded amount, harms nobody and is let go; who reads slowly is told to start anew."""

import json
import socket
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from websockets.sync.client import connect

from qa.domain.channels import Channel
from qa.domain.events import Event
from qa.live import ring
from qa.store import log
from tests.eventually import eventually
from tests.serving import Served, serving
from tests.web.test_live_ways import frames_of, viewer
from tests.world import World

# Kernel and process together, for each (see the README's promises).
MOST: Final = 256 * 1024
TEXT: Final = "Yes, and here is why, at some length. " * 50


@pytest.fixture
def event(world: World) -> Event:
    return world.event()


@contextmanager
def deaf(served: Served) -> Iterator[socket.socket]:
    """A viewer whose kernel takes next to nothing, and who never reads."""
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        host, port = served.url.removeprefix("http://").split(":")
        line.connect((host, int(port)))
        asked = {
            "Host": f"{host}:{port}",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": b64encode(bytes(16)).decode(),
        }
        headers = "".join(f"{name}: {value}\r\n" for name, value in asked.items())
        line.sendall(f"GET /@audrey/live/live HTTP/1.1\r\n{headers}\r\n".encode())
        yield line


def say(world: World, event: Event, count: int, text: str = TEXT) -> None:
    """So many entries, committed together."""

    def many(tx: Any) -> None:
        for number in range(count):
            log.append(tx, event.id, Channel.PUBLIC, "notice", {"text": f"{number} {text}"})

    world.writer.run(many)


def unsent(port: int) -> int:
    """The bytes that the kernel keeps for the readers of a port, from the table of the system's connections."""
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    ours = f":{port:04X}"
    return sum(int(row[4].split(":")[0], 16) for row in rows if row[1].endswith(ours))


def test_deaf_viewers_cost_a_bounded_amount_and_keep_nobody_from_hearing_everything(
    served: Served, world: World, event: Event
) -> None:
    audience = served.app.state.hub.audience
    port = int(served.url.rpartition(":")[2])
    with ExitStack() as stack:
        lines = [stack.enter_context(deaf(served)) for _ in range(20)]
        eventually(lambda: audience.sockets.count == len(lines))
        hearing = stack.enter_context(viewer(served))
        assert json.loads(hearing.recv(timeout=10))["type"] == "hello"
        for _ in range(4):
            say(world, event, 400)
            assert len(frames_of(hearing, 400)) == 400
        held = [len(one.rest or b"") for one in audience.viewers((event.id, Channel.PUBLIC))]
        assert sum(1 for size in held if size) == len(lines), "the deaf were to be blocked"
        assert unsent(port) / len(lines) + max(held) < MOST
        # They are let go, and the kernel forgets what it held for them.
        eventually(lambda: audience.sockets.count == 1, within=25)
        eventually(lambda: unsent(port) == 0)
        say(world, event, 1)
        assert len(frames_of(hearing, 1)) == 1


def test_where_the_application_keeps_its_sockets_the_deaf_are_let_go_too(sqlite_url: str) -> None:
    with serving(sqlite_url, plain=True) as served, ExitStack() as stack:
        world = World(served.site.database, served.site.writer)
        event = world.event()
        for _ in range(5):
            stack.enter_context(deaf(served))
        with viewer(served) as hearing:
            assert json.loads(hearing.recv(timeout=10))["type"] == "hello"
            eventually(lambda: served.app.state.hub.count(event.id, Channel.PUBLIC) == 6)
            # More than the kernel would take for a reader that does not read.
            for _ in range(8):
                say(world, event, 400)
                assert len(frames_of(hearing, 400)) == 400
            eventually(lambda: served.app.state.hub.count(event.id, Channel.PUBLIC) == 1, within=25)
            say(world, event, 1)
            assert len(frames_of(hearing, 1)) == 1


def test_who_falls_off_the_ring_is_told_where_to_start_anew(served: Served, world: World, event: Event) -> None:
    with deaf(served) as line, viewer(served) as hearing:
        hearing.recv(timeout=10)
        for _ in range(3):
            say(world, event, ring.LENGTH // 2, TEXT[:80])
            frames_of(hearing, ring.LENGTH // 2)
        line.settimeout(10)
        heard = b""
        while chunk := line.recv(1 << 20):
            heard = heard[-200:] + chunk
        assert b'"type":"reload"' in heard
        # And then the close frame says: too slow.
        assert heard.endswith(b"\x88\x02" + (4408).to_bytes(2, "big"))


def test_who_catches_up_in_time_misses_nothing(served: Served, world: World, event: Event) -> None:
    address = f"{served.sockets}/@audrey/live/live"
    with connect(address, max_queue=1, compression=None) as slow:
        slow.recv(timeout=10)
        # As long as nobody reads, the client's library stops taking, and then its kernel does.
        say(world, event, 1_500)
        audience = served.app.state.hub.audience
        key = (event.id, Channel.PUBLIC)
        eventually(lambda: any(one.since for one in audience.viewers(key)))
        frames = frames_of(slow, 1_500)
        assert [frame["seq"] for frame in frames] == list(range(frames[0]["seq"], frames[0]["seq"] + 1_500))
        eventually(lambda: not any(one.since for one in audience.viewers(key)))
        say(world, event, 1)
        assert frames_of(slow, 1)[0]["seq"] == frames[-1]["seq"] + 1
