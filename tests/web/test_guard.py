"""What stands before every handler."""

import httpx2
import pytest

from qa.domain.questions import Action
from qa.domain.refusals import Refused
from qa.web import errors
from qa.web.staff import _safe
from tests.serving import Served
from tests.world import World, key

FOREIGN = (
    "null",
    "http://evil.example",
    "https://127.0.0.1",
    "http://127.0.0.1.evil.example",
    "http://evil.example/127.0.0.1",
    "http://127.0.0.1:1",
    "file://",
    "http://[::1]",
)
BAD_HOSTS = ("evil.example", "127.0.0.1/x", "127.0.0.1?x", "127.0.0.1#", "user@127.0.0.1", "a b", "", "127.0.0.1\\evil")


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_write_from_another_origin_changes_nothing(origin: str, program: httpx2.Client, world: World) -> None:
    event = world.event()
    answered = program.post("/@audrey/live/questions", data={"key": key(), "text": "Mine?"}, headers={"Origin": origin})
    assert answered.status_code == 403
    assert world.ask(event).n == 1


def test_a_write_that_a_browser_calls_cross_site_changes_nothing(program: httpx2.Client, world: World) -> None:
    event = world.event()
    for site in ("cross-site", "same-site"):
        headers = {"Sec-Fetch-Site": site}
        assert (
            program.post("/@audrey/live/questions", data={"key": key(), "text": "Mine?"}, headers=headers).status_code
            == 403
        )
    assert world.ask(event).n == 1


def test_the_sites_own_origin_may_write(served: Served, program: httpx2.Client, world: World) -> None:
    world.event()
    headers = {"Origin": served.url, "Sec-Fetch-Site": "same-origin"}
    answered = program.post("/@audrey/live/questions", data={"key": key(), "text": "Mine?"}, headers=headers)
    assert answered.status_code == 201


@pytest.mark.parametrize("host", BAD_HOSTS)
def test_a_host_that_is_not_ours_is_refused(host: str, anybody: httpx2.Client) -> None:
    assert anybody.get("/healthz", headers={"Host": host}).status_code == 400


@pytest.mark.parametrize(
    "path", ["/", "/@audrey/live", "/nothing", "/@audrey/live/snapshot.json", "/desk", "/static/x/site.css", "/healthz"]
)
def test_every_response_carries_the_headers_that_keep_a_page_its_own(
    path: str, anybody: httpx2.Client, world: World
) -> None:
    world.event()
    headers = anybody.get(path).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-opener-policy"] == "same-origin"


def test_a_fault_of_ours_carries_them_too_and_tells_nothing_of_itself(served: Served, world: World) -> None:
    world.event()
    served.site.database.read = None  # type: ignore[method-assign, assignment] # a fault no handler expects
    answered = httpx2.get(f"{served.url}/@audrey/live")
    assert answered.status_code == 500
    assert "default-src 'none'" in answered.headers["content-security-policy"]
    assert "NoneType" not in answered.text
    del served.site.database.read


def test_a_page_for_everybody_sets_no_cookie(anybody: httpx2.Client, world: World) -> None:
    event = world.event()
    world.move(world.ask(event), Action.APPROVE)
    for path in ("/", "/@audrey", "/@audrey/live", "/@audrey/live/q/1", "/@audrey/live/screen", "/how", "/q", "/j"):
        answered = anybody.get(path)
        assert answered.status_code == 200, path
        assert "set-cookie" not in answered.headers, path


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "https:evil.example",
        "https://evil.example/desk",
        "/desk\r\nX: y",
        "\\\\evil",
        "/",
    ],
)
def test_after_signing_in_nobody_is_sent_to_another_site(target: str) -> None:
    assert _safe(target) == "/desk"
    assert _safe("/desk/audrey/live") == "/desk/audrey/live"


def test_every_refusal_has_a_status_and_a_sentence() -> None:
    def kinds(of: type[Refused]) -> set[type[Refused]]:
        return {of} | {deeper for kind in of.__subclasses__() for deeper in kinds(kind)}

    assert kinds(Refused) - {Refused} == set(errors.STATUS)
    assert {kind.code for kind in errors.STATUS} - {"invalid"} <= set(errors.SENTENCES)
