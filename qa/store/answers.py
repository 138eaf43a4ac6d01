"""Answers by version."""

from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, func, insert, select, update

from qa.domain.answers import Answer, Correction, How, State
from qa.domain.questions import State as QuestionState
from qa.store.tables import answers, questions
from qa.store.writer import Tx

_FIELDS: Final = [field.name for field in fields(Answer)]
_VERSIONS: Final = select(*(answers.c[name] for name in _FIELDS))


def add(tx: Tx, answer: Answer) -> None:
    tx.conn.execute(insert(answers).values(**_values(answer)))


def write(tx: Tx, answer: Answer, state: State, rev: int) -> bool:
    """Put the version in place if it still is in that state and at that save. False: somebody was first."""
    result = tx.conn.execute(
        update(answers)
        .where(
            answers.c.event_id == answer.event_id,
            answers.c.n == answer.n,
            answers.c.version == answer.version,
            answers.c.state == state.value,
            answers.c.rev == rev,
        )
        .values(**_values(answer))
    )
    return result.rowcount == 1


def versions(conn: Connection, event_id: int, n: int) -> list[Answer]:
    """All versions of the answer to a question, the newest first."""
    query = _VERSIONS.where(answers.c.event_id == event_id, answers.c.n == n).order_by(answers.c.version.desc())
    return [_answer(row) for row in conn.execute(query)]


def every(conn: Connection, event_id: int) -> list[Answer]:
    """All versions of all answers of an event, by question and version."""
    return in_states(conn, event_id, State)


def in_states(conn: Connection, event_id: int, states: Iterable[State]) -> list[Answer]:
    """All versions in some states, by question and version."""
    query = _VERSIONS.where(
        answers.c.event_id == event_id, answers.c.state.in_([state.value for state in states])
    ).order_by(answers.c.n, answers.c.version)
    return [_answer(row) for row in conn.execute(query)]


def count_shown(conn: Connection, event_id: int) -> int:
    """How many answers stand on the event's page: published, not withdrawn, their question not hidden."""
    query = (
        select(func.count())
        .select_from(answers.join(questions))
        .where(answers.c.event_id == event_id, answers.c.state == State.PUBLISHED.value)
        .where(questions.c.state == QuestionState.ANSWERED.value)
    )
    return int(conn.execute(query).scalar_one())


def due(conn: Connection, now: datetime) -> list[Answer]:
    """The versions whose hold slot is over, the longest over first."""
    query = _VERSIONS.where(answers.c.state == State.HOLDING.value, answers.c.publish_at <= now).order_by(
        answers.c.publish_at
    )
    return [_answer(row) for row in conn.execute(query)]


def _values(answer: Answer) -> dict[str, Any]:
    values = {name: getattr(answer, name) for name in _FIELDS}
    for name in ("state", "how", "kind"):
        values[name] = values[name].value if values[name] else None
    return values


def _answer(row: "Row[Any]") -> Answer:
    values = dict(row._mapping)
    values["state"] = State(values["state"])
    values["how"] = How(values["how"]) if values["how"] else None
    values["kind"] = Correction(values["kind"]) if values["kind"] else None
    return Answer(**values)
