"""A world on each database, written to by one process or by two."""

from collections.abc import Iterator

import pytest

from tests.store.worlds import two_worlds_on, world_on
from tests.world import World


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with world_on(database_url) as one:
        yield one


@pytest.fixture
def two_worlds(database_url: str) -> Iterator[tuple[World, World]]:
    with two_worlds_on(database_url) as both:
        yield both
