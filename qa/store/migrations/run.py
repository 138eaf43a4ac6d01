"""The schema brought up to date, from an installed package as from a checkout."""

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from qa.store.database import Database
from qa.store.tables import metadata

# Any fixed number: two processes that migrate at once take turns on it.
_LOCK = 7_305_001


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "qa.store:migrations")
    return config


def upgrade(url: str) -> None:
    """Run what is missing. Safe to call from several processes at once, and again."""
    database = Database(url)
    try:
        with database.writing.connect() as connection, connection.begin():
            if not database.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        database.close()


def current(connection: Connection) -> bool:
    """Whether the database has every migration this program knows."""
    return MigrationContext.configure(connection).get_current_revision() == _newest()


def differences(connection: Connection) -> list[object]:
    """What the tables of this program and the database's don't share; empty: the same."""
    return list(compare_metadata(MigrationContext.configure(connection), metadata))


def _newest() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()
