"""No version with a known hole: neither installed, nor named by a lock file, nor let in by the package."""

import re
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Final

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from qa.store.database import SQLITE_FIXED, sqlite_is_fixed

ROOT: Final = Path(__file__).parent.parent

# The first version without the hole, and what the hole was.
FLOORS: Final = {
    "starlette": ("1.3.1", "limits of forms ignored (CVE-2026-54283), Host poisons the path (CVE-2026-48710)"),
    "python-multipart": ("0.0.30", "file names smuggled into forms (CVE-2026-53537)"),
    "jinja2": ("3.1.6", "a way out of the sandbox (CVE-2025-27516)"),
    "redis": ("8.1", "a listener that never woke; far below it, replies handed to another user (CVE-2023-28858)"),
    "uvicorn": ("0.54", "no backpressure on sockets"),
    "websockets": ("17", "older than what was measured and read"),
    "h11": ("0.16", "requests smuggled in chunks (CVE-2025-43859)"),
}
LOCKS: Final = ("requirements.lock", "requirements-dev.lock")


@pytest.mark.parametrize("package", FLOORS)
def test_what_is_installed_is_above_the_floor(package: str) -> None:
    floor, hole = FLOORS[package]
    assert Version(version(package)) >= Version(floor), hole


@pytest.mark.parametrize("package", FLOORS)
@pytest.mark.parametrize("lock", LOCKS)
def test_what_is_locked_is_above_the_floor(lock: str, package: str) -> None:
    pinned = re.search(rf"^{re.escape(package)}(?:\[\w+\])?==(\S+)", (ROOT / lock).read_text(), re.MULTILINE)
    assert pinned, f"{package} is not in {lock}"
    floor, hole = FLOORS[package]
    assert Version(pinned[1]) >= Version(floor), hole


def test_the_package_lets_nothing_older_in() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {requirement.name: requirement for requirement in map(Requirement, project["dependencies"])}
    assert wanted.keys() & FLOORS.keys() >= {"starlette", "jinja2", "redis"}
    for package in wanted.keys() & FLOORS.keys():
        lowest = min(Version(part.version) for part in wanted[package].specifier if part.operator == ">=")
        assert lowest >= Version(FLOORS[package][0]), package


def test_sqlite_does_not_lose_committed_writes() -> None:
    """Where there is a wheel of it, that is: elsewhere the program says so at its start."""
    pysqlite3 = pytest.importorskip("pysqlite3")
    assert pysqlite3.sqlite_version_info >= SQLITE_FIXED >= (3, 51, 3)
    assert sqlite_is_fixed()
