"""What the host does: phases, the opening, switches, the notice."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from qa.actions import events
from qa.domain.channels import Channel
from qa.domain.codes import ALPHABET
from qa.domain.events import Action as Step
from qa.domain.events import Phase, Switch
from qa.domain.permissions import Role
from qa.domain.refusals import NoSuchMove, Stale
from tests.actions.stage import LIVE, Stage, heads, refusal


def create(stage: Stage, slug: str, **more: Any) -> int:
    fields: dict[str, Any] = {
        "slug": slug,
        "titles": {"": "Another one"},
        "zone": "Europe/Paris",
        "starts_at": stage.now + timedelta(days=1),
        "ends_at": stage.now + timedelta(days=1, hours=1),
        **more,
    }
    who, account_id = stage.staff[Role.OWNER], stage.event.account_id
    return stage.act(lambda tx: events.create(tx, who, account_id, **fields)).id


@pytest.fixture
def draft(stage: Stage) -> Iterator[Stage]:
    """The stage, looking at an event that is not announced."""
    live = stage.event_id
    stage.event_id = create(stage, "coming")
    yield stage
    stage.event_id = live


def test_an_event_begins_as_a_draft_that_nobody_hears_of(draft: Stage) -> None:
    event = draft.event
    assert (event.phase, event.version, event.stopped, event.notice) == (Phase.DRAFT, 1, frozenset(), "")
    assert (event.burst, event.per_minute, event.hold_seconds, event.rehearsal) == (3, 1, 20, False)
    assert heads(draft) == (0, 1)
    draft.notice("Soon.")
    draft.throw(Switch.ASKING)
    assert heads(draft) == (0, 3)


def test_a_draft_is_not_there_for_who_would_ask(draft: Stage) -> None:
    told = [refusal(draft.ask), refusal(lambda: draft.voice(1))]
    for step in (Step.ANNOUNCE, Step.COLLECT):
        draft.step(step)
        told += [refusal(draft.ask)]
    assert told == ["not_found", "not_found", "phase_announced", ""]


def test_an_event_has_a_short_code_of_its_own_and_an_epoch(stage: Stage) -> None:
    made = [create(stage, f"event-{number}") for number in range(5)]
    events_made = [_event(stage, event_id) for event_id in made]
    assert len({event.short for event in events_made}) == len({event.epoch for event in events_made}) == 5
    assert all(len(event.short) == 6 and set(event.short) <= set(ALPHABET) for event in events_made)


def _event(stage: Stage, event_id: int) -> Any:
    live, stage.event_id = stage.event_id, event_id
    found = stage.event
    stage.event_id = live
    return found


def test_a_phase_leads_to_the_next_and_everybody_is_told(draft: Stage) -> None:
    phases = [draft.step(step).phase for step in (*LIVE, Step.LAST_QUESTIONS, Step.RESUME, Step.CLOSE, Step.ARCHIVE)]
    assert phases == ["announced", "collecting", "live", "answering", "live", "closed", "archived"]
    told = draft.entries(Channel.PUBLIC)
    assert [entry["type"] for entry in told] == [*["event.changed"] * 2, "event.opened", *["event.changed"] * 4]
    assert [entry["data"]["phase"] for entry in told] == phases


def test_the_opening_is_a_fact(draft: Stage) -> None:
    opened_at = draft.step(*LIVE).opened_at
    assert opened_at == draft.now
    assert draft.present()["event"]["opened_at"] == draft.entries(Channel.PUBLIC)[-1]["data"]["opened_at"]
    assert draft.step(Step.LAST_QUESTIONS, Step.RESUME).opened_at == opened_at, "there is one"
    assert draft.step(Step.CLOSE).closed_at == draft.now
    assert draft.step(Step.REOPEN).closed_at is None


def test_two_hosts_do_not_open_it_twice(stage: Stage) -> None:
    seen = stage.event.version
    host = stage.staff[Role.HOST]
    stage.act(events.step, host, stage.event_id, Step.LAST_QUESTIONS, seen=seen)
    before = stage.tables()
    with pytest.raises(Stale) as refused:
        stage.act(events.step, host, stage.event_id, Step.CLOSE, seen=seen)
    assert (refused.value.facts["current"]["phase"], refused.value.facts["current"]["version"]) == (
        "answering",
        seen + 1,
    )
    assert stage.tables() == before


def test_a_step_that_is_not_in_the_table_is_refused(stage: Stage) -> None:
    for step in (Step.ANNOUNCE, Step.COLLECT, Step.OPEN, Step.RESUME, Step.REOPEN, Step.ARCHIVE):
        with pytest.raises(NoSuchMove):
            stage.step(step)


@pytest.mark.parametrize("switch", Switch)
def test_a_switch_is_thrown_and_taken_back_and_twice_is_no_second_line(switch: Switch, stage: Stage) -> None:
    public, staff = heads(stage)
    assert switch in stage.throw(switch).stopped
    assert stage.throw(switch).version == stage.event.version
    assert heads(stage) == (public + 1, staff + 1)
    assert switch not in stage.throw(switch, stopped=False).stopped
    stage.throw(switch, stopped=False)
    assert heads(stage) == (public + 2, staff + 2)


def test_switches_are_independent(stage: Stage) -> None:
    for switch in Switch:
        stage.throw(switch)
    stage.throw(Switch.VOTING, stopped=False)
    assert stage.event.stopped == set(Switch) - {Switch.VOTING}


def test_the_notice_stands_on_every_page_and_can_be_taken_away(stage: Stage) -> None:
    stage.notice(" We are back\u202e at five.\n")
    assert stage.present()["event"]["notice"] == "We are back at five."
    before = heads(stage)
    stage.notice("We are back at five.")
    assert heads(stage) == before, "the same is no second line"
    stage.notice("\u200b")
    assert stage.present()["event"]["notice"] == ""
    assert refusal(lambda: stage.notice("x" * 501)) == "too_long"
