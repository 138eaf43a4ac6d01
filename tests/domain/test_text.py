"""What people type in any script comes through whole, and nothing comes through that deceives or breaks."""

import json
import sys
import unicodedata
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.domain import text
from qa.domain.refusals import Invalid

NAUGHTY: Final[list[str]] = json.loads((Path(__file__).parents[1] / "data" / "blns.json").read_text())

FAMILY: Final = "👨‍👩‍👧‍👦"
ZALGO: Final = "Z" + "\u0351\u036b\u0343\u036a\u0302\u036b" * 5

BIDI_CONTROLS: Final = [chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))]
CONTROLS: Final = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\n\r\x85"]
# The last two of each plane, and the block in the Arabic forms.
NONCHARACTERS: Final = [
    *(chr(plane * 0x10000 + last) for plane in range(17) for last in (0xFFFE, 0xFFFF)),
    *map(chr, range(0xFDD0, 0xFDF0)),
]


@pytest.mark.parametrize(
    ("written", "characters"),
    [
        ("", 0),
        ("teachers", 8),
        (FAMILY, 1),
        (FAMILY * 3, 3),
        ("👍🏽", 1),
        ("🇮🇱🇫🇷", 2),
        ("🏴󠁧󠁢󠁥󠁮󠁧󠁿", 1),
        ("1️⃣", 1),
        ("שָׁלוֹם", 4),
        ("السَّلَامُ", 6),
        ("住房政策", 4),
        ("한국어", 3),
        (unicodedata.normalize("NFD", "한국어"), 3),
        ("é", 1),
        ("e\u0301", 1),
        (ZALGO, 1),
        ("กำ", 1),
    ],
)
def test_length_is_what_a_reader_counts(written: str, characters: int) -> None:
    assert text.graphemes(written) == characters


@pytest.mark.parametrize(
    ("field", "longest"),
    [
        (text.QUESTION, 280),
        (text.CONTEXT, 1_000),
        (text.NAME, 40),
        (text.ANSWER, 5_000),
        (text.DRAFT, 5_000),
        (text.REASON, 500),
        (text.NOTE, 500),
        (text.NOTICE, 500),
    ],
)
@pytest.mark.parametrize("character", ["x", "问", FAMILY, "שָׁ", ZALGO])
def test_a_field_takes_its_length_and_says_how_much_is_over(field: text.Field, longest: int, character: str) -> None:
    whole = character * longest
    assert text.take(field, whole) == text.clean(whole)
    with pytest.raises(Invalid) as refused:
        text.take(field, character * (longest + 14))
    assert refused.value.code == "too_long"
    assert refused.value.facts == {"field": field.name, "over": 14, "longest": longest}


@pytest.mark.parametrize("field", [text.QUESTION, text.ANSWER, text.REASON])
@pytest.mark.parametrize(
    "nothing",
    [None, "", "  \n\t ", "\u200b", "\u200d\u200e", "\u00a0\u3000", "\u202e\u0000", "\ufe0f", "\u3164", "\u2800"],
    ids=ascii,
)
def test_a_required_field_takes_nothing_that_is_invisible(field: text.Field, nothing: str | None) -> None:
    with pytest.raises(Invalid) as refused:
        text.take(field, nothing)
    assert (refused.value.code, refused.value.facts) == ("empty", {"field": field.name})


@pytest.mark.parametrize("field", [text.CONTEXT, text.NAME, text.DRAFT, text.NOTE, text.NOTICE])
def test_an_optional_field_may_be_empty(field: text.Field) -> None:
    assert text.take(field, None) == text.take(field, " \u200b\n ") == ""


@pytest.mark.parametrize("question", ["?", "为什么", "لماذا", "למה", "住", "a", "…", "👍"])
def test_a_question_needs_no_question_mark_and_no_number_of_words(question: str) -> None:
    assert text.take(text.QUESTION, question) == question


@pytest.mark.parametrize("unwanted", [*BIDI_CONTROLS, *CONTROLS, *NONCHARACTERS, chr(0xD800), chr(0xDFFF)], ids=ascii)
def test_controls_and_overrides_go(unwanted: str) -> None:
    assert text.clean(f"a{unwanted}b") == "ab"


