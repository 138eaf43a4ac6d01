"""`make bench`: what the embedded default costs, in CPU time, each figure beside a yardstick of the same run.

Machines differ and are seldom quiet: trust the ratios, and the medians of several turns taken one after the other.
"""

import json
import statistics
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any, Final

from qa.actions import questions
from qa.domain.people import asker
from qa.domain.questions import Action
from qa.live.ring import Ring
from qa.live.viewer import States, Viewer
from qa.store.database import Database
from qa.store.migrations.run import upgrade
from qa.store.writer import Writer
from qa.web.present import read_present
from qa.web.site import now
from tests.world import SECRET, World, key

TURNS: Final = 5
ASKED: Final = 400
VIEWERS: Final = 10_000


def cost(work: Callable[[], Any], count: int) -> float:
    """Microseconds of CPU time for each of `count` things done by `work`: the median of several turns."""
    turns = []
    for _ in range(TURNS):
        started = process_time()
        work()
        turns.append((process_time() - started) / count * 1e6)
    return statistics.median(turns)


def ask_together(world: World, event_id: int) -> None:
    """All asked before the first is acknowledged: the writer commits them in a few transactions."""
    waiting: list[Future[Any]] = [world.writer.submit(partial(_ask, event_id=event_id)) for _ in range(ASKED)]
    for acknowledged in waiting:
        acknowledged.result()


def ask_one_by_one(world: World, event_id: int) -> None:
    for _ in range(ASKED):
        world.writer.run(partial(_ask, event_id=event_id))


def _ask(tx: Any, event_id: int) -> Any:
    asking = questions.Asking(key(), "What about Taiwan made this possible?")
    return questions.ask(tx, asker(key()[:24]), event_id, asking, SECRET)


def serve_viewers(frames: int) -> None:
    """Every viewer is given the next frame of a ring: the thinking of a broadcast, without the kernel's part."""
    ring, states = Ring(), States()
    viewers = [Viewer(0) for _ in range(VIEWERS)]
    frame = json.dumps({"v": 1, "type": "answer.published", "data": {"text": "x" * 400}})
    for seq in range(1, frames + 1):
        ring.add(seq, frame)
        for viewer in viewers:
            batch = viewer.next(ring, states)
            if batch:
                viewer.sent(batch)


def table(folder: Path) -> list[tuple[str, float, str]]:
    url = f"sqlite:///{folder}/bench.db"
    upgrade(url)
    database = Database(url)
    world = World(database, Writer(database, now))
    try:
        event = world.event()
        for number in range(50):
            world.move(world.ask(event, f"Question {number}?"), Action.APPROVE)
        together = cost(partial(ask_together, world, event.id), ASKED)
        alone = cost(partial(ask_one_by_one, world, event.id), ASKED)
        present = cost(lambda: database.read(read_present, event), 1)
        told = cost(partial(serve_viewers, 5), 5 * VIEWERS)
    finally:
        world.writer.close()
        database.close()
    return [
        ("a question acknowledged, many at once", together, f"{together / alone:.2f} × one by one"),
        ("a question acknowledged, one by one", alone, "1"),
        ("an event's present read anew, 50 open questions", present, f"{present / together:.1f} × a question"),
        ("a frame given to a viewer, without its socket", told, f"{told / together:.4f} × a question"),
    ]


def main() -> None:
    with TemporaryDirectory() as folder:
        rows = table(Path(folder))
    print(f"{'embedded default: SQLite, one process':<52}{'CPU µs':>10}   ratio, same run")  # noqa: T201 - a table
    for name, microseconds, ratio in rows:
        print(f"{name:<52}{microseconds:>10.1f}   {ratio}")  # noqa: T201 - a table


if __name__ == "__main__":
    main()
