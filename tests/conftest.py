"""What any test may ask for: databases, Redis. The browser is in `tests/journeys`, which has a process of its own."""

import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Final

import pytest
from hypothesis import settings

from qa.store.database import Database
from qa.store.migrations.run import upgrade
from qa.store.writer import Writer
from qa.web.site import now
from tests.servers import PostgreSQL, Redis, running_postgresql, running_redis
from tests.serving import Served, serving
from tests.world import World

DATABASES: Final = ("sqlite", "postgresql")
_TEMPLATE: Final = "qa_template"
_numbers = count(1)

# How long one example may take says more about the machine's load than about the program.
settings.register_profile("project", deadline=None)
settings.load_profile("project")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Async tests run on asyncio, as the program does."""
    return "asyncio"


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    """One Redis for the session. A test that stops or kills it uses `tests.servers.running_redis` instead."""
    with running_redis() as server:
        yield server


@pytest.fixture(scope="session")
def redis_url(redis_server: Redis) -> str:
    return redis_server.url


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgreSQL]:
    """One PostgreSQL for the session (for each worker). A test that kills it uses `running_postgresql` instead."""
    with running_postgresql() as server:
        yield server


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh database with the present schema: the test runs once on SQLite and once on PostgreSQL."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(params=DATABASES)
def empty_database_url(request: pytest.FixtureRequest) -> str:
    """A fresh database without a schema, on SQLite and on PostgreSQL."""
    url: str = request.getfixturevalue(f"empty_{request.param}_url")
    return url


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh, migrated SQLite file."""
    file = tmp_path / "qa.db"
    shutil.copy(sqlite_template, file)
    return _sqlite_url(file)


@pytest.fixture
def empty_sqlite_url(tmp_path: Path) -> str:
    return _sqlite_url(tmp_path / "empty.db")


@pytest.fixture
def postgresql_url(postgres: PostgreSQL, postgresql_template: str) -> Iterator[str]:
    """A fresh, migrated PostgreSQL database."""
    yield from _database(postgres, postgresql_template)


@pytest.fixture
def empty_postgresql_url(postgres: PostgreSQL) -> Iterator[str]:
    yield from _database(postgres, "template0")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The migrated file that each test gets a copy of."""
    file = tmp_path_factory.mktemp("template") / "qa.db"
    upgrade(_sqlite_url(file))
    assert list(file.parent.iterdir()) == [file], "a connection to the template is still open"
    return file


@pytest.fixture(scope="session")
def postgresql_template(postgres: PostgreSQL) -> str:
    """The migrated database that each test gets a copy of."""
    upgrade(postgres.create(_TEMPLATE))
    postgres.seal(_TEMPLATE)
    return _TEMPLATE


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """A world yet empty, on SQLite and on PostgreSQL. Where pages are served it is the server's own."""
    database = Database(database_url)
    writer = Writer(database, now)
    yield World(database, writer)
    writer.close()
    database.close()


@pytest.fixture
def served(sqlite_url: str) -> Iterator[Served]:
    """The application on a real socket, with a database of its own."""
    with serving(sqlite_url) as running:
        yield running


def _sqlite_url(file: Path) -> str:
    return f"sqlite:///{file}"


def _database(postgres: PostgreSQL, template: str) -> Iterator[str]:
    name = f"qa_{next(_numbers)}"
    yield postgres.create(name, template)
    postgres.drop(name)
