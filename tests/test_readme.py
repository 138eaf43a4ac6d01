"""The README is true: its tree, its commands, its addresses, its settings, its files."""

import re
from pathlib import Path

from click import Group

from qa.__main__ import main
from qa.routes import table
from qa.wires import Wires

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
TOP = {"qa", "templates", "static", "tests", "pyproject.toml", "Procfile", "README.md", "LICENSE", "NOTICE", "Makefile"}


def test_the_top_level_holds_what_the_plan_says_and_nothing_else() -> None:
    visible = {path.name for path in ROOT.iterdir() if not path.name.startswith(".") and path.suffix != ".lock"}
    assert visible >= TOP
    assert visible - TOP <= {"data", "build", "dist"}


def test_every_folder_of_the_house_stands_in_the_tree() -> None:
    tree = README.split("```")[1]
    named = set(re.findall(r"^    (\w+)/", tree, re.MULTILINE))
    folders = {path.name for path in (ROOT / "qa").iterdir() if path.is_dir() and any(path.glob("*.*"))}
    assert named == folders - {"__pycache__"}


def test_every_file_it_names_is_there() -> None:
    paths = set(re.findall(r"`((?:qa|tests|static|templates)/[\w./]+\w)", README))
    assert len(paths) > 20
    assert not [path for path in paths if not (ROOT / path).exists()]
    pictures = re.findall(r"\]\((\.readme/[\w.]+)\)", README)
    assert pictures
    assert all((ROOT / picture).is_file() for picture in pictures)


def test_every_function_and_table_it_names_is_there() -> None:
    for path, name in re.findall(r"`(qa/[\w./]+): (\w+)`", README):
        assert re.search(rf"^(async )?(def |class )?{name}\b", (ROOT / path).read_text("utf-8"), re.MULTILINE), name


def test_every_command_it_names_can_be_called() -> None:
    assert isinstance(main, Group)
    named = set(re.findall(r"`qa (\w+)", README))
    assert named == set(main.commands)
    words = set(re.findall(r"^## make (\w+)", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"make (run|test)\b", README)) <= words


def test_every_setting_is_in_its_table() -> None:
    settings = (ROOT / "qa" / "settings.py").read_text("utf-8")
    read = set(re.findall(r'"([A-Z][A-Z_]{3,})"', settings))
    assert read == {name for name in re.findall(r"`([A-Z][A-Z_]{3,})`", README) if name in read}
    assert read >= {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "PUBLIC_URL"}


def test_the_address_of_the_journey_is_a_route() -> None:
    posts = {row.path for row in table(Wires(None, None)) if row.method == "POST"}  # type: ignore[arg-type] # only its paths
    assert "/@{handle}/{slug}/questions" in posts
