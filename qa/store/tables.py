"""The tables. Migrations in `migrations/` build the same; a test holds the two together on both databases."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator


class UTCDateTime(TypeDecorator[datetime]):
    """Aware times in UTC on both databases: SQLite keeps them naive, and gives them back naive."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        return value.astimezone(UTC) if value else None

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        """As a database takes it, kept for a while: all rows of a transaction have the same few times."""
        process = super().bind_processor(dialect)
        return lru_cache(maxsize=64)(process) if process else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite counts up by itself only for a plain INTEGER key.
_ID = BigInteger().with_variant(Integer, "sqlite")


def _event() -> Column[int]:
    return Column("event_id", _ID, ForeignKey("events.id"), primary_key=True)


accounts = Table(
    "accounts",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("handle", String(40), nullable=False, unique=True),
    Column("kind", String(20), nullable=False),
    Column("names", JSON, nullable=False),
    Column("abouts", JSON, nullable=False),
    Column("office", JSON, nullable=False),
    Column("verified", Text, nullable=False),
    Column("verified_at", UTCDateTime),
    Column("accent", String(20), nullable=False),
    Column("demo", Boolean, nullable=False),
    Column("created_at", UTCDateTime, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("account_id", _ID, ForeignKey("accounts.id"), nullable=False),
    Column("slug", String(80), nullable=False),
    Column("short", String(12), nullable=False, unique=True),
    Column("titles", JSON, nullable=False),
    Column("abouts", JSON, nullable=False),
    Column("topics", JSON, nullable=False),
    Column("languages", JSON, nullable=False),
    Column("zone", String(60), nullable=False),
    Column("starts_at", UTCDateTime, nullable=False),
    Column("ends_at", UTCDateTime, nullable=False),
    Column("phase", String(20), nullable=False),
    Column("stopped", JSON, nullable=False),
    Column("notice", Text, nullable=False),
    Column("opened_at", UTCDateTime),
    Column("closed_at", UTCDateTime),
    Column("rehearsal", Boolean, nullable=False),
    Column("epoch", String(20), nullable=False),
    Column("version", Integer, nullable=False),
    Column("burst", Integer, nullable=False),
    Column("per_minute", Integer, nullable=False),
    Column("hold_seconds", Integer, nullable=False),
    # How many questions were asked: the number of the newest one.
    Column("asked", Integer, nullable=False),
    Column("created_at", UTCDateTime, nullable=False),
    UniqueConstraint("account_id", "slug"),
)

askers = Table(
    "askers",
    metadata,
    _event(),
    Column("asker", String(40), primary_key=True),
    Column("asked", Integer, nullable=False),
    Column("tokens", Float, nullable=False),
    Column("tokens_at", UTCDateTime, nullable=False),
)

questions = Table(
    "questions",
    metadata,
    _event(),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("key", String(36), nullable=False),
    Column("receipt", String(64), nullable=False, unique=True),
    Column("asker", String(40), nullable=False),
    Column("name", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("original", Text, nullable=False),
    Column("context", Text, nullable=False),
    Column("lang", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    Column("version", Integer, nullable=False),
    Column("voices", Integer, nullable=False),
    Column("impressions", Integer, nullable=False),
    Column("asked_at", UTCDateTime, nullable=False),
    Column("moved_at", UTCDateTime, nullable=False),
    Column("place", Integer),
    Column("code", String(20)),
    Column("why", Text, nullable=False),
    Column("holder", String(40), nullable=False),
    Column("moved_by", String(40), nullable=False),
    Column("moved_key", String(36), nullable=False),
    Column("last_action", String(20)),
    Column("before", JSON),
    UniqueConstraint("event_id", "key"),
    Index(None, "event_id", "asker"),
    Index(None, "event_id", "state"),
)

voices = Table(
    "voices",
    metadata,
    Column("event_id", _ID, primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("asker", String(40), primary_key=True),
    Column("at", UTCDateTime, nullable=False),
    ForeignKeyConstraint(["event_id", "n"], ["questions.event_id", "questions.n"]),
    Index(None, "event_id", "asker"),
)

answers = Table(
    "answers",
    metadata,
    Column("event_id", _ID, primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("state", String(20), nullable=False),
    Column("text", Text, nullable=False),
    Column("lang", String(20), nullable=False),
    Column("how", String(20)),
    Column("rev", Integer, nullable=False),
    Column("saved_at", UTCDateTime, nullable=False),
    Column("saved_by", String(40), nullable=False),
    Column("kind", String(20)),
    Column("reason", Text, nullable=False),
    Column("publish_at", UTCDateTime),
    Column("published_at", UTCDateTime),
    Column("first_at", UTCDateTime),
    Column("retracted_at", UTCDateTime),
    Column("retract_reason", Text, nullable=False),
    Column("questions", Integer, nullable=False),
    Column("people", Integer, nullable=False),
    ForeignKeyConstraint(["event_id", "n"], ["questions.event_id", "questions.n"]),
    Index(None, "state", "publish_at"),
)

# What stands on an account's page. A post of an answer holds no text of its own: it is read through the answer, so
# that a correction, a retraction or a hidden question can't be forgotten here.
posts = Table(
    "posts",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("account_id", _ID, ForeignKey("accounts.id"), nullable=False),
    Column("event_id", _ID, nullable=False),
    Column("n", Integer, nullable=False),
    Column("at", UTCDateTime, nullable=False),
    ForeignKeyConstraint(["event_id", "n"], ["questions.event_id", "questions.n"]),
    UniqueConstraint("event_id", "n"),
    Index(None, "account_id", "at"),
)

heads = Table(
    "heads",
    metadata,
    _event(),
    Column("channel", String(10), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    # The hash of the newest line, or the epoch: what the next line is sealed with.
    Column("hash", String(64), nullable=False),
)

entries = Table(
    "entries",
    metadata,
    _event(),
    Column("channel", String(10), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", UTCDateTime, nullable=False),
    Column("type", String(40), nullable=False),
    Column("data", JSON, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    # The number of the question it is about, for a question's history.
    Column("n", Integer),
    Index(None, "event_id", "channel", "n"),
)

people = Table(
    "people",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("login", String(120), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("initials", String(8), nullable=False),
    Column("password", Text, nullable=False),
    Column("admin", Boolean, nullable=False),
    Column("disabled_at", UTCDateTime),
    Column("created_at", UTCDateTime, nullable=False),
)

roles = Table(
    "roles",
    metadata,
    _event(),
    Column("person_id", _ID, ForeignKey("people.id"), primary_key=True),
    Column("role", String(20), primary_key=True),
    Column("granted_at", UTCDateTime, nullable=False),
)

# Tokens are kept as their SHA-256 only: who reads the database can't sign in with it.
sessions = Table(
    "sessions",
    metadata,
    Column("token", String(64), primary_key=True),
    Column("person_id", _ID, ForeignKey("people.id"), nullable=False, index=True),
    Column("created_at", UTCDateTime, nullable=False),
    Column("seen_at", UTCDateTime, nullable=False),
    Column("expires_at", UTCDateTime, nullable=False),
    Column("revoked_at", UTCDateTime),
)

links = Table(
    "links",
    metadata,
    Column("token", String(64), primary_key=True),
    Column("person_id", _ID, ForeignKey("people.id"), nullable=False),
    Column("expires_at", UTCDateTime, nullable=False),
    Column("used_at", UTCDateTime),
)
