"""The README's snippet in a real nginx before the real application: what the cache spares, and what never gets in."""

import json
import os
import re
import socket
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2
import pytest
from websockets.sync.client import connect

from qa.domain.events import Event
from qa.domain.permissions import Role
from qa.domain.questions import Action
from qa.web.shelf import Shelf
from tests.eventually import eventually
from tests.servers import Server, program
from tests.serving import Served, serving
from tests.web.crowd import views
from tests.world import World, key

README = Path(__file__).resolve().parents[2] / "README.md"
PAGE = "/@audrey/live"
PATHS = ("", "/screen", "/snapshot.json", "/entries?after=0", "/feed.atom", "/q/1")


class Nginx(Server):
    """The snippet with a port, a folder and an application of the test's own."""

    def __init__(self, folder: Path, origin: str) -> None:
        super().__init__(folder)
        self.origin = origin
        self.cache = folder / "cache"
        (folder / "nginx.conf").write_text(self._configuration(), "utf-8")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        found = program("nginx", places=("usr/sbin/nginx",))
        return [found, "-e", "stderr", "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")]

    def answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def _configuration(self) -> str:
        (snippet,) = re.findall(r"```nginx\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
        for written, ours in (
            ("listen 80;", f"listen 127.0.0.1:{self.port};"),
            ("127.0.0.1:8000", self.origin),
            ("/var/cache/nginx/qa", str(self.cache)),
            ("ask.example.org", "127.0.0.1"),
        ):
            assert snippet.count(written) == 1, written
            snippet = snippet.replace(written, ours)
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        places = "\n".join(f"{kind}_temp_path {self.folder / kind};" for kind in kinds)
        # Root's own worker: the folder is open to nobody else.
        user = "user root;" if os.geteuid() == 0 else ""
        outside = f"{user}\ndaemon off;\nworker_processes 1;\npid {self.folder / 'pid'};\n"
        inside = f"access_log off;\nkeepalive_requests 1000000;\n{places}\n{snippet}"
        return f"{outside}events {{ worker_connections 1024; }}\nhttp {{\n{inside}\n}}\n"

    def holds(self, text: str) -> bool:
        """Whether some kept answer has the text in it, compressed or not."""
        return any(text.encode() in _plain(path.read_bytes()) for path in self.cache.rglob("*") if path.is_file())


def _plain(kept: bytes) -> bytes:
    """A cache file with what is compressed in it made readable."""
    _, found, packed = kept.partition(b"\r\n\r\n")
    if not found or not packed.startswith(b"\x1f\x8b"):
        return kept
    return kept + zlib.decompressobj(31).decompress(packed)


@contextmanager
def nginx_before(served: Served) -> Iterator[Nginx]:
    with TemporaryDirectory(prefix="qa-nginx-") as folder:
        server = Nginx(Path(folder), served.url.removeprefix("http://"))
        server.start()
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture
def nginx(served: Served) -> Iterator[Nginx]:
    with nginx_before(served) as server:
        yield server


@pytest.fixture
def reader(nginx: Nginx) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=nginx.url) as client:
        yield client


@pytest.fixture
def event(world: World) -> Event:
    made = world.event()
    world.answer(made, "An answer that stands.")
    return made


def asked_of(served: Served) -> int:
    """How often the application was asked for something public."""
    shelf = served.app.middleware_stack
    assert isinstance(shelf, Shelf)
    return shelf.counts.asked


@contextmanager
def publishing(world: World, event: Event) -> Iterator[list[int]]:
    """New entries all the time, until the block ends."""
    over, written = threading.Event(), [0]

    def publish() -> None:
        while not over.wait(0.05):
            card = world.ask(event, f"Question {written[0]}?", f"asker {written[0]}")
            world.move(card, Action.APPROVE)
            written[0] += 1

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        yield written
    finally:
        over.set()
        thread.join()


