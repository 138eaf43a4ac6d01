"""What the acts write into the log is what the page of the protocol says, and names who did it."""

from typing import Any

import pytest

from qa.domain.channels import Channel
from qa.domain.events import Switch
from qa.domain.messages import MESSAGES
from qa.domain.permissions import Role
from qa.domain.snapshot import Json
from tests.actions.stage import Stage
from tests.actions.test_fold import ACTS


@pytest.fixture(scope="module")
def told(shared_stage: Stage) -> dict[Channel, list[Json]]:
    """Everything both channels heard when each act was done once."""
    for act in ACTS:
        if act.name not in {"last questions", "close", "close and archive"}:
            act.do(shared_stage, act.before(shared_stage))
            for switch in Switch:
                shared_stage.throw(switch, stopped=False)
    return {channel: shared_stage.entries(channel) for channel in (Channel.PUBLIC, Channel.STAFF)}


def test_every_entry_is_a_message_of_its_channel(told: dict[Channel, list[Json]]) -> None:
    for channel, entries in told.items():
        for type_ in {entry["type"] for entry in entries}:
            assert MESSAGES[type_].entry
            assert channel in MESSAGES[type_].channels


def test_every_message_of_the_log_is_really_sent(told: dict[Channel, list[Json]]) -> None:
    sent = {entry["type"] for entries in told.values() for entry in entries}
    # What was taken back is blanked in the ring, not in the log.
    assert sent == {type_ for type_, message in MESSAGES.items() if message.entry} - {"superseded"}


def test_every_entry_has_the_fields_of_its_example(told: dict[Channel, list[Json]]) -> None:
    for entries in told.values():
        for entry in entries:
            assert _shape(entry["data"]) == _shape(MESSAGES[entry["type"]].example), entry["type"]


def _shape(data: dict[str, Any]) -> dict[str, Any]:
    """The names of the fields, down to the last; texts by language stay as they are."""
    return {
        name: _shape(value) if isinstance(value, dict) and name != "titles" else None for name, value in data.items()
    }


def test_every_line_of_the_staff_says_who_in_which_role_from_what_to_what(told: dict[Channel, list[Json]]) -> None:
    roles = {role.value for role in Role}
    for entry in told[Channel.STAFF]:
        move = entry["data"]["move"]
        assert move["by"]
        assert move["role"] in roles
        assert move["before"] != "" or move["action"] in {"ask", "create", "start", "grant", "notice"}
        assert move["after"] != "" or move["action"] == "take_away"


def test_the_asker_is_a_mark_in_the_staffs_log_and_their_key_is_not_there(stage: Stage) -> None:
    """Who knows the key of a question is given its receipt: the key belongs to the asker alone."""
    before = stage.head(Channel.STAFF)
    n = stage.ask("asker-with-a-long-pseudonym")
    (asked,) = stage.entries(Channel.STAFF, before)
    assert asked["data"]["question"]["n"] == n
    assert asked["data"]["move"]["by"] == "aske"
    assert asked["data"]["move"]["key"] == ""
    assert "pseudonym" not in repr(asked)
