"""The one door for writes: what waits is run in one transaction, committed once, and then answered.

Each action runs in a savepoint of its own, so that a refusal undoes only itself. Nobody is answered before the commit:
not even a refusal, for it may rest on what a neighbour in the same transaction wrote.
"""

import logging
import queue
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from qa.domain.refusals import NotSaved, Overloaded
from qa.store.database import Database

_log = logging.getLogger(__name__)

T = TypeVar("T")
Clock = Callable[[], datetime]

WAITING: Final = 4_000
TOGETHER: Final = 200


@dataclass(slots=True)
class Tx:
    """What an action gets: the connection, the time of the whole transaction, and the events whose log it grew."""

    conn: Connection
    now: datetime
    grown: set[int] = field(default_factory=set)


@dataclass(slots=True)
class _Job:
    action: Callable[[Tx], Any]
    future: "Future[Any]"
    begun: bool = False
    result: Any = None
    error: BaseException | None = None

    def answer(self) -> None:
        if self.error:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


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
        self._jobs: queue.Queue[_Job | None] = queue.Queue(waiting)
        self._entering = threading.Lock()
        self._closed = False
        # SQLite has one writer at a time. On PostgreSQL a second one fills the wait for the disk.
        count = 1 if database.is_sqlite else 2
        self._threads = [threading.Thread(target=self._work, name=f"writer-{i}", daemon=True) for i in range(count)]
        for thread in self._threads:
            thread.start()

    def submit(self, action: Callable[[Tx], T]) -> "Future[T]":
        """Queue an action. The future has its result once that is committed; `Overloaded` if the queue is full.

        After `close` nothing is taken in: nobody would ever answer it.
        """
        job = _Job(action, Future())
        job.future.set_running_or_notify_cancel()
        with self._entering:
            if self._closed or self._jobs.full():
                raise Overloaded(seconds=2)
            self._jobs.put_nowait(job)
        return job.future

    def run(self, action: Callable[[Tx], T]) -> T:
        """Submit and wait: for programs without a loop."""
        return self.submit(action).result()

    def close(self) -> None:
        """Finish what waits, then stop."""
        with self._entering:
            self._closed = True
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while jobs := self._take():
            try:
                grown = self._commit(jobs)
            except SQLAlchemyError as error:
                self._recover(jobs, error)
                continue
            self._tell(jobs, grown)

    def _take(self) -> list[_Job]:
        """What waits, at least one; empty: stop."""
        jobs: list[_Job] = []
        job = self._jobs.get()
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
        return jobs

    def _commit(self, jobs: Iterable[_Job]) -> set[int]:
        with self._database.writing.connect() as connection, connection.begin():
            tx = Tx(connection, self._clock())
            for job in jobs:
                _attempt(tx, job)
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


def _attempt(tx: Tx, job: _Job) -> None:
    grown = set(tx.grown)
    savepoint = tx.conn.begin_nested()
    job.begun = True
    try:
        job.result = job.action(tx)
    except DBAPIError:
        # The connection itself may be broken: the transaction as a whole decides.
        raise
    except Exception as error:  # noqa: BLE001 - whatever an action raises is the answer to who asked for it
        savepoint.rollback()
        tx.grown = grown
        job.error = error
    else:
        savepoint.commit()