def test_twenty_thousand_page_views_cost_the_application_at_most_one_a_second(
    served: Served, nginx: Nginx, world: World, event: Event
) -> None:
    with publishing(world, event) as written:
        eventually(lambda: written[0] > 2)
        before, began = asked_of(served), time.monotonic()
        views(f"{nginx.url}{PAGE}", 20_000, {"Accept-Encoding": "gzip", "Accept-Language": "en-GB,en;q=0.9"})
        took = time.monotonic() - began
        asked = asked_of(served) - before
        assert written[0] > 5, "the log stood still"
    # One more: the first second may have begun before.
    assert 0 < asked <= took + 1


def test_the_count_can_count_without_a_cache_each_view_reaches_the_application(served: Served, event: Event) -> None:
    before = asked_of(served)
    views(f"{served.url}{PAGE}", 400)
    assert asked_of(served) - before == 400


def test_a_thousand_ways_to_write_a_language_share_a_dozen_pages(served: Served, nginx: Nginx, event: Event) -> None:
    before = asked_of(served)
    with httpx2.Client(base_url=nginx.url) as client:
        for number in range(200):
            wish = f"fr-{number:03d},he;q=0.{number % 10}"
            got = client.get(f"{PAGE}/screen", headers={"Accept-Language": wish})
            assert got.headers["content-language"] == "fr"
        for wish, tag in (("de, zh-TW;q=0.9", "zh-Hant"), ("iw", "en"), ("zh", "zh-Hans"), ("HE-il", "he"), ("", "en")):
            got = client.get(f"{PAGE}/screen", headers={"Accept-Language": wish})
            assert got.headers["content-language"] == tag, wish
    assert asked_of(served) - before < 30


def test_a_hidden_text_is_gone_from_every_kept_page_within_two_seconds(
    reader: httpx2.Client, nginx: Nginx, world: World, event: Event
) -> None:
    card = world.answer(event, "The answer to it.", "The text that must go?", "another")
    inside = ("", "/snapshot.json", "/entries?after=0", "/feed.atom", f"/q/{card.n}")
    paths = [*(f"{PAGE}{path}" for path in inside), "/@audrey", "/@audrey/feed.atom"]

    def shown(path: str) -> bool:
        return "must go" in reader.get(path).text

    # nginx counts in whole seconds: the middle of one is not the moment at which all of it is fetched anew.
    eventually(lambda: all(map(shown, paths)) and 0.2 < time.time() % 1 < 0.6)
    assert nginx.holds("must go")
    world.move(card, Action.HIDE, code="unlawful")
    hidden = time.monotonic()
    last = dict.fromkeys(paths, 0.0)

    def all_are_gone() -> bool:
        for path in paths:
            asked = time.monotonic()
            if shown(path):
                last[path] = asked - hidden
        return time.monotonic() - hidden > 3

    eventually(all_are_gone)
    assert max(last.values()) < 2, last
    assert max(last.values()) > 0, "nothing was kept"


def test_sockets_of_readers_and_of_staff_go_through(nginx: Nginx, world: World, event: Event) -> None:
    address = nginx.url.replace("http", "ws", 1)
    world.person("moderator", event, Role.MODERATOR)
    with httpx2.Client(base_url=nginx.url) as client, ExitStack() as stack:
        assert client.post(f"/desk/enter/{world.link('moderator')}").status_code == 303
        cookies = {"Cookie": f"qa_session={client.cookies['qa_session']}"}
        sockets = [
            stack.enter_context(connect(f"{address}{PAGE}/live", subprotocols=["qa.v1"])),  # type: ignore[list-item]
            stack.enter_context(connect(f"{address}/desk/audrey/live/live", additional_headers=cookies)),
        ]
        for opened in sockets:
            assert json.loads(opened.recv(timeout=10))["type"] == "hello"
        world.answer(event, "Told to both.", "And then?", "another")
        for opened in sockets:
            while "Told to both." not in str(opened.recv(timeout=10)):
                pass


