"""The one door for writes: what waits is run in one transaction, committed once, and then answered.

Each action runs in a savepoint of its own, so that a refusal undoes only itself. Nobody is answered before the commit:
not even a refusal, for it may rest on what a neighbour in the same transaction wrote. Actions that many people do have
a form for many at once (`OneOf`): those of one event that wait together are one action, in one savepoint.
"""

import logging
import queue
import threading
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Any, Final, Generic, TypeAlias, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from qa.domain.refusals import NotSaved, Overloaded, Refused
from qa.store.database import Database

_log = logging.getLogger(__name__)

Item = TypeVar("Item")
T = TypeVar("T")
Clock = Callable[[], datetime]

WAITING: Final = 4_000
TOGETHER: Final = 400
GATHER_SECONDS: Final = 0.02


@dataclass(slots=True)
class Tx:
    """What an action gets: the connection, the time of the whole transaction, and the events whose log it grew."""

    conn: Connection
    now: datetime
    grown: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class OneOf(Generic[Item, T]):
    """An action that is done at once for all who wait with the like: called by itself, it is done for one.

    `many(tx, event_id, items)` gives for each item, in their order, its result or why it was refused. What it gives
    and writes must be what the items give and write one after the other.
    """

    many: Callable[[Tx, int, Sequence[Item]], Sequence[T | Refused]]
    event_id: int
    item: Item

    def __call__(self, tx: Tx) -> T:
        (outcome,) = self.many(tx, self.event_id, [self.item])
        if isinstance(outcome, Refused):
            raise outcome
        return outcome


# How somebody is answered: called with the result, or with the error, in a thread of the writer's.
Answer: TypeAlias = Callable[[Any, BaseException | None], None]


@dataclass(slots=True, eq=False)
class _Job:
    action: Callable[[Tx], Any]
    told: Answer
    event_id: int
    begun: bool = False
    result: Any = None
    error: BaseException | None = None

    def answer(self) -> None:
        self.told(self.result, self.error)


