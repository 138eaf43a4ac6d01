"""Questions, voices, and who asked."""

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import fields
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, RowMapping, bindparam, delete, func, insert, select, tuple_, update

from qa.domain.order import Seen
from qa.domain.questions import Action, Code, Question, State
from qa.domain.rates import Bucket
from qa.domain.views import plain
from qa.store.tables import askers, questions, voices
from qa.store.writer import Tx

_FIELDS: Final = [field.name for field in fields(Question)]
# Built once: putting two dozen columns together costs as much as asking the database.
_CARDS: Final = select(*(questions.c[name] for name in _FIELDS))
_ADD: Final = insert(questions)
# Which card it is, and what others count meanwhile without a new version.
_NOT_MOVED: Final = {"event_id", "n", "voices", "impressions"}
_IN_EVENT: Final = questions.c.event_id == bindparam("of")
_HERE: Final = (_IN_EVENT, questions.c.n == bindparam("number"))
_BY_NUMBERS: Final = _CARDS.where(_IN_EVENT, questions.c.n.in_(bindparam("numbers", expanding=True)))
_BY_KEYS: Final = _CARDS.add_columns(questions.c.key).where(
    _IN_EVENT, questions.c.key.in_(bindparam("keys", expanding=True))
)
_SEEN: Final = update(questions).where(*_HERE).values(impressions=questions.c.impressions + bindparam("more"))


def add(tx: Tx, asked: Iterable[tuple[Question, str, str]]) -> None:
    """Write new questions, each with its client's key and the fingerprint of its receipt's code."""
    tx.conn.execute(_ADD, [{"key": key, "receipt": receipt, **_row(card)} for card, key, receipt in asked])


def get(conn: Connection, event_id: int, n: int) -> Question | None:
    return by_numbers(conn, event_id, [n]).get(n)


def by_numbers(conn: Connection, event_id: int, numbers: Iterable[int]) -> dict[int, Question]:
    """The questions of these numbers that there are."""
    rows = conn.execute(_BY_NUMBERS, {"of": event_id, "numbers": list(numbers)}).mappings()
    return {row["n"]: _question(row) for row in rows}


def by_keys(conn: Connection, event_id: int, keys: Iterable[str]) -> dict[str, Question]:
    """The questions that were asked with these keys."""
    rows = conn.execute(_BY_KEYS, {"of": event_id, "keys": list(keys)}).mappings()
    return {row["key"]: _question(row) for row in rows}


def by_receipt(conn: Connection, fingerprint: str) -> Question | None:
    row = conn.execute(_CARDS.where(questions.c.receipt == fingerprint)).mappings().first()
    return _question(row) if row else None


def receipt_of(conn: Connection, event_id: int, n: int) -> str:
    """The fingerprint of a question's receipt code."""
    query = select(questions.c.receipt).where(questions.c.event_id == event_id, questions.c.n == n)
    return str(conn.execute(query).scalar_one())


def every(conn: Connection, event_id: int, states: Iterable[State] | None = None) -> list[Question]:
    """All questions of an event, or those in some states, by number."""
    query = _CARDS.where(questions.c.event_id == event_id).order_by(questions.c.n)
    if states is not None:
        query = query.where(questions.c.state.in_([state.value for state in states]))
    return [_question(row) for row in conn.execute(query).mappings()]


def of_asker(conn: Connection, event_id: int, asker: str) -> list[Question]:
    query = _CARDS.where(questions.c.event_id == event_id, questions.c.asker == asker).order_by(questions.c.n.desc())
    return [_question(row) for row in conn.execute(query).mappings()]


def seen(conn: Connection, event_id: int, state: State) -> list[Seen]:
    """Number and impressions of the questions in a state."""
    query = select(questions.c.n, questions.c.impressions).where(
        questions.c.event_id == event_id, questions.c.state == state.value
    )
    return [Seen(row.n, row.impressions) for row in conn.execute(query)]


