"""The shared compressed stream, read by the clients that people have: a browser, and Node's."""

import json
import shutil
import subprocess
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import pytest

from qa.domain.channels import Channel
from qa.domain.events import Event
from qa.samples import STORIES, rows
from qa.store import log
from tests.eventually import eventually
from tests.journeys.visitors import Visitors
from tests.serving import Served
from tests.world import World

Heard = dict[str, Any]

# In the browser and in Node alike: keeps what comes, and says what was agreed on.
LISTEN: Final = """(url) => {
  const heard = { extensions: "", frames: [] };
  const socket = new WebSocket(url, "qa.v1");
  socket.onopen = () => (heard.extensions = socket.extensions);
  socket.onmessage = ({ data }) => heard.frames.push(JSON.parse(data));
  return heard;
}"""
# Older ones have no client of their own, and Debian packs the usual one.
IN_NODE: Final = f"""
globalThis.WebSocket ??= require("ws");
const heard = ({LISTEN})(process.argv[1]);
setInterval(() => console.log(JSON.stringify(heard)), 100);
"""
EXPERIMENTAL: Final = "--experimental-websocket"


@pytest.fixture
def event(world: World) -> Event:
    return world.event()


def say(world: World, event: Event, texts: list[str]) -> None:
    for text in texts:
        world.writer.run(partial(append, event_id=event.id, text=text))


def append(tx: Any, event_id: int, text: str) -> None:
    log.append(tx, event_id, Channel.PUBLIC, "notice", {"text": text})


class Node:
    """Node's client, in a process that says again and again what it has heard."""

    def __init__(self, url: str) -> None:
        node = shutil.which("node") or shutil.which("nodejs")
        assert node, "make test installs Node"
        knows = [node, "-p", f"process.allowedNodeEnvironmentFlags.has({EXPERIMENTAL!r})"]
        flags = [EXPERIMENTAL] if subprocess.check_output(knows, text=True).strip() == "true" else []
        self._process = subprocess.Popen([node, *flags, "-e", IN_NODE, url], stdout=subprocess.PIPE, text=True)

    def heard(self) -> Heard:
        assert self._process.stdout
        heard: Heard = json.loads(self._process.stdout.readline())
        return heard

    def leave(self) -> None:
        assert self._process.stdout
        self._process.stdout.close()
        self._process.kill()
        self._process.wait()


def texts_of(heard: Heard) -> list[str]:
    return [frame["data"]["text"] for frame in heard["frames"] if frame["type"] == "notice"]


def test_a_browser_and_node_read_one_compressed_stream_whenever_they_join(
    visitors: Visitors, served: Served, world: World, event: Event
) -> None:
    texts = [row.answer for story in STORIES for row in rows(story) if row.answer][:50]
    phone = visitors.arrive("phone")
    phone.go("/how")
    # Pages may talk to where they come from, and to nobody else.
    address = f"{phone.url.replace('http', 'ws')}/@audrey/live/live"
    nodes: list[Node] = []
    try:
        for at in range(0, len(texts), 10):
            phone.page.evaluate(f"(url) => (window.all ??= []).push(({LISTEN})(url))", address)
            nodes.append(Node(f"{served.sockets}/@audrey/live/live"))
            eventually(partial(everybody_is_there, served, event, at // 10 * 2 + 2))
            say(world, event, texts[at : at + 10])
            # Who comes next comes after all of this.
            eventually(partial(told_all, nodes[0].heard, texts[: at + 10]))
        for index, node in enumerate(nodes):
            told = eventually(partial(told_all, node.heard, texts[index * 10 :]))
            assert told
            assert "permessage-deflate" in told["extensions"]
            told = eventually(
                partial(told_all, partial(phone.page.evaluate, "(n) => all[n]", index), texts[index * 10 :])
            )
            assert told
            assert "permessage-deflate" in told["extensions"]
        followers = served.app.state.hub.audience.viewers((event.id, Channel.PUBLIC))
        assert sum(one.at.follows for one in followers) > len(followers) / 2, "most were to read the shared stream"
    finally:
        for node in nodes:
            node.leave()


def everybody_is_there(served: Served, event: Event, count: int) -> bool:
    return bool(served.app.state.hub.count(event.id, Channel.PUBLIC) == count)


def told_all(hear: Callable[[], Heard], texts: list[str]) -> Heard | None:
    heard = hear()
    return heard if texts_of(heard) == texts else None