class Writer:
    """`after_commit` is called in the writer's thread with the events whose log grew: it rings the bell."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        after_commit: Callable[[set[int]], None] = lambda grown: None,
        *,
        waiting: int = WAITING,
        together: int = TOGETHER,
    ) -> None:
        self._database = database
        self._clock = clock
        self._after_commit = after_commit
        self._together = together
        self._waiting = waiting
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._entering = threading.Lock()
        self._closing = threading.Event()
        # SQLite has one writer at a time. On PostgreSQL a second one fills the wait for the disk.
        count = 1 if database.is_sqlite else 2
        self._threads = [threading.Thread(target=self._work, name=f"writer-{i}", daemon=True) for i in range(count)]
        for thread in self._threads:
            thread.start()

    def submit(self, action: Callable[[Tx], T], event_id: int = 0) -> "Future[T]":
        """Queue an action. The future has its result once that is committed; `Overloaded` if the queue is full.

        After `close` nothing is taken in: nobody would ever answer it.
        """
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()
        self.put(action, partial(_settle, future), event_id)
        return future

    def put(self, action: Callable[[Tx], Any], answer: Answer, event_id: int = 0) -> None:
        """The same, for who is told in a way of their own. `event_id`: the event in which it is done, if it is in one.

        What goes together is done in the order of the events: each is held from its first action to the commit, and
        two transactions that took them in different orders would wait for each other.
        """
        job = _Job(action, answer, action.event_id if isinstance(action, OneOf) else event_id)
        with self._entering:
            if self._closing.is_set() or self._jobs.qsize() >= self._waiting:
                raise Overloaded(seconds=2)
            self._jobs.put(job)

    def run(self, action: Callable[[Tx], T]) -> T:
        """Submit and wait: for programs without a loop."""
        return self.submit(action).result()

    def close(self) -> None:
        """Finish what waits, then stop."""
        with self._entering:
            self._closing.set()
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        together = 0
        while jobs := self._take(gather=together > 1):
            together = len(jobs)
            try:
                grown = self._commit(jobs)
            except SQLAlchemyError as error:
                self._recover(jobs, error)
                continue
            self._tell(jobs, grown)

    def _take(self, *, gather: bool) -> list[_Job]:
        """What waits, at least one; empty: stop.

        Where several came together the time before, more are on their way: a moment is waited for them, for a
        transaction costs about as much for one as for ten.
        """
        jobs: list[_Job] = []
        job = self._jobs.get()
        if gather and job is not None:
            self._closing.wait(GATHER_SECONDS)
        while job is not None:
            jobs.append(job)
            if len(jobs) == self._together:
                break
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
        else:
            if jobs:
                # The sign to stop came behind work: give it back for the next round.
                self._jobs.put(None)
        return sorted(jobs, key=attrgetter("event_id"))

    def _commit(self, jobs: Iterable[_Job]) -> set[int]:
        with self._database.writing.connect() as connection, connection.begin():
            tx = Tx(connection, self._clock())
            for alike in _alike(jobs):
                _attempt_all(tx, alike)
        return tx.grown

    def _recover(self, jobs: list[_Job], error: SQLAlchemyError) -> None:
        """The whole transaction failed: try each job alone, so that one can't take its neighbours down.

        A commit whose answer was lost may have happened. Every action carries a key or a version, so trying again
        either finds its own first result or is refused; it never does a thing twice. Where not even the first job could
        begin, the database is away or taken: the others are told now, and don't wait for it one after the other.
        """
        if len(jobs) == 1 or not isinstance(error, DBAPIError) or not jobs[0].begun:
            _not_saved(jobs, error)
            return
        for i, job in enumerate(jobs):
            job.begun, job.error, job.result = False, None, None
            try:
                grown = self._commit([job])
            except SQLAlchemyError as again:
                if not job.begun:
                    _not_saved(jobs[i:], again)
                    return
                _not_saved([job], again)
            else:
                self._tell([job], grown)

    def _tell(self, jobs: Iterable[_Job], grown: set[int]) -> None:
        for job in jobs:
            job.answer()
        if grown:
            try:
                self._after_commit(grown)
            except Exception:  # noqa: BLE001 - who listens looks by themselves too; nobody writes without this thread
                _log.exception("nobody was told that a log grew")


def _not_saved(jobs: Iterable[_Job], cause: SQLAlchemyError) -> None:
    for job in jobs:
        job.error, job.result = NotSaved(), None
        job.error.__cause__ = cause
        job.answer()


def _settle(future: "Future[Any]", result: Any, error: BaseException | None) -> None:
    if error:
        future.set_exception(error)
    else:
        future.set_result(result)


def _alike(jobs: Iterable[_Job]) -> Iterable[list[_Job]]:
    """Jobs that can be done as one, where the first of them stands; all others by themselves."""
    found: dict[Hashable, list[_Job]] = {}
    for job in jobs:
        action = job.action
        kind = (action.many, action.event_id) if isinstance(action, OneOf) else job
        found.setdefault(kind, []).append(job)
    return found.values()


def _attempt_all(tx: Tx, jobs: list[_Job]) -> None:
    """Do jobs of a kind as one. If that breaks one of them is at fault, and each is done by itself."""
    if len(jobs) == 1:
        _attempt(tx, jobs[0])
        return
    try:
        with _savepoint(tx):
            for job in jobs:
                job.begun = True
            outcomes = _do_as_one(tx, [job.action for job in jobs if isinstance(job.action, OneOf)])
    except DBAPIError:
        raise
    except Exception:  # noqa: BLE001 - whatever it is, it is the answer to one of them only
        for job in jobs:
            _attempt(tx, job)
    else:
        for job, outcome in zip(jobs, outcomes, strict=True):
            if isinstance(outcome, Refused):
                job.error = outcome
            else:
                job.result = outcome


def _do_as_one(tx: Tx, actions: Sequence[OneOf[Any, Any]]) -> Sequence[Any]:
    outcomes = actions[0].many(tx, actions[0].event_id, [action.item for action in actions])
    if len(outcomes) != len(actions):
        raise ValueError(f"{len(outcomes)} answers to {len(actions)} of a set")
    return outcomes


def _attempt(tx: Tx, job: _Job) -> None:
    try:
        with _savepoint(tx):
            job.begun = True
            job.result = job.action(tx)
    except DBAPIError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever an action raises is the answer to who asked for it
        job.error = error


@contextmanager
def _savepoint(tx: Tx) -> Iterator[None]:
    """What is done in the block is undone if it breaks, unless the database broke it."""
    grown = set(tx.grown)
    savepoint = tx.conn.begin_nested()
    try:
        yield
    except DBAPIError:
        # The connection itself may be broken: the transaction as a whole decides.
        raise
    except Exception:
        savepoint.rollback()
        tx.grown = grown
        raise
    else:
        savepoint.commit()
