"""The words of an account and an event, in the reader's language if there are any."""

import pytest

from qa.domain.accounts import in_language


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("zh-Hant", "總統"),
        ("zh-Hans", "总统"),
        ("he", "נשיא"),
        ("he-IL", "נשיא"),
        ("fr", "President"),
        ("", "President"),
    ],
)
def test_a_reader_gets_their_language_or_the_one_for_everybody(language: str, text: str) -> None:
    texts = {"": "President", "zh-Hant": "總統", "zh-Hans": "总统", "he": "נשיא"}
    assert in_language(texts, language) == text


def test_without_a_text_for_everybody_any_is_better_than_none() -> None:
    assert in_language({"he": "נשיא"}, "fr") == "נשיא"
    assert in_language({}, "fr") == ""
