"""Codes that people read aloud and type: receipts and join codes. Crockford's base 32 has no I, L, O, U to mix up."""

import hashlib
import hmac
import unicodedata
from functools import lru_cache
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD: Final = str.maketrans("ILO", "110")


# Written once when the question is, and once more when it is acknowledged.
@lru_cache(maxsize=1_000)
def receipt_code(secret: bytes, event_id: int, n: int) -> str:
    """Twelve characters (60 bits) for one question, derived from the secret, so that it is stored nowhere."""
    digest = hmac.new(secret, f"receipt:{event_id}:{n}".encode(), hashlib.sha256).digest()
    number = int.from_bytes(digest[:8], "big") >> 4
    code = "".join([ALPHABET[(number >> shift) & 31] for shift in range(55, -5, -5)])
    return "-".join((code[:4], code[4:8], code[8:]))


def normalise(typed: str) -> str:
    """What somebody typed, as the code was printed: capitals, no spaces or hyphens, misread letters put right.

    Chinese keyboards type letters of full width, Arabic ones digits of their own: they are the same letters and digits.
    """
    if typed.isascii():
        return "".join(filter(str.isalnum, typed.upper())).translate(_MISREAD)
    narrow = unicodedata.normalize("NFKC", typed).upper()
    kept = "".join(str(int(letter)) if letter.isdecimal() else letter for letter in narrow if letter.isalnum())
    return kept.translate(_MISREAD)


def fingerprint(code: str) -> str:
    """What is stored of a code: SHA-256 of its normal form, in hexadecimal."""
    return hashlib.sha256(normalise(code).encode()).hexdigest()
