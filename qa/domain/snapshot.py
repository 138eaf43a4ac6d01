"""The public present of an event, and how each entry changes it. The browser's `live.js` follows the same rules."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, TypeAlias

from qa.domain.views import PublicAnswer, PublicEvent, PublicQuestion

Json: TypeAlias = dict[str, Any]


def snapshot(
    epoch: str,
    seq: int,
    event: PublicEvent,
    questions: Iterable[PublicQuestion],
    answers: Iterable[PublicAnswer],
) -> Json:
    """`{v, epoch, seq, event, questions, answers}`; both lists are sorted by `n`. It holds all up to and with `seq`."""
    return {
        "v": 1,
        "epoch": epoch,
        "seq": seq,
        "event": asdict(event),
        "questions": [asdict(question) for question in sorted(questions, key=lambda question: question.n)],
        "answers": [asdict(answer) for answer in sorted(answers, key=lambda answer: answer.n)],
    }


def fold(present: Json, entries: Iterable[Json]) -> Json:
    """The snapshot after further entries (frames with `seq`). Entries it already holds change nothing.

    Raises ValueError on a gap: the reader must take a fresh snapshot. Unknown types only move `seq`.
    """
    state = dict(present)
    questions = {question["n"]: question for question in present["questions"]}
    answers = {answer["n"]: answer for answer in present["answers"]}
    for entry in entries:
        if entry["seq"] <= state["seq"]:
            continue
        if entry["seq"] != state["seq"] + 1:
            raise ValueError(f"entry {entry['seq']} after {state['seq']}")
        state["seq"] = entry["seq"]
        data = entry["data"]
        match entry["type"]:
            case "event.changed" | "event.opened":
                state["event"] = data
            case "question.shown":
                questions[data["n"]] = data
            case "question.removed":
                questions.pop(data["n"], None)
            case "answer.published" | "answer.corrected" | "answer.retracted":
                answers[data["n"]] = data
            case "answer.removed":
                answers.pop(data["n"], None)
    state["questions"] = [questions[n] for n in sorted(questions)]
    state["answers"] = [answers[n] for n in sorted(answers)]
    return state


def being_answered(present: Json) -> Json | None:
    """The question being answered now: the one that came to it last."""
    now = [question for question in present["questions"] if question["state"] == "answering"]
    return max(now, key=lambda question: (question["since"], question["n"]), default=None)


def next_up(present: Json) -> Json | None:
    """The next of the chosen questions in the run order."""
    chosen = [question for question in present["questions"] if question["state"] == "shortlisted"]
    return min(chosen, key=lambda question: (question["place"] or 0, question["n"]), default=None)