def write(tx: Tx, card: Question, version: int) -> bool:
    """Put the card in place of the one of that version. False: somebody was first, nothing was written."""
    values = {name: value for name, value in _row(card).items() if name not in _NOT_MOVED}
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
    if counts:
        tx.conn.execute(_SEEN, [{"of": event_id, "number": n, "more": more} for n, more in sorted(counts.items())])


# A person's voice for a question: its number, and the asker.
Voice: TypeAlias = tuple[int, str]

_OF: Final = voices.c.event_id == bindparam("of")
_AMONG: Final = select(voices.c.n, voices.c.asker).where(
    _OF, tuple_(voices.c.n, voices.c.asker).in_(bindparam("pairs", expanding=True))
)
_COME: Final = insert(voices)
_GONE: Final = delete(voices).where(_OF, voices.c.n == bindparam("number"), voices.c.asker == bindparam("who"))
_COUNT: Final = update(questions).where(*_HERE).values(voices=questions.c.voices + bindparam("more"))


def voices_among(conn: Connection, event_id: int, pairs: Iterable[Voice]) -> set[Voice]:
    """Those of the voices that are there."""
    rows = conn.execute(_AMONG, {"of": event_id, "pairs": list(pairs)})
    return {(row.n, row.asker) for row in rows}


def change_voices(tx: Tx, event_id: int, gone: Iterable[Voice], come: Iterable[Voice]) -> None:
    """Take voices away, then add voices; a question's count stays the number of its rows."""
    less = [{"of": event_id, "number": n, "who": asker} for n, asker in gone]
    more = [{"event_id": event_id, "n": n, "asker": asker, "at": tx.now} for n, asker in come]
    counts = Counter(row["n"] for row in more)
    counts.subtract(row["number"] for row in less)
    # In the order of the numbers, so that nobody waits for a row in a circle.
    changed = [{"of": event_id, "number": n, "more": count} for n, count in sorted(counts.items()) if count]
    for statement, rows in ((_GONE, less), (_COME, more), (_COUNT, changed)):
        if rows:
            tx.conn.execute(statement, rows)


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


_BUCKETS: Final = select(askers.c.asker, askers.c.tokens, askers.c.tokens_at).where(
    askers.c.event_id == bindparam("of"), askers.c.asker.in_(bindparam("who", expanding=True))
)
_ASKED_AGAIN: Final = (
    update(askers)
    .where(askers.c.event_id == bindparam("of"), askers.c.asker == bindparam("who"))
    .values(asked=askers.c.asked + bindparam("more"), tokens=bindparam("left"), tokens_at=bindparam("left_at"))
)
_ASKED_FIRST: Final = insert(askers)


def buckets(conn: Connection, event_id: int, who: Iterable[str]) -> dict[str, Bucket]:
    """What is left to those of these askers who asked before."""
    rows = conn.execute(_BUCKETS, {"of": event_id, "who": list(who)})
    return {row.asker: Bucket(row.tokens, row.tokens_at) for row in rows}


def count_asked(tx: Tx, event_id: int, known: Container[str], asked: Mapping[str, tuple[int, Bucket]]) -> None:
    """Keep for each asker how often they asked more, and what is left in their bucket; `known` have asked before."""
    again = [
        {"of": event_id, "who": asker, "more": more, "left": left.tokens, "left_at": left.at}
        for asker, (more, left) in asked.items()
        if asker in known
    ]
    first = [
        {"event_id": event_id, "asker": asker, "asked": more, "tokens": left.tokens, "tokens_at": left.at}
        for asker, (more, left) in asked.items()
        if asker not in known
    ]
    if again:
        tx.conn.execute(_ASKED_AGAIN, again)
    if first:
        tx.conn.execute(_ASKED_FIRST, first)


def _row(card: Question) -> dict[str, Any]:
    values = plain(card)
    for name in ("state", "code", "last_action"):
        values[name] = values[name].value if values[name] else None
    return values


def _question(row: RowMapping) -> Question:
    values = {name: row[name] for name in _FIELDS}
    values["state"] = State(values["state"])
    values["code"] = Code(values["code"]) if values["code"] else None
    values["last_action"] = Action(values["last_action"]) if values["last_action"] else None
    return Question(**values)
