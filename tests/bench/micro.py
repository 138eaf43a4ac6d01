"""What single steps cost within one process, in CPU time: medians of several turns."""

import statistics
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any, Final

from qa.actions import questions
from qa.domain.events import Event
from qa.domain.people import asker
from qa.domain.questions import Action
from qa.store.database import Database
from qa.store.migrations.run import upgrade
from qa.store.writer import Writer
from qa.web.present import read_present
from qa.web.site import now
from tests.bench.rows import Row, Size, tell
from tests.world import SECRET, World, key

NAMES: Final = ("together", "one", "present")
OPEN: Final = 50


def measure(size: Size, only: str | None) -> Iterator[Row]:
    tell("single steps")
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder, 'bench.db')}"
        upgrade(url)
        database = Database(url)
        world = World(database, Writer(database, now))
        try:
            event = world.event()
            for number in range(OPEN):
                world.move(world.ask(event, f"Question {number}?"), Action.APPROVE)
            together = cost(partial(ask_together, world, event, size.asked), size.asked, size.turns)
            one = cost(partial(ask_one_by_one, world, event, size.asked), size.asked, size.turns)
            present = cost(lambda: database.read(read_present, event), 1, size.turns)
        finally:
            world.writer.close()
            database.close()
    told, beside = "a question written and acknowledged, ", f"{together / one:.2f} × one by one"
    yield Row("together", f"{told}many at once", f"{together:.0f} µs", together, beside)
    yield Row("one", f"{told}one by one", f"{one:.0f} µs", one)
    yield Row("present", f"an event's present read anew, {OPEN} open questions", f"{present:.0f} µs", present)


def cost(work: Callable[[], Any], count: int, turns: int) -> float:
    """Microseconds of CPU time for each of `count` things done by `work`."""
    spent = []
    for _ in range(turns):
        started = process_time()
        work()
        spent.append((process_time() - started) / count * 1e6)
    return statistics.median(spent)


def ask_together(world: World, event: Event, count: int) -> None:
    """All asked before the first is acknowledged: the writer commits them in a few transactions."""
    waiting: list[Future[Any]] = [world.writer.submit(partial(_ask, event=event)) for _ in range(count)]
    for acknowledged in waiting:
        acknowledged.result()


def ask_one_by_one(world: World, event: Event, count: int) -> None:
    for _ in range(count):
        world.writer.run(partial(_ask, event=event))


def _ask(tx: Any, event: Event) -> Any:
    asking = questions.Asking(key(), "What about Taiwan made this possible?")
    return questions.ask(tx, asker(key()[:24]), event.id, asking, SECRET)
