"""Writing on purpose: a writer that is kept waiting, so that what is submitted meanwhile is done together."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Final, TypeVar

from qa.actions import questions
from qa.actions.questions import Acknowledged, Asking
from qa.domain.people import asker
from qa.domain.refusals import Refused
from qa.store.writer import Tx, Writer
from tests.world import SECRET, key

T = TypeVar("T")

WITHIN: Final = 30.0


def asking(event_id: int, text: str = "Why?", who: str = "ann", its_key: str = "") -> Callable[[Tx], Acknowledged]:
    """An action that asks a question."""
    return lambda tx: questions.ask(tx, asker(who), event_id, Asking(its_key or key(), text), SECRET)


def refused(also: Callable[[Tx], object]) -> Callable[[Tx], None]:
    """An action that does something and is refused after it."""

    def action(tx: Tx) -> None:
        also(tx)
        raise Refused("no")

    return action


@contextmanager
def held(writer: Writer) -> Iterator[None]:
    """One thread of the writer is kept in an action until the block ends."""
    begun, go = threading.Event(), threading.Event()

    def wait(_: Tx) -> None:
        begun.set()
        assert go.wait(WITHIN)

    job = writer.submit(wait)
    assert begun.wait(WITHIN)
    try:
        yield
    finally:
        go.set()
        job.exception(WITHIN)


def submit_together(writer: Writer, *actions: Callable[[Tx], T]) -> "list[Future[T]]":
    """Futures of actions that were all waiting before a thread of the writer that was kept busy came to them."""
    with held(writer):
        return [writer.submit(action) for action in actions]


def outcomes(futures: "Sequence[Future[T]]") -> list[T | BaseException]:
    """The results, or the errors in their places."""
    return [future.exception(WITHIN) or future.result() for future in futures]
