"""The reader's language: which it is, its sentences, and its ways of writing numbers and times."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache, lru_cache
from importlib import resources
from io import BytesIO
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_time, get_timezone_name
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import NullTranslations, Translations

# Tag, own name, and the name of the locale in CLDR. The order is that of the menu.
LANGUAGES: Final[dict[str, tuple[str, str]]] = {
    "en": ("English", "en_GB"),
    "zh-Hans": ("简体中文", "zh_Hans"),
    "zh-Hant": ("繁體中文", "zh_Hant"),
    "he": ("עברית", "he"),
    "ar": ("العربية", "ar"),
    "fr": ("français", "fr"),
    "ru": ("русский", "ru"),
    "es": ("español", "es"),
}
DEFAULT: Final = "en"

# Chinese is named by place as often as by script.
_TRADITIONAL: Final = ("zh-hant", "zh-tw", "zh-hk", "zh-mo")


def known(tag: str) -> str | None:
    """Our tag for a BCP 47 tag, or None if we have no such language."""
    low = tag.strip().lower().replace("_", "-")
    if low.startswith(_TRADITIONAL):
        return "zh-Hant"
    base = "zh-Hans" if low.split("-")[0] == "zh" else low.split("-")[0]
    return base if base in LANGUAGES else None


@lru_cache(1024)
def negotiate(accept: str) -> str:
    """The best of our languages for an Accept-Language header."""
    wanted: list[tuple[float, str]] = []
    for part in accept.split(",")[:20]:
        tag, _, quality = part.partition(";q=")
        try:
            wanted.append((-float(quality or 1), tag))
        except ValueError:
            continue
    # Sorting is stable: of equal ones the first named wins.
    ours = (known(tag) for _, tag in sorted(wanted, key=lambda pair: pair[0]))
    return next((tag for tag in ours if tag), DEFAULT)


@cache
def sentences(tag: str) -> NullTranslations:
    """The catalogue of a language; English speaks for itself."""
    path = resources.files("qa") / "web" / "words" / f"{tag}.po"
    if not path.is_file():
        return NullTranslations()
    compiled = BytesIO()
    with path.open("rb") as source:
        write_mo(compiled, read_po(source, locale=LANGUAGES[tag][1]))
    compiled.seek(0)
    return Translations(compiled)


@cache
def locale(tag: str) -> Locale:
    return Locale.parse(LANGUAGES[tag][1])


def direction(tag: str) -> str:
    return locale(tag).text_direction


def local(texts: Mapping[str, str], tag: str) -> str:
    """The text for a reader of this language."""
    return texts.get(tag) or texts.get(tag.split("-")[0]) or texts.get("") or next(iter(texts.values()), "")


def number(value: float, tag: str) -> str:
    return format_decimal(value, locale=locale(tag))


def language_name(of: str, tag: str) -> str:
    """A language's name in the reader's language; the tag itself where it has none, nothing for `und`."""
    if of == "und":
        return ""
    try:
        return Locale.parse(of, sep="-").get_display_name(locale(tag)) or of
    except ValueError:
        return of


def _at(iso: str, zone: str) -> datetime:
    return datetime.fromisoformat(iso).astimezone(ZoneInfo(zone))


def clock(iso: str, zone: str, tag: str) -> str:
    """`16:18` in a zone."""
    return format_time(_at(iso, zone), "HH:mm", locale=locale(tag))


def day(iso: str, zone: str, tag: str) -> str:
    """`Fri, 27 Nov` in a zone."""
    return format_date(_at(iso, zone), _day_pattern(tag), locale=locale(tag))


def _day_pattern(tag: str) -> str:
    pattern = locale(tag).datetime_skeletons["MMMEd"]
    return str(pattern.pattern)


def moment(iso: str, zone: str, tag: str) -> str:
    """Day, time and the zone's short name."""
    at = _at(iso, zone)
    name = get_timezone_name(at, width="short", locale=locale(tag))
    return f"{day(iso, zone, tag)} {format_datetime(at, 'y HH:mm', locale=locale(tag))} {name}"


def filters(tag: str) -> dict[str, Callable[..., Any]]:
    """The filters of a page in a language."""
    return {
        "number": lambda value: number(value, tag),
        "clock": lambda iso, zone: clock(iso, zone, tag),
        "day": lambda iso, zone: day(iso, zone, tag),
        "moment": lambda iso, zone: moment(iso, zone, tag),
        "langname": lambda of: language_name(of, tag),
    }
