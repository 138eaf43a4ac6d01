"""The present of an event: what each entry does to it, and that nobody reads over a hole."""

from typing import Any, Final

import pytest

from qa.domain.channels import public_answer, public_event, public_question
from qa.domain.questions import State
from qa.domain.snapshot import Json, being_answered, fold, next_up, snapshot
from tests.domain.cards import answer, event, question

OPEN: Final = public_question(question(n=3))
NOW: Final = public_question(question(n=1, state=State.ANSWERING))
GIVEN: Final = public_answer(question(n=2, state=State.ANSWERED), answer(n=2))


def present() -> Json:
    """At entry 41: questions 1 and 3, the answer to 2."""
    held = public_event(event())
    assert held
    assert OPEN
    assert NOW
    assert GIVEN
    return snapshot("k3v9", 41, held, [OPEN, NOW], [GIVEN])


def entry(seq: int, type_: str, **data: Any) -> Json:
    return {"v": 1, "seq": seq, "type": type_, "at": "", "data": data}


def numbers(state: Json) -> tuple[list[int], list[int]]:
    return [question["n"] for question in state["questions"]], [answer["n"] for answer in state["answers"]]


def test_a_snapshot_is_sorted_by_number() -> None:
    assert present().keys() == {"v", "epoch", "seq", "event", "questions", "answers"}
    assert numbers(present()) == ([1, 3], [2])


@pytest.mark.parametrize(
    ("type_", "data", "questions", "answers"),
    [
        ("question.shown", {"n": 2, "state": "approved"}, [1, 2, 3], [2]),
        ("question.shown", {"n": 3, "state": "shortlisted"}, [1, 3], [2]),
        ("question.removed", {"n": 3}, [1], [2]),
        ("question.removed", {"n": 99}, [1, 3], [2]),
        ("answer.published", {"n": 1}, [1, 3], [1, 2]),
        ("answer.corrected", {"n": 2}, [1, 3], [2]),
        ("answer.retracted", {"n": 2}, [1, 3], [2]),
        ("answer.removed", {"n": 2}, [1, 3], []),
        ("answer.removed", {"n": 99}, [1, 3], [2]),
        ("event.changed", {"phase": "answering"}, [1, 3], [2]),
        ("event.opened", {"phase": "live"}, [1, 3], [2]),
        ("superseded", {}, [1, 3], [2]),
        ("of.a.later.version", {"n": 3}, [1, 3], [2]),
    ],
)
def test_an_entry_changes_what_it_says_and_nothing_else(
    type_: str, data: dict[str, Any], questions: list[int], answers: list[int]
) -> None:
    before = present()
    after = fold(before, [entry(42, type_, **data)])
    assert after["seq"] == 42
    assert numbers(after) == (questions, answers)
    assert (after["event"] == data) == type_.startswith("event.")
    kind = type_.split(".")[0]
    if kind in {"question", "answer"} and not type_.endswith(".removed"):
        assert data in after[f"{kind}s"], "the whole record replaces the one before"
    assert before == present(), "the snapshot that was given is not touched"


def test_a_gap_is_never_read_over() -> None:
    for seq in (43, 100):
        with pytest.raises(ValueError, match=f"entry {seq} after 41"):
            fold(present(), [entry(seq, "question.removed", n=1)])


def test_entries_it_already_holds_change_nothing() -> None:
    old = [entry(seq, "question.removed", n=1) for seq in (1, 40, 41)]
    assert fold(present(), old) == present()
    assert numbers(fold(present(), [*old, entry(42, "question.removed", n=3)])) == ([1], [2])


def test_entries_in_one_go_are_entries_one_by_one() -> None:
    entries = [
        entry(42, "question.shown", n=9, state="approved"),
        entry(43, "question.removed", n=3),
        entry(44, "answer.published", n=3),
        entry(45, "answer.removed", n=2),
    ]
    state = present()
    for one in entries:
        state = fold(state, [one])
    assert state == fold(present(), entries)
    assert numbers(state) == ([1, 9], [3])


def _asked(**facts: Any) -> Json:
    return {"n": 1, "state": "approved", "place": None, "since": "2026-11-27T15:00:00.000Z", **facts}


def test_being_answered_is_the_question_that_came_to_it_last() -> None:
    questions = [
        _asked(n=4, state="answering", since="2026-11-27T15:09:00.000Z"),
        _asked(n=1, state="answering", since="2026-11-27T15:10:00.000Z"),
        _asked(n=9),
    ]
    assert being_answered({"questions": questions}) == questions[1]
    assert being_answered({"questions": questions[2:]}) is None


def test_next_is_the_first_of_the_run_order() -> None:
    questions = [
        _asked(n=4, state="shortlisted", place=3),
        _asked(n=8, state="shortlisted", place=1),
        _asked(n=1, state="answering", place=1),
        _asked(n=2),
    ]
    assert next_up({"questions": questions}) == questions[1]
    assert next_up({"questions": questions[2:]}) is None
