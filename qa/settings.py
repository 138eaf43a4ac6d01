"""All settings, read once from the environment into one frozen place."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_urlsafe
from typing import Final
from urllib.parse import urlsplit

SHORTEST_SECRET: Final = 16
KEPT_SECRET: Final = Path("data", "secret.key")


class BadSetting(ValueError):
    """A variable can't be read; the message names it and says what would do."""


@dataclass(frozen=True, slots=True)
class Settings:
    """`secrets` signs cookies and makes receipt codes: the first signs, all are accepted.

    `public_url` has no slash at its end; `hosts` are the names under which the site may be addressed.
    """

    database_url: str
    redis_url: str | None
    secrets: tuple[str, ...] = field(repr=False)
    host: str
    port: int
    public_url: str
    hosts: frozenset[str]
    processes: int
    forwarded_allow_ips: str
    log_level: str
    poll_seconds: float

    @property
    def secret(self) -> bytes:
        return self.secrets[0].encode()

    @property
    def https(self) -> bool:
        return self.public_url.startswith("https://")


def read(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of an environment; `BadSetting` where a variable can't be used."""
    env = os.environ if environ is None else environ
    port = _number(env, "PORT", 8000)
    host = env.get("HOST", "127.0.0.1")
    public_url = (env.get("PUBLIC_URL") or f"http://{_named(host)}:{port}").rstrip("/")
    return Settings(
        database_url=database_url(env),
        redis_url=env.get("REDIS_URL") or None,
        secrets=_secrets(env),
        host=host,
        port=port,
        public_url=public_url,
        hosts=_hosts(public_url, env.get("QA_HOSTS", "")),
        processes=_number(env, "WEB_CONCURRENCY", 1),
        forwarded_allow_ips=env.get("FORWARDED_ALLOW_IPS", "127.0.0.1"),
        log_level=env.get("LOG_LEVEL", "info").lower(),
        poll_seconds=_number(env, "QA_POLL_MS", 500) / 1000,
    )


def database_url(environ: Mapping[str, str] | None = None) -> str:
    """Where the data is: SQLite in `./data` unless `DATABASE_URL` says otherwise."""
    env = os.environ if environ is None else environ
    return env.get("DATABASE_URL") or f"sqlite:///{Path('data', 'qa.db')}"


def keep_secret() -> None:
    """Make a secret and keep it in the data folder, once: for a demonstration on one's own machine only."""
    KEPT_SECRET.parent.mkdir(parents=True, exist_ok=True)
    if not KEPT_SECRET.exists():
        descriptor = os.open(KEPT_SECRET, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(token_urlsafe(32))


def _secrets(env: Mapping[str, str]) -> tuple[str, ...]:
    """The keys named in the environment, else the one kept in the data folder."""
    named = env.get("SECRET_KEY") or (KEPT_SECRET.read_text() if KEPT_SECRET.exists() else "")
    keys = tuple(key.strip() for key in named.split(",") if key.strip())
    if not keys or min(map(len, keys)) < SHORTEST_SECRET:
        raise BadSetting(
            f"SECRET_KEY: set a random text of at least {SHORTEST_SECRET} characters; commas part older ones"
        )
    return keys


def _number(env: Mapping[str, str], name: str, default: int) -> int:
    try:
        return int(env.get(name) or default)
    except ValueError:
        raise BadSetting(f"{name}: {env[name]!r} is no whole number") from None


def _named(host: str) -> str:
    return "127.0.0.1" if host in {"0.0.0.0", "::", ""} else host  # noqa: S104 - compared, not bound


def _hosts(public_url: str, more: str) -> frozenset[str]:
    named = urlsplit(public_url).hostname or ""
    return frozenset({named, "127.0.0.1", "localhost", *(name.strip() for name in more.split(",") if name.strip())})