@pytest.mark.parametrize(
    "kept",
    [
        FAMILY,
        "می\u200cخواهم",
        "क्\u200dष",
        "a\u200eb",
        "a\u200fb",
        "a\u061cb",
        "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
        "❤️",
        "שָׁלוֹם",
        "one\ntwo",
    ],
    ids=ascii,
)
def test_what_scripts_and_emoji_need_stays(kept: str) -> None:
    assert text.clean(kept) == unicodedata.normalize("NFC", kept)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("e\u0301t\u00e9", "été"),
        (unicodedata.normalize("NFD", "한국어"), "한국어"),
        ("\u212b", "\u00c5"),
        ("ﷺ ①", "ﷺ ①"),
        ("a\r\nb\rc\u2028d\u2029e\x85f", "a\nb\nc\nd\ne\nf"),
        ("a\tb", "a b"),
        ("\n\u3000 outer \u2003\n", "outer"),
    ],
)
def test_text_is_stored_in_one_form(typed: str, stored: str) -> None:
    assert text.clean(typed) == stored


def test_a_name_is_one_line() -> None:
    assert text.take(text.NAME, "Dina\r\nMinister\u2028of all") == "Dina Minister of all"


@pytest.mark.parametrize("naughty", NAUGHTY, ids=lambda naughty: ascii(naughty)[:40])
def test_a_naughty_string_is_taken_as_it_is_stored(naughty: str) -> None:
    stored = text.clean(naughty)
    assert text.take(text.DRAFT, stored) == text.take(text.DRAFT, naughty)
    assert text.clean(stored) == stored
    assert _storable(stored)


def test_there_are_naughty_strings() -> None:
    assert len(NAUGHTY) == 485
    assert sum(text.clean(naughty) != naughty for naughty in NAUGHTY) > 10, "none of them is any trouble"


@given(st.text(st.characters(codec=None), max_size=60))
def test_any_text_at_all_can_be_stored_and_cleaning_it_again_changes_nothing(typed: str) -> None:
    stored = text.clean(typed)
    assert text.clean(stored) == stored
    assert _storable(stored)


def _storable(stored: str) -> bool:
    """NFC, encodable, and free of what is not a character."""
    stored.encode()
    unwanted = {*BIDI_CONTROLS, *CONTROLS, *NONCHARACTERS, *"\t\r\x85"}
    return unicodedata.is_normalized("NFC", stored) and not unwanted & set(stored)


@pytest.mark.parametrize(
    ("written", "page", "tag"),
    [
        ("What about housing?", "en", "en"),
        ("Et le logement ?", "fr", "fr"),
        ("What about housing?", "he", "und"),
        ("什么时候建更多住房？", "zh-Hans", "zh-Hans"),
        ("什麼時候建更多住房？", "zh-Hant", "zh-Hant"),
        ("什么时候建更多住房？", "en", "zh-Hans"),
        ("什麼時候建更多住房？", "en", "zh-Hant"),
        ("什么时候建更多住房？", "zh-Hant", "zh-Hans"),
        ("什麼時候建更多住房？", "zh-Hans", "zh-Hant"),
        ("住房", "en", "zh"),
        ("住房", "zh-Hant", "zh-Hant"),
        ("ומה עם הדיור?", "he", "he"),
        ("ומה עם הדיור?", "en", "he"),
        ("وماذا عن السكن؟", "ar", "ar"),
        ("وماذا عن السكن؟", "fr", "ar"),
        ("А жильё?", "ru", "ru"),
        ("А жильё?", "en", "ru"),
        ("請問 Facebook 和 Instagram 的政策", "zh-Hant", "zh-Hant"),
        ("מה דעתך על Instagram ועל Facebook", "en", "he"),
        ("What does 住 mean in the housing programme?", "en", "en"),
        ("これは何ですか", "en", "ja"),
        ("이것은 무엇입니까", "en", "ko"),
        ("12345 ?!", "en", "und"),
        ("👍👍", "he", "und"),
        ("", "en", "und"),
    ],
)
def test_the_script_says_how_a_text_is_shown(written: str, page: str, tag: str) -> None:
    assert text.language_of(written, page) == tag


@pytest.mark.parametrize("tag", ["en", "he", "zh-Hant", "zh-Hant-TW", "es-419", "und", "fil"])
def test_a_language_has_a_tag(tag: str) -> None:
    assert text.language_tag(tag) == tag


@pytest.mark.parametrize("no_tag", ["", "e", "en_GB", "-en", "en-", "english language", "עב", 'en" onload="', "x" * 21])
def test_what_names_no_language_is_refused(no_tag: str) -> None:
    with pytest.raises(Invalid) as refused:
        text.language_tag(no_tag)
    assert (refused.value.code, refused.value.facts) == ("no_lang", {"field": "lang"})


@given(st.text(st.characters(max_codepoint=sys.maxunicode)), st.sampled_from(["en", "zh-Hans", "he", "ar", "ru", "xx"]))
def test_every_text_has_a_tag(written: str, page: str) -> None:
    assert text.language_of(written, page) in {
        *(page, "und", "he", "ar", "ja", "ko", "zh", "zh-Hans", "zh-Hant", "ru", "el", "hi", "th"),
    }
