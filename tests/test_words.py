"""Every sentence stands in every language, with the same places for numbers and names."""

import re
from collections.abc import Iterable

import pytest

from qa.web.errors import SENTENCES
from tests.catalogues import TRANSLATED, catalogue, missing, sentences

PLACES = re.compile(r"%\((\w+)\)[sd]|\{(\w+)\}")


def places(text: str) -> set[str]:
    return {first or second for first, second in PLACES.findall(text)}


def forms(text: str | Iterable[str] | None) -> list[str]:
    """A sentence, or all its plural forms."""
    return [text] if isinstance(text, str) else list(text or [])


def test_there_are_sentences_of_pages_and_of_refusals() -> None:
    said = {message.id if isinstance(message.id, str) else message.id[0] for message in sentences() if message.id}
    assert set(SENTENCES.values()) <= said
    assert len(said) > 400


@pytest.mark.parametrize("tag", TRANSLATED)
def test_no_sentence_lacks_a_translation(tag: str) -> None:
    assert missing(tag) == []


@pytest.mark.parametrize("tag", TRANSLATED)
def test_a_translation_has_the_places_of_its_sentence_and_no_more(tag: str) -> None:
    for message in catalogue(tag):
        if not message.id:
            continue
        originals, translated = forms(message.id), forms(message.string)
        wanted = set().union(*(places(original) for original in originals))
        for string in translated:
            assert places(string) <= wanted, (tag, string)
        # A plural form may leave its number out ("one question"), a plain sentence may leave nothing out.
        if len(translated) == 1 and len(originals) == 1:
            assert places(translated[0]) == wanted, (tag, originals, translated)


@pytest.mark.parametrize("tag", TRANSLATED)
def test_a_translation_carries_no_markup_and_no_hidden_direction(tag: str) -> None:
    for message in catalogue(tag):
        for string in forms(message.string) if message.id else []:
            assert not re.search(r"[<>\u202a-\u202e\u2066-\u2069]", string), (tag, string)
