"""A process that asks until it is killed, with a line for each acknowledgement: `python -m tests.store.asker URL N`."""

import os
import sys
from concurrent.futures import Future
from functools import partial
from itertools import count
from threading import BoundedSemaphore

from qa.actions.questions import Acknowledged
from qa.store.database import Database
from qa.store.writer import Writer
from qa.web.site import now
from tests.store.writing import asking
from tests.world import key


def tell(its_key: str, text: str, future: "Future[Acknowledged]") -> None:
    """Key, number and text: written at once, whole, when the writer says that it is saved."""
    os.write(1, f"{its_key} {future.result().card.n} {text}\n".encode())


def ask_on(url: str, event_id: int) -> None:
    """Always a few dozen questions wait, as in a busy event."""
    writer = Writer(Database(url), now)
    waiting = BoundedSemaphore(40)
    for i in count():
        waiting.acquire()
        its_key, text = key(), f"Question {os.getpid()}-{i}?"
        future = writer.submit(asking(event_id, text, its_key=its_key))
        future.add_done_callback(partial(tell, its_key, text))
        future.add_done_callback(lambda _: waiting.release())


if __name__ == "__main__":
    ask_on(sys.argv[1], int(sys.argv[2]))
