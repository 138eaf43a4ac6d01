"""The sentences of the pages, and the catalogues they are translated in.

`python -m tests.catalogues` brings every catalogue up to date: new sentences come in untranslated, dropped ones go.
"""

from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from qa.web.i18n import DEFAULT, LANGUAGES

ROOT: Final = Path(__file__).resolve().parent.parent
FOLDER: Final = ROOT / "qa" / "web" / "words"
_METHODS: Final = [("qa/web/**.py", "python"), ("templates/**.html", "jinja2"), ("templates/**.xml", "jinja2")]
_STRICT: Final = {"trimmed": "true", "silent": "false"}
_OPTIONS: Final = {"templates/**.html": _STRICT, "templates/**.xml": _STRICT}
TRANSLATED: Final = tuple(tag for tag in LANGUAGES if tag != DEFAULT)


def sentences() -> Catalog:
    """Every sentence the program can say."""
    found = Catalog(charset="utf-8")
    for name, _, message, _, context in extract_from_dir(ROOT, _METHODS, _OPTIONS):
        found.add(message, None, [(name, 0)] if name.startswith(("qa", "templates")) else [], context=context)
    return found


def catalogue(tag: str) -> Catalog:
    """A language's catalogue as it stands; empty if there is none yet."""
    path = FOLDER / f"{tag}.po"
    locale = LANGUAGES[tag][1]
    if not path.exists():
        return Catalog(locale=locale, charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=locale)


def missing(tag: str) -> list[str]:
    """The sentences a language lacks."""
    kept = catalogue(tag)
    lacking = []
    for message in sentences():
        if message.id:
            single = message.id if isinstance(message.id, str) else message.id[0]
            translated = kept.get(single)
            if translated is None or not translated.string or not all(_forms(translated.string)):
                lacking.append(single)
    return lacking


def _forms(string: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (string,) if isinstance(string, str) else tuple(string)


def update(tag: str) -> None:
    """Write a catalogue anew: what is said today, with the translations there are."""
    kept = catalogue(tag)
    kept.update(sentences(), no_fuzzy_matching=True)
    kept.obsolete.clear()
    out = BytesIO()
    write_po(out, kept, width=0, omit_header=True, sort_output=True, no_location=True)
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{tag}.po").write_bytes(out.getvalue())


if __name__ == "__main__":
    for language in TRANSLATED:
        update(language)
        print(f"{language}: {len(missing(language))} to translate")  # noqa: T201 - it is a command
