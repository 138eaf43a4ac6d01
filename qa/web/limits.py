"""How often one network may try something, per process; the counter is bounded, and no address is kept as it is."""

import hashlib
import hmac
from datetime import date, datetime
from functools import lru_cache
from typing import Final

from starlette.requests import HTTPConnection

from qa.domain.rates import Bucket, take
from qa.domain.refusals import TooSoon
from qa.web.site import Site, now, site_of

# Purpose: (at once, then a minute). Generous, for a whole hall can stand behind one address.
LIMITS: Final[dict[str, tuple[int, int]]] = {
    "ask": (600, 600),
    "voice": (3_000, 3_000),
    "sign_in": (10, 10),
    "code": (20, 20),
}
_MOST: Final = 50_000


def require(connection: HTTPConnection, purpose: str) -> None:
    """Count a try of the network this comes from. Raises `TooSoon` (facts: seconds)."""
    count(site_of(connection), connection.client.host if connection.client else "", purpose)


def count(site: Site, address: str, purpose: str) -> None:
    """The same where there is no object for the request."""
    at = now()
    key = (purpose, _network(site.settings.secret, at, address))
    bucket: Bucket | None = site.tries.pop(key, None)
    left, seconds = take(bucket, at, *LIMITS[purpose])
    site.tries[key] = left
    if len(site.tries) > _MOST:
        # The one that was not seen for longest goes.
        del site.tries[next(iter(site.tries))]
    if seconds:
        raise TooSoon(seconds=seconds)


def _network(secret: bytes, at: datetime, address: str) -> str:
    """The address as a keyed hash of the day: today's tries can be counted, yesterday's visitor can't be found."""
    return hashlib.blake2b(address.encode(), key=_key(secret, at.date()), digest_size=10).hexdigest()


@lru_cache(maxsize=4)
def _key(secret: bytes, day: date) -> bytes:
    return hmac.new(secret, f"network:{day}".encode(), "sha256").digest()
