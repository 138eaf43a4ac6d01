"""argon2id, off the loop: at most two at a time, so that a burst of sign-ins leaves the other core to the event."""

from functools import cache
from typing import Final

import anyio
import anyio.to_thread
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from qa.domain.refusals import Invalid

SHORTEST: Final = 12
_HASHER: Final = PasswordHasher()


@cache
def _limiter() -> anyio.CapacityLimiter:
    return anyio.CapacityLimiter(2)


def hashed(password: str) -> str:
    """The hash to keep. `Invalid` for a password that is too short (under 12 characters)."""
    if len(password) < SHORTEST:
        raise Invalid("short_password", field="password", shortest=SHORTEST)
    return _HASHER.hash(password)


@cache
def _nobody() -> str:
    """A hash that fits no password: who doesn't exist takes as long to refuse as who does."""
    return _HASHER.hash("nobody has this password")


async def fits(kept: str, password: str) -> bool:
    """Whether a password is the one whose hash is kept; an empty hash fits none."""
    return await anyio.to_thread.run_sync(_fits, kept or _nobody(), password, limiter=_limiter()) and bool(kept)


def _fits(kept: str, password: str) -> bool:
    try:
        return _HASHER.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False