def test_nothing_of_the_staff_and_nothing_personal_is_ever_kept(nginx: Nginx, world: World, event: Event) -> None:
    """Everybody opens everything, with and without compression; then every file of the cache is read."""
    world.person("owner", event, Role.OWNER)
    open_one = world.move(world.ask(event, "CANARY-PUBLIC?", "somebody else"), Action.APPROVE)
    chosen = world.move(world.ask(event, "Chosen?", "a third"), Action.APPROVE, Action.SHORTLIST, Action.ANSWER)
    world.draft(chosen, "CANARY-DRAFT")
    world.ask(event, "CANARY-WAITING", "a fourth")
    codes = []
    for encoding in ("identity", "gzip"):
        headers = {"Accept-Encoding": encoding}
        with httpx2.Client(base_url=nginx.url, headers=headers) as asker:
            sent = {"key": key(), "text": "CANARY-MINE", "name": "CANARY-NAME"}
            told = asker.post(f"{PAGE}/questions", data=sent, headers={"Accept": "application/json"}).json()
            codes.append(told["code"])
            for path in (f"{PAGE}/mine", f"{PAGE}/mine.json", told["url"]):
                assert "CANARY-MINE" in asker.get(path).text
            everywhere(asker)
        with httpx2.Client(base_url=nginx.url, headers=headers) as owner:
            assert owner.post(f"/desk/enter/{world.link('owner')}").status_code == 303
            desk = "/desk/audrey/live"
            assert "CANARY-WAITING" in owner.get(f"{desk}/snapshot.json").text
            assert "CANARY-DRAFT" in owner.get(f"{desk}/answers/{chosen.n}").text
            for path in ("", "/answers", "/host", f"/questions/{open_one.n}/history", "/entries?after=0"):
                assert owner.get(f"{desk}{path}").status_code == 200, path
            everywhere(owner)
    assert nginx.holds("CANARY-PUBLIC?")
    for canary in (
        "CANARY-DRAFT",
        "CANARY-WAITING",
        "CANARY-MINE",
        "CANARY-NAME",
        *codes,
        "qa_session",
        "/desk/",
    ):
        assert not nginx.holds(canary), canary


def everywhere(client: httpx2.Client) -> None:
    """The public pages, and addresses that try to be taken for them."""
    for path in (*PATHS, "/ask", "/log.json", "/mine/x.js", "/mine;.css", "/mine%2f.css"):
        client.get(f"{PAGE}{path}")
    for path in ("/", "/@audrey", "/how", "/j", "/q", "/desk;.css", "/desk/x.js", "/desk%2faudrey/live", "//desk"):
        client.get(path)
    client.get(PAGE, headers={"Upgrade": "websocket", "Connection": "Upgrade"})


def test_a_made_up_header_poisons_no_page_of_the_next_reader(reader: httpx2.Client, event: Event) -> None:
    names = (
        "X-Forwarded-Host",
        "X-Original-URL",
        "X-Rewrite-URL",
        "X-Forwarded-Prefix",
        "Forwarded",
        "Cookie",
        "Accept",
    )
    for path in (*PATHS, "/nothing"):
        for method in ("HEAD", "GET"):
            reader.request(method, f"{PAGE}{path}", headers=dict.fromkeys(names, "/poison.example"))
        upgrade = {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": "x",
            "Sec-WebSocket-Version": "13",
        }
        reader.get(f"{PAGE}{path}", headers=upgrade)
        got = reader.get(f"{PAGE}{path}")
        assert "poison" not in got.text + str(got.headers)
        assert got.status_code == (404 if path == "/nothing" else 200)
        assert len(got.content) > 20


def test_readers_have_their_page_while_the_application_is_away(sqlite_url: str) -> None:
    with ExitStack() as stack:
        with serving(sqlite_url) as served:
            world = World(served.site.database, served.site.writer)
            world.answer(world.event(), "An answer that stands.")
            nginx = stack.enter_context(nginx_before(served))
            client = stack.enter_context(httpx2.Client(base_url=nginx.url))
            assert "An answer that stands." in client.get(PAGE).text
        # What was never asked for can't be there.
        assert client.get("/how").status_code == 502
        late = time.monotonic()
        eventually(lambda: "An answer that stands." in client.get(PAGE).text and time.monotonic() - late > 4)
