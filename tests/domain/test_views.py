"""The forms in which records leave: times that everybody reads alike."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from qa.domain.views import stamp, stamp_or_none


@pytest.mark.parametrize(
    ("at", "written"),
    [
        (datetime(2026, 11, 27, 15, 0, tzinfo=UTC), "2026-11-27T15:00:00.000Z"),
        (datetime(2026, 11, 27, 15, 0, 4, 250_999, tzinfo=UTC), "2026-11-27T15:00:04.250Z"),
        (datetime(2027, 1, 1, tzinfo=UTC) - timedelta(microseconds=1), "2026-12-31T23:59:59.999Z"),
        (datetime(2026, 11, 27, 15, 0, tzinfo=timezone(timedelta(0))), "2026-11-27T15:00:00.000Z"),
    ],
)
def test_a_time_goes_out_in_utc_to_the_millisecond(at: datetime, written: str) -> None:
    assert stamp(at) == stamp_or_none(at) == written


def test_times_sort_as_text() -> None:
    start = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
    stamps = [stamp(start + timedelta(milliseconds=step * 7)) for step in range(300)]
    assert stamps == sorted(stamps)


def test_no_time_is_no_text() -> None:
    assert stamp_or_none(None) is None
