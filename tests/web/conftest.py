"""A served world for each test: the real application on SQLite, reached over a real socket."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest

from tests.serving import Served
from tests.world import World


@pytest.fixture
def world(served: Served) -> World:
    return World(served.site.database, served.site.writer)


@pytest.fixture
def anybody(served: Served) -> Iterator[httpx2.Client]:
    """A browser nobody has used yet."""
    with httpx2.Client(base_url=served.url) as client:
        yield client


@pytest.fixture
def program(served: Served) -> Iterator[httpx2.Client]:
    """The same, asking for JSON."""
    with httpx2.Client(base_url=served.url, headers={"Accept": "application/json"}) as client:
        yield client


@contextmanager
def signed_in(served: Served, world: World, login: str) -> Iterator[httpx2.Client]:
    """A browser in which somebody of the staff has signed in by a one-time link."""
    with httpx2.Client(base_url=served.url, headers={"Accept": "application/json"}) as client:
        assert client.post(f"/desk/enter/{world.link(login)}").status_code == 303
        yield client
