"""A live event on a database, in a transaction that is never committed."""

from collections.abc import Iterator

import pytest

from qa.store.migrations.run import upgrade
from tests.actions.stage import LIVE, Stage, opened
from tests.conftest import DATABASES
from tests.servers import PostgreSQL


@pytest.fixture(scope="module", params=DATABASES)
def shared_stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One for all tests of a module, on each database. Whatever a test does there it does inside `undone`."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('stage') / 'qa.db'}"
        upgrade(url)
        with opened(url, *LIVE) as stage:
            yield stage
    else:
        postgres: PostgreSQL = request.getfixturevalue("postgres")
        url = postgres.create("qa_stage", request.getfixturevalue("postgresql_template"))
        with opened(url, *LIVE) as stage:
            yield stage
        postgres.drop("qa_stage")


@pytest.fixture
def stage(shared_stage: Stage) -> Iterator[Stage]:
    """The same, put back after each test."""
    with shared_stage.undone():
        yield shared_stage


@pytest.fixture
def sqlite_stage(sqlite_url: str) -> Iterator[Stage]:
    with opened(sqlite_url, *LIVE) as live:
        yield live
