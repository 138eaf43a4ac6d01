"""What a database can be asked about itself."""

from sqlalchemy import Connection, text

from qa.store.database import SQLITE, Database, sqlite_is_fixed
from qa.store.migrations import run


def checks(conn: Connection) -> dict[str, bool]:
    """Whether it answers, and has every migration this program knows."""
    conn.execute(text("SELECT 1"))
    return {"database": True, "migrations": run.current(conn)}


def library(database: Database) -> str:
    """The database's library or driver, with its version."""
    if not database.is_sqlite:
        return "PostgreSQL"
    warning = "" if sqlite_is_fixed() else " (has the write-ahead log's reset fault: one connection only)"
    return f"SQLite {SQLITE.sqlite_version}{warning}"
