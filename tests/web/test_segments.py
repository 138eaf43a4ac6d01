"""The public log in closed blocks, which anybody may keep for a year."""

import json
from typing import Any

import httpx2
import pytest

from qa.domain import chain
from qa.domain.channels import Channel
from qa.domain.events import Action as Step
from qa.domain.events import Event
from qa.domain.questions import Action, Question
from qa.store import events, log
from qa.web.kept import FOREVER, MISSING
from tests.eventually import eventually
from tests.serving import serving
from tests.world import TO_CLOSED, TO_LIVE, World

Json = dict[str, Any]


def listed(client: httpx2.Client) -> Json:
    body: Json = client.get("/@audrey/live/log.json").json()
    return body


def grow(world: World, event: Event, lines: int) -> None:
    """Further entries, which say nothing that anybody could take back."""

    def notices() -> list[log.Line]:
        return [log.Line(Channel.PUBLIC, "event.changed", {"notice": f"No. {number}"}) for number in range(lines)]

    world.writer.run(lambda tx: log.append_all(tx, event.id, notices()))


@pytest.fixture
def card(world: World) -> Question:
    """An answered question in the first block of two and a half."""
    event = world.event()
    card = world.answer(event, "Words that may have to go.", "A question with its words?")
    grow(world, event, 1_240)
    return card


def test_every_closed_block_is_listed_and_may_be_kept_for_a_year(anybody: httpx2.Client, card: Question) -> None:
    told = listed(anybody)
    assert [(block["from"], block["to"]) for block in told["segments"]] == [(1, 500), (501, 1000)]
    assert told["seq"] > 1_240
    lines = []
    for block in told["segments"]:
        got = anybody.get(block["url"])
        assert got.headers["cache-control"] == FOREVER.decode()
        assert "set-cookie" not in got.headers
        assert (got.json()["from"], got.json()["to"], got.json()["epoch"]) == (
            block["from"],
            block["to"],
            told["epoch"],
        )
        lines += got.json()["log"]
    assert [line["seq"] for line in lines] == list(range(1, 1_001))
    assert chain.faults(told["epoch"], lines) == []
    assert "Words that may have to go." in json.dumps(lines)
    lines[3]["data"] = {"changed": True}
    assert chain.faults(told["epoch"], lines)


@pytest.mark.parametrize("how", ["hidden", "withdrawn", "corrected"])
def test_what_is_taken_back_has_a_new_address_and_the_old_one_is_gone(
    how: str, anybody: httpx2.Client, world: World, card: Question
) -> None:
    first, second = listed(anybody)["segments"]
    assert anybody.get(first["url"]).status_code == 200
    if how == "hidden":
        world.move(card, Action.HIDE, code="unlawful")
    elif how == "withdrawn":
        world.retract(card)
    else:
        # A correction keeps the earlier words at an address of their own: nothing is taken back.
        world.correct(card, "Other words.")
    seq = world.database.read(log.head, card.event_id, Channel.PUBLIC)
    eventually(lambda: listed(anybody)["seq"] == seq)
    now = listed(anybody)["segments"]
    assert now[1] == second
    if how == "corrected":
        assert now[0] == first
        return
    assert now[0]["url"] != first["url"]
    gone = anybody.get(first["url"])
    assert gone.status_code == 404
    assert gone.headers["cache-control"] == MISSING.decode()
    text = anybody.get(now[0]["url"]).text
    assert "Words that may have to go." not in text
    # It is still sealed like the rest.
    assert chain.faults(listed(anybody)["epoch"], json.loads(text)["log"]) == []


def test_a_block_says_what_the_record_says(anybody: httpx2.Client, world: World, card: Question) -> None:
    event = world.database.read(events.by_id, card.event_id)
    assert event is not None
    for step in TO_CLOSED[len(TO_LIVE) :]:
        event = world.step(event, step)
    seq = world.database.read(log.head, card.event_id, Channel.PUBLIC)
    eventually(lambda: listed(anybody)["seq"] == seq)
    blocks = [anybody.get(block["url"]).json()["log"] for block in listed(anybody)["segments"]]
    assert [line for block in blocks for line in block] == anybody.get("/@audrey/live/record.json").json()["log"][
        :1_000
    ]


@pytest.mark.parametrize(
    "name",
    [
        "1-500.000000000000000000000000.json",
        "2-501.{digest}.json",
        "1-1000.{digest}.json",
        "501-1000.{digest}.json",
        "1001-1500.{digest}.json",
        "1-500.{digest}",
        "..%2f..%2fsnapshot.json",
        "1-500.{digest}.json%00",
        "٠-500.{digest}.json",
    ],
)
def test_an_address_that_names_no_closed_block_is_none(name: str, anybody: httpx2.Client, card: Question) -> None:
    digest = listed(anybody)["segments"][0]["url"].split(".")[1]
    assert anybody.get(f"/@audrey/live/log/{name.format(digest=digest)}").status_code == 404


def test_blocks_are_there_from_the_announcement_on_and_not_before(database_url: str) -> None:
    with serving(database_url) as served, httpx2.Client(base_url=served.url) as client:
        world = World(served.site.database, served.site.writer)
        event = world.event(steps=())
        grow(world, event, 500)
        assert client.get("/@audrey/live/log.json").status_code == 404
        world.step(event, Step.ANNOUNCE)
        seq = world.database.read(log.head, event.id, Channel.PUBLIC)
        eventually(lambda: client.get("/@audrey/live/log.json").status_code == 200)
        eventually(lambda: listed(client)["seq"] == seq)
        (block,) = listed(client)["segments"]
        assert len(client.get(block["url"]).json()["log"]) == 500
