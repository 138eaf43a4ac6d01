"""The token bucket for asking: a few at once, then one at a time."""

import math
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Bucket:
    """`tokens` as they stood at `at`."""

    tokens: float
    at: datetime


def take(bucket: Bucket | None, now: datetime, burst: int, per_minute: int) -> tuple[Bucket, int]:
    """Take one token. Returns the bucket after it and 0, or the bucket as it is and the whole seconds to wait.

    A clock that jumps back adds nothing and takes nothing away.
    """
    if bucket is None:
        bucket = Bucket(float(burst), now)
    passed = max(0.0, (now - bucket.at).total_seconds())
    tokens = min(float(burst), bucket.tokens + passed * per_minute / 60)
    missing = (1 - tokens) * 60 / per_minute
    # To the millisecond: sums of fractions of a minute are a hair short, and would cost a whole second more.
    if missing < 0.001:
        return Bucket(max(0.0, tokens - 1), max(now, bucket.at)), 0
    return bucket, math.ceil(round(missing, 3))
