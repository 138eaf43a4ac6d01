"""Worlds on one database: one process, or two that know nothing of each other but what the database says."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import TypeVar

from qa.domain.refusals import Refused
from qa.store.database import Database
from qa.store.writer import Writer
from qa.web.site import now
from tests.world import World

T = TypeVar("T")


@contextmanager
def world_on(url: str) -> Iterator[World]:
    database = Database(url)
    writer = Writer(database, now)
    try:
        yield World(database, writer)
    finally:
        writer.close()
        database.close()


@contextmanager
def two_worlds_on(url: str) -> Iterator[tuple[World, World]]:
    """Each with connections and a writer of its own, as two processes have."""
    with ExitStack() as stack:
        yield stack.enter_context(world_on(url)), stack.enter_context(world_on(url))


def at_once(acts: Sequence[Callable[[], T]]) -> list[T | Refused]:
    """What each act gave, or why it was refused, when all of them began at the same moment in threads of their own."""
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], T]) -> T | Refused:
        start.wait(30)
        try:
            return act()
        except Refused as refused:
            return refused

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))
