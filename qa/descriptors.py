"""Open files: each socket is one, and systems permit a process fewer of them than a busy event has viewers."""

import contextlib
import importlib
import importlib.util
from typing import Final

# Where the system knows no bound: far more than one process serves.
PLENTY: Final = 1 << 20


def allow(count: int = PLENTY) -> int:
    """Have the system permit `count` open files, or as many as it will; how many it permits then.

    Systems without such a limit have no module for it.
    """
    if not importlib.util.find_spec("resource"):
        return count
    resource = importlib.import_module("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if soft < enough:
        # Some systems say "no bound" and mean one: the limit then stays as it was.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (enough, hard))
    return int(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
