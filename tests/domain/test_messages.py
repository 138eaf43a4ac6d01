"""Every frame of the protocol: its example is what is really sent, and it goes where it may."""

import json
from dataclasses import fields
from typing import Any, Final

import pytest

from qa.domain.channels import Channel
from qa.domain.messages import MESSAGES, SUBPROTOCOL, Close, Message, encode, encode_bare
from qa.domain.views import PublicAnswer, PublicEvent, PublicQuestion, StaffAnswer, StaffEvent, StaffQuestion

HEARD_BY: Final = {
    "hello": {"public", "staff"},
    "reload": {"public", "staff"},
    "superseded": {"public", "staff"},
    "event.opened": {"public"},
    "event.changed": {"public"},
    "question.shown": {"public"},
    "question.removed": {"public"},
    "answer.published": {"public"},
    "answer.corrected": {"public"},
    "answer.retracted": {"public"},
    "answer.removed": {"public"},
    "totals": {"public"},
    "question.moved": {"staff"},
    "answer.moved": {"staff"},
    "event.moved": {"staff"},
    "access.changed": {"staff"},
    "voices": {"staff"},
    "presence": {"staff"},
}
# States: the last one wins. All others but the first two are entries of the log.
STATES: Final = {"totals", "voices", "presence"}

FORMS: Final[dict[str, type]] = {
    "event.opened": PublicEvent,
    "event.changed": PublicEvent,
    "question.shown": PublicQuestion,
    "answer.published": PublicAnswer,
    "answer.corrected": PublicAnswer,
    "answer.retracted": PublicAnswer,
}


def test_every_message_is_heard_where_the_table_says() -> None:
    assert {type_: {str(channel) for channel in message.channels} for type_, message in MESSAGES.items()} == HEARD_BY
    assert {type_ for type_, message in MESSAGES.items() if not message.entry} == STATES | {"hello", "reload"}


@pytest.mark.parametrize("message", MESSAGES.values(), ids=lambda message: message.type)
def test_a_message_has_a_sentence_and_an_example_that_goes_over_the_wire(message: Message) -> None:
    assert message.says.endswith(".")
    if message.type in {"hello", "reload"}:
        assert json.loads(encode_bare(message.type, message.example)) == {
            "v": 1,
            "type": message.type,
            **message.example,
        }
    else:
        sent = encode(message.type, seq=9, at="2026-11-27T15:00:00.000Z", data=message.example)
        assert json.loads(sent) == {
            "v": 1,
            "seq": 9,
            "type": message.type,
            "at": "2026-11-27T15:00:00.000Z",
            "data": message.example,
        }
        assert json.loads(encode(message.type, data=message.example)).keys() == {"v", "type", "data"}


@pytest.mark.parametrize("type_", FORMS)
def test_the_example_of_a_public_entry_has_the_fields_of_its_form(type_: str) -> None:
    assert MESSAGES[type_].example.keys() == _names(FORMS[type_])


def test_the_examples_of_staff_entries_have_the_fields_of_their_forms() -> None:
    def part(type_: str, name: str) -> dict[str, Any]:
        found: dict[str, Any] = MESSAGES[type_].example[name]
        return found

    assert part("question.moved", "question").keys() == _names(StaffQuestion)
    assert part("answer.moved", "answer").keys() == _names(StaffAnswer)
    assert part("event.moved", "event").keys() == _names(StaffEvent)
    for type_ in ("question.moved", "answer.moved", "event.moved", "access.changed"):
        assert part(type_, "move").keys() >= {"action", "by", "initials", "role", "before", "after", "why", "seen"}


def _names(form: type) -> set[str]:
    return {field.name for field in fields(form)}


def test_no_message_of_the_audience_has_a_field_of_the_staff() -> None:
    private = {"asker", "original", "voices", "impressions", "holder", "moved_by", "why", "move", "by", "initials"}

    def names(value: Any) -> set[str]:
        if isinstance(value, dict):
            return set(value) | {name for inner in value.values() for name in names(inner)}
        return set()

    for message in MESSAGES.values():
        if Channel.PUBLIC in message.channels:
            assert not names(message.example) & private
    assert names(MESSAGES["question.moved"].example) >= {"asker", "why", "move", "by", "voices"}


@pytest.mark.parametrize("letters", ["ומה עם", "住房", 'a"b\\c', "one\ntwo", "👨‍👩‍👧‍👦"])
def test_letters_go_out_as_they_are_and_a_frame_is_one_line(letters: str) -> None:
    sent = encode("question.shown", seq=1, at="", data={"text": letters})
    assert json.loads(sent)["data"] == {"text": letters}
    assert "\n" not in sent
    assert "\\u" not in sent


def test_a_socket_is_closed_with_a_number_it_may_have() -> None:
    """RFC 6455 leaves 4000 to 4999 to applications; 1012 says that the server restarts."""
    assert Close.RESTART.value == 1012
    assert all(4_000 <= code <= 4_999 for code in Close if code is not Close.RESTART)
    assert SUBPROTOCOL == "qa.v1"
