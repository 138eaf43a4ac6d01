"""Asking, adding a voice, withdrawing: what people without a role do."""

from typing import Final

import pytest

from qa.actions import questions
from qa.actions.questions import Acknowledged, Asking
from qa.domain import codes
from qa.domain.events import Action as Step
from qa.domain.events import Switch
from qa.domain.people import asker
from qa.domain.permissions import Role
from qa.domain.questions import Action, State
from qa.domain.refusals import Invalid, NotFound, TooSoon
from qa.store import events as event_store
from qa.store import questions as question_store
from qa.store.writer import Tx
from tests.actions.stage import PATHS, SECRET, Stage, heads, refusal

KEY: Final = "3F0E7C1E-5B0A-4A53-9D0E-0B6A3F0C2F11"


def ask(stage: Stage, text: str = "What about teachers?", *, key: str = "", who: str = "asker-one") -> Acknowledged:
    asking = Asking(key or stage.key(), text)
    return stage.act(questions.ask, asker(who), stage.event_id, asking, SECRET)


def set_pace(stage: Stage, burst: int, per_minute: int) -> None:
    event_store.change(Tx(stage.conn, stage.now), stage.event, burst=burst, per_minute=per_minute)


# Asking


def test_a_question_is_stored_as_it_was_typed_cleaned(stage: Stage) -> None:
    asking = Asking(KEY, " ה\u202eדיור\r\n? ", context=" של מי? ", name=" Dina\n", page="en")
    first = stage.act(questions.ask, asker("asker-one"), stage.event_id, asking, SECRET)
    assert not first.repeat
    card = stage.card(first.card.n)
    assert card == first.card
    assert (card.text, card.original, card.context, card.name, card.lang) == (
        *("הדיור\n?", "הדיור\n?", "של מי?", "Dina", "he"),
    )
    assert (card.state, card.version, card.voices, card.asker) == (State.RECEIVED, 1, 0, "asker-one")
    assert card.asked_at == card.moved_at == stage.now


def test_questions_are_numbered_from_one(stage: Stage) -> None:
    before = stage.ask()
    assert [ask(stage).card.n for _ in range(3)] == [before + 1, before + 2, before + 3]


def test_nobody_reads_a_question_before_it_was_approved(stage: Stage) -> None:
    public, staff = heads(stage)
    n = ask(stage).card.n
    assert heads(stage) == (public, staff + 1)
    assert n not in [question["n"] for question in stage.present()["questions"]]
    stage.move(n, Action.APPROVE)
    assert heads(stage) == (public + 1, staff + 2)


@pytest.mark.parametrize("key", [KEY, KEY.lower(), KEY.replace("-", "")])
def test_a_repeat_is_answered_with_the_first_question_and_changes_nothing(key: str, stage: Stage) -> None:
    first = ask(stage, "First", key=KEY)
    before = stage.tables()
    again = ask(stage, "Another text", key=key)
    assert again == Acknowledged(first.card, repeat=True)
    assert stage.tables() == before


def test_a_repeat_is_answered_from_another_browser_after_the_event_and_without_a_token(stage: Stage) -> None:
    """The first answer, with the cookie in it, may have been lost."""
    first = ask(stage, key=KEY)
    set_pace(stage, 1, 1)
    stage.step(Step.CLOSE)
    assert ask(stage, key=KEY, who="asker-without-the-cookie") == Acknowledged(first.card, repeat=True)
    stage.throw(Switch.FROZEN)
    assert ask(stage, key=KEY).repeat


def test_the_same_key_in_another_event_is_another_question(stage: Stage) -> None:
    first = ask(stage, key=KEY)
    other = stage.another()
    second = ask(other, key=KEY)
    assert not second.repeat
    assert second.card.event_id != first.card.event_id


