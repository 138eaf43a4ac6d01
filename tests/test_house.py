"""The house is built as it says: layers, imports, sizes and words, and each rule is shown to bite."""

from itertools import chain
from pathlib import Path
from typing import Final

import pytest

from tests import house

ROOT: Final = Path(__file__).parent.parent

TOP_LEVEL: Final = {
    *("qa", "templates", "static", "tests"),
    *("pyproject.toml", "Procfile", "README.md", "LICENSE", "NOTICE", "Makefile"),
    *("requirements.lock", "requirements-dev.lock", "requirements-tools.lock"),
    *("data", "dist"),  # made by the program and the packager, not kept by git
}

MODULES: Final = {
    ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file
    for file in sorted((ROOT / "qa").rglob("*.py"))
}
SOURCES: Final = {module: file.read_text() for module, file in MODULES.items()}

# The rules quote the words that they forbid.
RULES: Final = {ROOT / "tests" / "house.py", Path(__file__)}
TEXTS: Final = [
    file
    for folder in ("qa", "templates", "static", "tests")
    for file in sorted((ROOT / folder).rglob("*"))
    if file.suffix in {".py", ".html", ".xml", ".js", ".css"} and file not in RULES
]
STYLES: Final = [file for file in TEXTS if file.suffix == ".css"]


def name(file: Path) -> str:
    return str(file.relative_to(ROOT))


def test_there_is_a_house() -> None:
    layers = {house.layer_of(module) for module in MODULES}
    assert layers >= {*house.MAY_IMPORT, None}
    assert {file.suffix for file in TEXTS} >= {".py", ".html", ".js", ".css"}


@pytest.mark.parametrize("module", MODULES)
def test_a_module_keeps_to_its_layer(module: str) -> None:
    source = SOURCES[module]
    wrong = chain(
        house.wrong_imports(module, source),
        house.hidden_imports(module, source),
        house.wrong_colours(module, source),
        house.clocks(module, source),
        house.wrong_size(module, source, is_package=MODULES[module].name == "__init__.py"),
    )
    assert not list(wrong)


def test_nothing_imports_in_a_circle() -> None:
    assert not list(house.circles(SOURCES))


def test_nobody_writes_a_forbidden_word() -> None:
    assert not [wrong for file in TEXTS for wrong in house.forbidden_words(name(file), file.read_text())]


def test_styles_know_no_left_and_right() -> None:
    assert not [wrong for file in STYLES for wrong in house.physical_properties(name(file), file.read_text())]


def test_the_top_level_is_small() -> None:
    assert not {file.name for file in ROOT.iterdir() if not file.name.startswith(".")} - TOP_LEVEL


def test_locks_name_versions_and_hashes_and_no_place_to_fetch_them() -> None:
    for lock in sorted(ROOT.glob("*.lock")):
        text = lock.read_text()
        assert "--hash=sha256:" in text
        assert not [place for place in ("://", "--index", "--extra-index", "--find-links", "@ file") if place in text]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("qa.domain.questions", "from qa.store import questions"),
        ("qa.domain.questions", "import sqlalchemy"),
        ("qa.domain.order", "import random"),
        ("qa.store.log", "from qa.actions.questions import ask"),
        ("qa.store.log", "import starlette"),
        ("qa.actions.questions", "from qa.web import pages"),
        ("qa.actions.questions", "from sqlalchemy import select"),
        ("qa.web.pages", "from qa.live.hub import Hub"),
        ("qa.web.pages", "import redis"),
        ("qa.live.hub", "from qa.store import questions"),
        ("qa.live.hub", "from qa.actions.questions import ask"),
        ("qa.live.hub", "import qa.app"),
        ("qa.settings", "from qa.domain.text import take"),
        ("qa.app", "from sqlalchemy import select"),
        ("qa.app", "import sqlite3"),
        ("qa.app", "from . import settings"),
        ("qa.domain.questions", "if TYPE_CHECKING:\n    from qa.store.log import Entry"),
    ],
)
def test_an_import_against_the_table_is_found(module: str, source: str) -> None:
    assert len(list(house.wrong_imports(module, source))) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("qa.domain.text", "import regex\nfrom qa.domain.refusals import Invalid"),
        ("qa.store.log", "from sqlalchemy import select\nfrom qa.domain import channels"),
        ("qa.live.hub", "from qa.store import log\nfrom qa.store.log import Entry\nimport socket"),
        ("qa.app", "from qa.web import pages\nfrom qa.live.hub import Hub\nimport starlette"),
    ],
)
def test_an_import_of_the_table_is_allowed(module: str, source: str) -> None:
    assert not list(house.wrong_imports(module, source))


def test_a_hidden_import_is_found() -> None:
    assert list(house.hidden_imports("qa.app", "def run():\n    import json"))


def test_async_below_the_edge_is_found() -> None:
    assert list(house.wrong_colours("qa.store.log", "async def read(): ..."))
    assert not list(house.wrong_colours("qa.live.hub", "async def read(): ..."))


def test_a_clock_in_the_domain_is_found() -> None:
    assert list(house.clocks("qa.domain.events", "late = datetime.now(UTC) > end"))
    assert not list(house.clocks("qa.app", "late = datetime.now(UTC) > end"))


def test_a_long_module_and_a_full_package_file_are_found() -> None:
    assert list(house.wrong_size("qa.app", "\n" * 301, is_package=False))
    assert list(house.wrong_size("qa.web", "x = 1\n", is_package=True))
    assert not list(house.wrong_size("qa.app", "\n" * 300, is_package=False))


def test_a_circle_is_found() -> None:
    sources = {
        "qa.a": "from qa.b import one",
        "qa.b": "from qa import c",
        "qa.c": "import qa.a",
        "qa.d": "from qa.a import two",
    }
    assert list(house.circles(sources)) == ["qa.a -> qa.b -> qa.c -> qa.a"]
    assert not list(house.circles({**sources, "qa.c": ""}))


@pytest.mark.parametrize(
    "line",
    [
        "card.innerHTML = text",
        "list.insertAdjacentHTML('beforeend', text)",
        "{{ question.text|safe }}",
        "{{ question.text | safe }}",
        "return Markup(text)",
        "time.sleep(1)",
        "from time import monotonic, sleep",
        "from unittest import mock",
        "from unittest.mock import patch",
    ],
)
def test_a_forbidden_word_is_found(line: str) -> None:
    assert len(list(house.forbidden_words("file", line))) == 1


@pytest.mark.parametrize("line", ["{{ text|safely }}", "unsafe = 1", "MarkupSafe", "asyncio.sleep(0)"])
def test_a_word_that_only_looks_alike_is_not(line: str) -> None:
    assert not list(house.forbidden_words("file", line))


@pytest.mark.parametrize(
    "rule",
    [
        "left: 0",
        "a{right:0}",
        "margin-left: 1rem",
        "padding-right: 1rem",
        "border-left: 1px solid",
        "border-right-color: red",
        "border-top-left-radius: 4px",
        "scroll-margin-left: 1rem",
        "text-align: right",
        "float: left",
    ],
)
def test_a_left_or_a_right_is_found(rule: str) -> None:
    assert len(list(house.physical_properties("site.css", rule))) == 1


@pytest.mark.parametrize(
    "rule",
    [
        "inset-inline-start: 0",
        "margin-inline: 1rem",
        "text-align: start",
        "/* left: 0 */",
        ".left-over { top: 0 }",
        "--left: 1",
    ],
)
def test_a_logical_property_is_not(rule: str) -> None:
    assert not list(house.physical_properties("site.css", rule))
