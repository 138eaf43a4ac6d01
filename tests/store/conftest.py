"""A world that two processes write to."""

from collections.abc import Iterator

import pytest

from tests.store.worlds import two_worlds_on
from tests.world import World


@pytest.fixture
def two_worlds(database_url: str) -> Iterator[tuple[World, World]]:
    with two_worlds_on(database_url) as both:
        yield both