@pytest.mark.parametrize("key", ["", "214", "not-a-uuid", KEY + "0", "'; DROP TABLE questions"])
def test_a_question_needs_a_key_of_the_clients(key: str, stage: Stage) -> None:
    with pytest.raises(Invalid) as refused:
        stage.act(questions.ask, asker("asker-one"), stage.event_id, Asking(key, "Text"), SECRET)
    assert (refused.value.code, refused.value.facts) == ("no_key", {"field": "key"})


def test_the_receipts_code_finds_the_question_and_is_stored_nowhere(stage: Stage) -> None:
    card = ask(stage).card
    code = codes.receipt_code(SECRET, stage.event_id, card.n)
    assert question_store.by_receipt(stage.conn, codes.fingerprint(code.lower())) == card
    assert question_store.by_receipt(stage.conn, codes.fingerprint("0000-0000-0000")) is None
    assert code not in repr(stage.tables())


def test_too_soon_says_how_long_costs_nothing_and_a_repeat_is_free(stage: Stage) -> None:
    set_pace(stage, 2, 1)
    keys = [stage.key() for _ in range(3)]
    ask(stage, key=keys[0])
    ask(stage, key=keys[1])
    before = stage.tables()
    told = []
    for _ in range(3):
        with pytest.raises(TooSoon) as refused:
            ask(stage, key=keys[2])
        told.append(refused.value.facts["seconds"])
    assert told == [58, 57, 56], "a second passes with each try"
    assert stage.tables() == before
    assert ask(stage, key=keys[0]).repeat
    assert not ask(stage, who="asker-two").repeat, "others are not concerned"
    stage.pass_time(told[-1])
    assert not ask(stage, key=keys[2]).repeat


@pytest.mark.parametrize(("text", "code"), [("", "empty"), ("\u200b ", "empty"), ("x" * 281, "too_long")])
def test_a_text_that_can_not_be_taken_costs_no_token(text: str, code: str, stage: Stage) -> None:
    set_pace(stage, 1, 1)
    for _ in range(5):
        assert refusal(lambda: ask(stage, text)) == code
    assert not ask(stage).repeat


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ([], ""),
        ([Step.LAST_QUESTIONS], "phase_answering"),
        ([Step.LAST_QUESTIONS, Step.RESUME], ""),
        ([Step.CLOSE], "phase_closed"),
        ([Step.CLOSE, Step.ARCHIVE], "phase_archived"),
    ],
)
def test_asking_is_open_while_the_phase_says_so(steps: list[Step], reason: str, stage: Stage) -> None:
    stage.step(*steps)
    assert refusal(lambda: ask(stage)) == reason


@pytest.mark.parametrize(
    ("switch", "reason"),
    [
        (Switch.ASKING, "stopped_asking"),
        (Switch.FROZEN, "stopped_frozen"),
        (Switch.VOTING, ""),
        (Switch.PUBLISHING, ""),
    ],
)
def test_the_host_can_stop_asking(switch: Switch, reason: str, stage: Stage) -> None:
    stage.throw(switch)
    assert refusal(lambda: ask(stage)) == reason
    stage.throw(switch, stopped=False)
    assert refusal(lambda: ask(stage)) == ""


# A voice


def test_a_voice_is_there_or_not(stage: Stage) -> None:
    n = stage.asked(Action.APPROVE)
    counts = [
        stage.voice(n, who, on=on) for who, on in [("a", True), ("b", True), ("a", True), ("a", False), ("a", False)]
    ]
    assert counts == [1, 2, 2, 1, 1]
    assert stage.card(n).voices == 1
    assert question_store.voices_of(stage.conn, stage.event_id, "b") == [n]
    assert question_store.voices_of(stage.conn, stage.event_id, "a") == []


def test_a_voice_moves_nothing_and_nobody_is_told_one_by_one(stage: Stage) -> None:
    n = stage.asked(Action.APPROVE)
    before, version = heads(stage), stage.card(n).version
    stage.voice(n)
    assert (heads(stage), stage.card(n).version) == (before, version)


