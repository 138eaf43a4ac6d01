"""Codes that people read aloud and type: hard to guess, hard to get wrong."""

import base64
import hashlib
import hmac
from collections import Counter
from typing import Final

import pytest

from qa.domain.codes import ALPHABET, fingerprint, normalise, receipt_code

SECRET: Final = b"a secret of the tests, no more"


def test_a_code_is_three_groups_of_four_letters_nobody_mixes_up() -> None:
    for n in range(200):
        groups = receipt_code(SECRET, 7, n).split("-")
        assert [len(group) for group in groups] == [4, 4, 4]
        assert set("".join(groups)) <= set(ALPHABET)
    assert not set(ALPHABET) & set("ILOU")
    assert len(set(ALPHABET)) == 32


@pytest.mark.parametrize(("event_id", "n"), [(1, 1), (7, 214), (2**40, 10**6)])
def test_a_code_is_the_first_sixty_bits_of_the_keyed_digest(event_id: int, n: int) -> None:
    digest = hmac.new(SECRET, f"receipt:{event_id}:{n}".encode(), hashlib.sha256).digest()
    rfc4648 = base64.b32encode(digest[:10]).decode()[:12]
    crockford = rfc4648.translate(str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", ALPHABET))
    assert receipt_code(SECRET, event_id, n).replace("-", "") == crockford


def test_a_code_is_the_same_for_ever() -> None:
    """Printed codes must work after an update of the program."""
    assert receipt_code(SECRET, 7, 214) == "RXKZ-WDCX-B1JW"


def test_no_two_questions_share_a_code() -> None:
    codes = {receipt_code(SECRET, event, n) for event in range(1, 5) for n in range(1, 2_501)}
    assert len(codes) == 10_000


def test_every_place_of_a_code_has_every_letter() -> None:
    """Sixty bits, not fewer: no letter of any place is fixed or rare."""
    codes = [receipt_code(SECRET, 1, n).replace("-", "") for n in range(6_400)]
    for place in range(12):
        counts = Counter(code[place] for code in codes)
        assert len(counts) == 32
        assert max(counts.values()) < 2 * 200


def test_another_secret_makes_another_code() -> None:
    assert receipt_code(b"another secret", 7, 214) != receipt_code(SECRET, 7, 214)


@pytest.mark.parametrize(
    "typed",
    [
        "4K7M-Q1XD-90RA",
        "4k7m-q1xd-90ra",
        " 4K7M Q1XD 90RA ",
        "4K7MQ1XD90RA",
        "4K7M–QIXD–9ORA",
        "4k7m.qlxd.9ora",
        "４Ｋ７Ｍ－Ｑ１ＸＤ－９０ＲＡ",
        "٤K٧M-Q١XD-٩٠RA",
    ],
)
def test_a_code_is_found_however_it_was_typed(typed: str) -> None:
    assert normalise(typed) == "4K7MQ1XD90RA"
    assert fingerprint(typed) == fingerprint("4K7M-Q1XD-90RA")


def test_another_code_has_another_fingerprint_and_none_tells_the_code() -> None:
    assert fingerprint("4K7M-Q1XD-90RA") != fingerprint("4K7M-Q1XD-90RB")
    assert "4K7M" not in fingerprint("4K7M-Q1XD-90RA").upper()
    assert len(fingerprint("")) == 64
