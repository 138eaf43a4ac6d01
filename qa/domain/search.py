"""Finding words in any script: folded to the bones, and Chinese by pairs of characters, since it puts no spaces."""

import unicodedata
from collections.abc import Iterator
from typing import Final

import regex

_WORDS: Final = regex.compile(r"[\p{Han}]+|[\p{Hiragana}\p{Katakana}]+|[\p{L}\p{N}]+", regex.V1)
_HAN: Final = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]")


def fold(text: str) -> str:
    """Letters without case, points, accents and other marks: שָׁלוֹם is שלום, Café is cafe, الإسكان is الاسكان."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).casefold()


def terms(text: str) -> Iterator[str]:
    """The words of a text; a run of Chinese or Japanese comes as its overlapping pairs."""
    for word in _WORDS.findall(fold(text)):
        if _HAN.match(word) and len(word) > 1:
            yield from (word[i : i + 2] for i in range(len(word) - 1))
        else:
            yield word


class Search:
    """What somebody typed: every term must be there, the words as beginnings."""

    def __init__(self, typed: str) -> None:
        self._terms = list(terms(typed))

    def finds(self, *texts: str) -> bool:
        """Whether the texts together hold all terms; nothing typed finds nothing."""
        folded = " ".join(" ".join(_WORDS.findall(fold(text))) for text in texts)
        return bool(self._terms) and all(_holds(folded, term) for term in self._terms)


def _holds(folded: str, term: str) -> bool:
    return term in folded if _HAN.match(term) else folded.startswith(term) or f" {term}" in folded