@pytest.mark.parametrize("state", PATHS)
def test_a_voice_is_for_what_is_open_and_what_is_not_shown_is_not_there(state: str, stage: Stage) -> None:
    n = stage.asked(*PATHS[state])
    expected = {"approved": "", "shortlisted": "", "answering": "voices_closed"}.get(state, "not_found")
    assert refusal(lambda: stage.voice(n)) == expected


def test_nobody_adds_a_voice_to_their_own_question(stage: Stage) -> None:
    n = stage.asked(Action.APPROVE)
    assert refusal(lambda: stage.voice(n, "asker-one")) == "own_question"


def test_voting_is_open_until_the_event_closes_and_can_be_stopped_alone(stage: Stage) -> None:
    n = stage.asked(Action.APPROVE)
    stage.throw(Switch.ASKING)
    assert refusal(lambda: stage.voice(n)) == ""
    stage.throw(Switch.VOTING)
    assert refusal(lambda: stage.voice(n)) == "stopped_voting"
    stage.throw(Switch.VOTING, stopped=False)
    stage.step(Step.LAST_QUESTIONS)
    assert refusal(lambda: stage.voice(n)) == ""
    stage.step(Step.CLOSE)
    assert refusal(lambda: stage.voice(n)) == "phase_closed"


# Withdrawing


@pytest.mark.parametrize("state", ["received", "in_review", "flagged", "approved", "shortlisted"])
def test_the_asker_can_withdraw_until_it_is_being_answered(state: str, stage: Stage) -> None:
    n = stage.asked(*PATHS[state])
    assert stage.withdraw(n).state is State.WITHDRAWN
    assert n not in [question["n"] for question in stage.present()["questions"]]
    before = stage.tables()
    assert stage.withdraw(n).state is State.WITHDRAWN, "again is no error"
    assert stage.tables() == before


@pytest.mark.parametrize("state", ["answering", "declined", "hidden"])
def test_what_was_taken_up_or_put_away_is_not_withdrawn(state: str, stage: Stage) -> None:
    n = stage.asked(*PATHS[state])
    assert refusal(lambda: stage.withdraw(n)) == "no_such_move"


def test_nobody_withdraws_the_question_of_another(stage: Stage) -> None:
    n = stage.asked(Action.APPROVE)
    assert refusal(lambda: stage.withdraw(n, "asker-two")) == "not_found"
    assert stage.card(n).state is State.APPROVED


def test_one_can_withdraw_when_all_is_stopped_and_closed(stage: Stage) -> None:
    n = stage.asked(Action.APPROVE)
    for switch in Switch:
        stage.throw(switch)
    stage.step(Step.CLOSE, Step.ARCHIVE)
    assert stage.withdraw(n).state is State.WITHDRAWN


# Who looked, and what is not there


def test_how_often_a_question_was_shown_is_counted_and_is_no_move(stage: Stage) -> None:
    n, other = stage.asked(Action.APPROVE), stage.asked(Action.APPROVE)
    before, card = heads(stage), stage.card(n)
    stage.act(questions.count_seen, stage.event_id, {n: 3, other: 1})
    stage.act(questions.count_seen, stage.event_id, {n: 2, 10_000: 1})
    assert (stage.card(n).impressions, stage.card(other).impressions) == (5, 1)
    assert (heads(stage), stage.card(n).version) == (before, card.version)


def test_a_question_that_is_not_there_is_not_found(stage: Stage) -> None:
    for act in (
        lambda: stage.act(
            questions.move, stage.staff[Role.OWNER], stage.event_id, 9_999, Action.TAKE, seen=1, key=stage.key()
        ),
        lambda: stage.voice(9_999),
        lambda: stage.withdraw(9_999),
        lambda: stage.act(questions.ask, asker("a"), 9_999, Asking(stage.key(), "x"), SECRET),
    ):
        with pytest.raises(NotFound):
            act()
