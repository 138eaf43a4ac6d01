"""The one place where a test waits: for a condition, with a deadline, never for a time."""

import asyncio
import threading
from collections.abc import Callable
from time import monotonic
from typing import Final, TypeVar

T = TypeVar("T")

WITHIN: Final = 10.0
_LOOK_EVERY: Final = 0.02


def eventually(condition: Callable[[], T], within: float = WITHIN) -> T:
    """The first true value of `condition`; AssertionError when there is none within so many seconds."""
    deadline = monotonic() + within
    pause = threading.Event()
    while not (value := condition()):
        _still_time(deadline, within, condition)
        pause.wait(_LOOK_EVERY)
    return value


async def eventually_async(condition: Callable[[], T], within: float = WITHIN) -> T:
    """The same, letting the event loop run in between."""
    deadline = monotonic() + within
    while not (value := condition()):
        _still_time(deadline, within, condition)
        await asyncio.sleep(_LOOK_EVERY)
    return value


def _still_time(deadline: float, within: float, condition: Callable[[], object]) -> None:
    assert monotonic() < deadline, f"not true within {within} s: {getattr(condition, '__qualname__', condition)}"
