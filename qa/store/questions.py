"""Questions, voices, and who asked."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from qa.domain.order import Seen
from qa.domain.questions import Action, Code, Question, State
from qa.domain.rates import Bucket
from qa.store.tables import askers, questions, voices
from qa.store.writer import Tx

_FIELDS: Final = [field.name for field in fields(Question)]
# Built once: putting two dozen columns together costs as much as asking the database.
_CARDS: Final = select(*(questions.c[name] for name in _FIELDS))
_ADD: Final = insert(questions)
# Which card it is, and what others count meanwhile without a new version.
_NOT_MOVED: Final = {"event_id", "n", "voices", "impressions"}


def add(tx: Tx, card: Question, key: str, receipt: str) -> None:
    """Write a new question with its client's key and the fingerprint of its receipt's code."""
    values = {name: _plain(getattr(card, name)) for name in _FIELDS}
    tx.conn.execute(_ADD, {"key": key, "receipt": receipt, **values})


def get(conn: Connection, event_id: int, n: int) -> Question | None:
    return _first(conn.execute(_CARDS.where(questions.c.event_id == event_id, questions.c.n == n)).first())


def by_key(conn: Connection, event_id: int, key: str) -> Question | None:
    query = _CARDS.where(questions.c.event_id == event_id, questions.c.key == key)
    return _first(conn.execute(query).first())


def by_receipt(conn: Connection, fingerprint: str) -> Question | None:
    return _first(conn.execute(_CARDS.where(questions.c.receipt == fingerprint)).first())


def receipt_of(conn: Connection, event_id: int, n: int) -> str:
    """The fingerprint of a question's receipt code."""
    query = select(questions.c.receipt).where(questions.c.event_id == event_id, questions.c.n == n)
    return str(conn.execute(query).scalar_one())


def every(conn: Connection, event_id: int, states: Iterable[State] | None = None) -> list[Question]:
    """All questions of an event, or those in some states, by number."""
    query = _CARDS.where(questions.c.event_id == event_id).order_by(questions.c.n)
    if states is not None:
        query = query.where(questions.c.state.in_([state.value for state in states]))
    return [_question(row) for row in conn.execute(query)]


def of_asker(conn: Connection, event_id: int, asker: str) -> list[Question]:
    query = _CARDS.where(questions.c.event_id == event_id, questions.c.asker == asker).order_by(questions.c.n.desc())
    return [_question(row) for row in conn.execute(query)]


def seen(conn: Connection, event_id: int, state: State) -> list[Seen]:
    """Number and impressions of the questions in a state."""
    query = select(questions.c.n, questions.c.impressions).where(
        questions.c.event_id == event_id, questions.c.state == state.value
    )
    return [Seen(row.n, row.impressions) for row in conn.execute(query)]


def write(tx: Tx, card: Question, version: int) -> bool:
    """Put the card in place of the one of that version. False: somebody was first, nothing was written."""
    values = {name: _plain(getattr(card, name)) for name in _FIELDS if name not in _NOT_MOVED}
    result = tx.conn.execute(
        update(questions)
        .where(questions.c.event_id == card.event_id, questions.c.n == card.n, questions.c.version == version)
        .values(**values)
    )
    return result.rowcount == 1


def last_place(conn: Connection, event_id: int) -> int:
    """The highest place in the run order, 0 if none is chosen."""
    query = select(func.max(questions.c.place)).where(questions.c.event_id == event_id)
    return conn.execute(query).scalar() or 0


def add_impressions(tx: Tx, event_id: int, counts: Mapping[int, int]) -> None:
    """Count how often questions were put before somebody."""
    for n, count in sorted(counts.items()):
        tx.conn.execute(
            update(questions)
            .where(questions.c.event_id == event_id, questions.c.n == n)
            .values(impressions=questions.c.impressions + count)
        )


def set_voice(tx: Tx, event_id: int, n: int, asker: str, on: bool) -> int:
    """Make a person's voice be there or not, and return the question's count: the number of rows, never a sum."""
    mine = (voices.c.event_id == event_id, voices.c.n == n, voices.c.asker == asker)
    there = tx.conn.execute(select(voices.c.asker).where(*mine)).first() is not None
    here = (questions.c.event_id == event_id, questions.c.n == n)
    if there is on:
        return int(tx.conn.execute(select(questions.c.voices).where(*here)).scalar_one())
    if on:
        tx.conn.execute(insert(voices).values(event_id=event_id, n=n, asker=asker, at=tx.now))
    else:
        tx.conn.execute(delete(voices).where(*mine))
    count = questions.c.voices + (1 if on else -1)
    changed = update(questions).where(*here).values(voices=count).returning(questions.c.voices)
    return int(tx.conn.execute(changed).scalar_one())


def voices_by_number(conn: Connection, event_id: int) -> dict[int, int]:
    """The voices of the questions that have any."""
    query = select(questions.c.n, questions.c.voices).where(questions.c.event_id == event_id, questions.c.voices > 0)
    return {row.n: row.voices for row in conn.execute(query)}


def voices_of(conn: Connection, event_id: int, asker: str) -> list[int]:
    """The questions a person added a voice to."""
    query = select(voices.c.n).where(voices.c.event_id == event_id, voices.c.asker == asker).order_by(voices.c.n)
    return list(conn.execute(query).scalars())


def people_behind(conn: Connection, event_id: int, n: int) -> int:
    """The distinct people who ask a question: its asker and the voices."""
    others = (
        select(func.count(voices.c.asker.distinct()))
        .join(questions, (questions.c.event_id == voices.c.event_id) & (questions.c.n == voices.c.n))
        .where(voices.c.event_id == event_id, voices.c.n == n, voices.c.asker != questions.c.asker)
    )
    return 1 + conn.execute(others).scalar_one()


def bucket(conn: Connection, event_id: int, asker: str) -> Bucket | None:
    query = select(askers.c.tokens, askers.c.tokens_at).where(askers.c.event_id == event_id, askers.c.asker == asker)
    row = conn.execute(query).first()
    return Bucket(row.tokens, row.tokens_at) if row else None


def count_asked(tx: Tx, event_id: int, asker: str, left: Bucket) -> None:
    """Keep what is left in the asker's bucket, and that they asked once more."""
    mine = (askers.c.event_id == event_id, askers.c.asker == asker)
    values = {"tokens": left.tokens, "tokens_at": left.at}
    changed = tx.conn.execute(update(askers).where(*mine).values(asked=askers.c.asked + 1, **values))
    if not changed.rowcount:
        tx.conn.execute(insert(askers).values(event_id=event_id, asker=asker, asked=1, **values))


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, State | Code | Action) else value


def _first(row: "Row[Any] | None") -> Question | None:
    return _question(row) if row else None


def _question(row: "Row[Any]") -> Question:
    values = dict(row._mapping)
    values["state"] = State(values["state"])
    values["code"] = Code(values["code"]) if values["code"] else None
    values["last_action"] = Action(values["last_action"]) if values["last_action"] else None
    return Question(**values)
