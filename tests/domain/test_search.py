"""Finding words in any script, as people type them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.domain.search import Search, fold, terms


@pytest.mark.parametrize(
    ("typed", "found_in"),
    [
        ("teach", "What about teachers?"),
        ("TEACHERS what", "What about teachers?"),
        ("café", "Un CAFE au lait"),
        ("cafe", "un café"),
        ("שלום", "שָׁלוֹם לכולם"),
        ("שָׁלוֹם", "שלום לכולם"),
        ("السكن", "وماذا عن السَّكَن السكن"),
        ("住房", "什么时候建更多住房？"),
        ("更多住房", "什么时候建更多住房？"),
        ("住", "什么时候建更多住房？"),
        ("жилье", "А жильё?"),
        ("2026", "The budget of 2026"),
        ("straße", "Die STRASSE"),
        ("ﬁnance", "Finance Ministry"),
        ("서울", "서울의 주택"),
    ],
)
def test_a_word_is_found_without_its_case_points_and_accents(typed: str, found_in: str) -> None:
    assert Search(typed).finds(found_in)


@pytest.mark.parametrize(
    ("typed", "not_in"),
    [
        ("eachers", "What about teachers?"),
        ("teachers pupils", "What about teachers?"),
        ("房住", "什么时候建更多住房？"),
        ("住宅", "住房和宅地"),
        ("x", ""),
    ],
)
def test_what_is_not_there_is_not_found(typed: str, not_in: str) -> None:
    assert not Search(typed).finds(not_in)


@pytest.mark.parametrize("nothing", ["", "   ", "?!", "—", "\u200b", "%", "_", "*"])
def test_nothing_typed_finds_nothing(nothing: str) -> None:
    assert not Search(nothing).finds("What about teachers?")


def test_the_words_may_stand_in_different_texts() -> None:
    assert Search("teachers answer").finds("What about teachers?", "The answer is yes")


@given(st.text(max_size=40))
def test_whatever_has_a_word_in_it_finds_itself(typed: str) -> None:
    assert Search(typed).finds("before", typed, "after") == any(terms(typed))
    assert fold(fold(typed)) == fold(typed)
