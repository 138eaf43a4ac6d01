"""The record: what became of every question, in a form that can be checked and that no spreadsheet executes."""

import csv
import io
import json

import httpx2

from qa.actions import answers
from qa.domain import chain
from qa.domain.events import Action as Step
from qa.domain.questions import Action
from qa.web.record import safe
from tests.eventually import eventually
from tests.world import BOSS, TO_LIVE, World


def closed(world: World) -> None:
    event = world.event(steps=TO_LIVE)
    world.answer(event, "Because we asked.", "Why?")
    world.move(world.move(world.ask(event, "=1+2"), Action.APPROVE), Action.DECLINE, code="time_ran_out")
    world.move(world.move(world.ask(event, "A hidden insult"), Action.APPROVE), Action.HIDE, code="insulting")
    world.move(world.ask(event, "An insult that was declined"), Action.DECLINE, code="insulting")
    world.ask(event, "Never read by a moderator")
    event = world.step(event, Step.CLOSE)


def test_the_record_is_not_there_before_the_event_is_over(program: httpx2.Client, world: World) -> None:
    world.event()
    assert program.get("/@audrey/live/record.json").status_code == 404
    assert program.get("/@audrey/live/record.csv").status_code == 404


def test_every_question_is_in_exactly_one_line_of_the_outcomes(program: httpx2.Client, world: World) -> None:
    closed(world)
    record = program.get("/@audrey/live/record.json").json()
    assert sum(record["outcomes"].values()) == len(record["questions"]) == 5


def test_a_text_that_had_to_be_hidden_or_that_nobody_read_is_in_no_part_of_the_record(
    anybody: httpx2.Client, world: World
) -> None:
    closed(world)
    for path in ("", "?show=all", "/record.json", "/record.csv", "/feed.atom", "/snapshot.json", "/entries?after=0"):
        text = anybody.get(f"/@audrey/live{path}").text
        for kept_back in ("A hidden insult", "An insult that was declined", "Never read by a moderator"):
            assert kept_back not in text, path
    assert "Because we asked." in anybody.get("/@audrey/live").text


def test_the_archived_log_can_be_checked_and_a_changed_byte_shows(program: httpx2.Client, world: World) -> None:
    closed(world)
    text = program.get("/@audrey/live/record.json").text
    record = json.loads(text)
    assert chain.faults(record["epoch"], record["log"]) == []
    changed = json.loads(text.replace("Because we asked.", "Because we tasked."))
    assert chain.faults(changed["epoch"], changed["log"])
    del record["log"][3]
    assert chain.faults(record["epoch"], record["log"])


def test_no_cell_of_the_table_is_a_formula(program: httpx2.Client, world: World) -> None:
    closed(world)
    rows = list(csv.DictReader(io.StringIO(program.get("/@audrey/live/record.csv").text.removeprefix("\ufeff"))))
    assert [row["question"] for row in rows][1] == "'=1+2"
    for begin in ("=", "+", "-", "@", "\t=", "\r=", "＝", "＋", "－", "＠", " ="):
        assert safe(f"{begin}1").startswith("'"), begin
    assert safe("1 = 1") == "1 = 1"


def test_a_correction_keeps_the_earlier_version_at_its_own_address(anybody: httpx2.Client, world: World) -> None:
    event = world.event()
    card = world.answer(event, "The first wording.")
    first = anybody.get("/@audrey/live/snapshot.json").json()["answers"][0]
    world.writer.run(
        lambda tx: answers.correct(tx, BOSS, event.id, card.n, kind="clarification", reason="It left out who.")
    )
    draft = world.writer.run(
        lambda tx: answers.save(
            tx, BOSS, event.id, card.n, written="The second wording.", how="spoken", lang="en", rev=1
        )
    )
    world.writer.run(lambda tx: answers.hold(tx, BOSS, event.id, card.n, rev=draft.rev, seconds=0))
    assert "The second wording." in anybody.get(f"/@audrey/live/q/{card.n}").text
    assert "The first wording." in anybody.get(f"/@audrey/live/q/{card.n}?version=1").text
    eventually(lambda: anybody.get("/@audrey/live/snapshot.json").json()["answers"][0]["version"] == 2)
    second = anybody.get("/@audrey/live/snapshot.json").json()["answers"][0]
    assert (second["at"], first["changed_at"]) == (first["at"], None)
    assert second["changed_at"] > second["at"]
    page = anybody.get("/@audrey/live").text
    assert "It left out who." in page
    assert "The first wording." not in page
