"""What people type, made storable: NFC, no control characters, measured in graphemes."""

import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import regex

from qa.domain.refusals import Invalid

# Explicit embeddings, overrides and isolates can make a line read otherwise than it was typed. Every text is shown in
# an isolate of its own (`<bdi>`, `dir=auto`), so nobody needs them; the marks U+200E, U+200F and U+061C stay.
_BIDI_CONTROLS: Final = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_UNWANTED: Final = regex.compile(rf"[[\p{{Cc}}--\n]\p{{Cs}}\p{{Noncharacter_Code_Point}}{_BIDI_CONTROLS}]", regex.V1)
_GRAPHEME: Final = regex.compile(r"\X")
_NEWLINES: Final = regex.compile(r"\r\n?|[\u0085\u2028\u2029]")
# Hangul fillers and variation selectors are letters and marks by name, the empty Braille cell is a symbol: all blank.
_VISIBLE: Final = regex.compile(r"[^\p{Z}\p{C}\p{Default_Ignorable_Code_Point}\u2800]")


@dataclass(frozen=True, slots=True)
class Field:
    """A text field: its name, its longest length in graphemes, whether it may be empty, whether it has lines."""

    name: str
    longest: int
    required: bool = True
    lines: bool = True


QUESTION: Final = Field("text", 280)
CONTEXT: Final = Field("context", 1_000, required=False)
NAME: Final = Field("name", 40, required=False, lines=False)
ANSWER: Final = Field("text", 5_000)
DRAFT: Final = Field("text", 5_000, required=False)
REASON: Final = Field("why", 500)
NOTE: Final = Field("why", 500, required=False)
NOTICE: Final = Field("notice", 500, required=False)


def graphemes(text: str) -> int:
    """How many characters a reader sees (UAX #29 extended grapheme clusters): a family emoji is one."""
    return len(_GRAPHEME.findall(text))


def clean(text: str, *, lines: bool = True) -> str:
    """The text as it is stored: line ends as `\\n`, tabs as spaces, NFC, no control characters, no outer space."""
    if text.isprintable():
        # Most texts have nothing of what follows.
        return unicodedata.normalize("NFC", text).strip()
    text = _NEWLINES.sub("\n", text).replace("\t", " ")
    if not lines:
        text = text.replace("\n", " ")
    return unicodedata.normalize("NFC", _UNWANTED.sub("", text)).strip()


def take(field: Field, text: str | None) -> str:
    """The cleaned text of a field, or `Invalid` with codes `empty` or `too_long` (facts: field, over, longest)."""
    cleaned = clean(text or "", lines=field.lines)
    if not _VISIBLE.search(cleaned, concurrent=False):
        if field.required:
            raise Invalid("empty", field=field.name)
        return ""
    # There are at most as many graphemes as code points.
    if len(cleaned) > field.longest and (over := graphemes(cleaned) - field.longest) > 0:
        raise Invalid("too_long", field=field.name, over=over, longest=field.longest)
    return cleaned


_TAG: Final = regex.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")


def language_tag(typed: str) -> str:
    """What names a language by its shape (BCP 47, at most 20 letters); `Invalid("no_lang")` if it doesn't."""
    if len(typed) > 20 or not _TAG.fullmatch(typed):
        raise Invalid("no_lang", field="lang")
    return typed


_SCRIPTS: Final = (
    ("he", regex.compile(r"\p{Hebrew}")),
    ("ar", regex.compile(r"\p{Arabic}")),
    ("ja", regex.compile(r"[\p{Hiragana}\p{Katakana}]")),
    ("ko", regex.compile(r"\p{Hangul}")),
    ("zh", regex.compile(r"\p{Han}")),
    ("ru", regex.compile(r"\p{Cyrillic}")),
    ("el", regex.compile(r"\p{Greek}")),
    ("hi", regex.compile(r"\p{Devanagari}")),
    ("th", regex.compile(r"\p{Thai}")),
    ("latin", regex.compile(r"\p{Latin}")),
)


# Frequent characters that stand in one of the two ways of writing Chinese only.
_TRADITIONAL: Final = frozenset(
    "個會們來時實沒為開問說後麼關對機題覺業當議現間過論發資話還討體動應進讓點裡東經網務並車剛講處較辦於與況邊請種參員"
)
_SIMPLIFIED: Final = frozenset(
    "这个国说为没来们时对会过样学实别话现当点问给发关无体题权几让开从长语该动边内数认应听华质气义较川电结带并门进员类变头优机"
)


_NAMES: Final = frozenset(name for name, _ in _SCRIPTS)


@lru_cache(maxsize=20_000)
def _script(character: str) -> str:
    """Which of them a character is written in; empty: none, as digits and signs."""
    return next((name for name, pattern in _SCRIPTS if pattern.match(character)), "")


def language_of(text: str, page: str) -> str:
    """A BCP 47 tag for fonts and line breaking: the script decides, the page's language where the script fits it.

    Chinese is told apart by characters that only one of its two ways of writing has; Latin letters take the page's
    language if that is written in them, else `und`. A hint for rendering, not a claim about the language.
    """
    found = Counter(map(_script, text))
    counts = {name: found[name] for name, _ in _SCRIPTS if name in found}
    if not counts:
        return "und"
    # A Latin word inside a Chinese or Hebrew sentence is common, the reverse is rare: others win at a third.
    best = max(counts, key=lambda name: counts[name] * (1 if name == "latin" else 3))
    if best == "zh":
        return _chinese(text, page)
    script_of_page = page.split("-")[0] if page.split("-")[0] in _NAMES else "latin"
    if best == script_of_page:
        return page
    return "und" if best == "latin" else best


def _chinese(text: str, page: str) -> str:
    traditional = sum(character in _TRADITIONAL for character in text)
    simplified = sum(character in _SIMPLIFIED for character in text)
    if traditional == simplified:
        return page if page.startswith("zh") else "zh"
    return "zh-Hant" if traditional > simplified else "zh-Hans"
