"""`qa rehearse`: a scripted flood of real questions against a running server, over real sockets, and its verdict.

The parts stand in `crowd`: the script, the askers, the listeners, the team at the desk, the play and the checker.
"""

import asyncio
import importlib
import importlib.util
from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx2

from qa import descriptors
from qa.crowd import room, script
from qa.crowd.play import Play, Progress
from qa.crowd.progress import on_terminal
from qa.crowd.report import Report
from qa.crowd.room import NotRehearsed

__all__ = ["NotRehearsed", "Report", "run"]


def run(
    database_url: str,
    *,
    url: str,
    viewers: int,
    askers: int,
    minutes: float,
    event: str | None = None,
    seed: int = 1,
    anywhere: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Play for some minutes in a new rehearsal event, or in the one at `@handle/slug`, and close it.

    The database must be the server's. Raises `NotRehearsed` before anything is sent where that can't or mustn't be.
    """
    _require_here(url, anywhere=anywhere)
    descriptors.allow(viewers + 2 * askers + 256)
    plot = script.write(seed, askers, minutes * 60)
    with room.opened(database_url, event) as at, asyncio.Runner(loop_factory=_loop_factory()) as runner:
        play = Play(at, url.rstrip("/"), plot, viewers, progress or on_terminal())
        try:
            return runner.run(play.whole())
        except* httpx2.HTTPError as gone:
            raise NotRehearsed(f"the server at {url} went away and did not come back") from gone


def _require_here(url: str, *, anywhere: bool) -> None:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise NotRehearsed(f"{url} is no address of a web server")
    if not anywhere and not _is_loopback(parts.hostname):
        raise NotRehearsed(f"{url} is not this machine; with its owner's consent, add --anywhere")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if not importlib.util.find_spec("uvloop"):
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = importlib.import_module("uvloop").new_event_loop
    return factory
