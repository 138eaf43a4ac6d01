"""What is written down of the requests: everything in counts, and by itself what somebody will want to look at."""

import asyncio

from structlog.testing import capture_logs

from qa.web.served import MOST_LINES, SLOW_MILLISECONDS, Served

ASKED = ("POST", "/@{handle}/{slug}/questions", 201)


async def test_a_crowds_requests_are_one_line() -> None:
    served = Served()
    with capture_logs() as lines:
        for number in range(1_000):
            served.note(*ASKED, milliseconds=number / 10)
        assert lines == []
        served.tell()
    (line,) = lines
    assert line["event"] == "requests"
    told = {"method": "POST", "route": "/@{handle}/{slug}/questions", "status": 201, "n": 1_000, "slowest": 99.9}
    assert line["counts"] == [told]


async def test_what_failed_was_slow_or_the_staffs_has_a_line_of_its_own_and_is_counted() -> None:
    served = Served()
    with capture_logs() as lines:
        served.note("GET", "/", 500, 1.0)
        served.note("GET", "/", 200, SLOW_MILLISECONDS)
        served.note("POST", "/desk/sign-in", 303, 1.0)
        served.note("GET", "/", 200, 1.0)
        served.tell()
    assert [line["event"] for line in lines] == ["request"] * 3 + ["requests"]
    assert sum(count["n"] for count in lines[-1]["counts"]) == 4


async def test_when_everything_fails_the_lines_are_bounded_and_the_counts_are_whole() -> None:
    served = Served()
    with capture_logs() as lines:
        for _ in range(5_000):
            served.note("POST", "/", 503, 5_000.0)
        served.tell()
    assert len(lines) == MOST_LINES + 1
    assert lines[-1]["counts"][0]["n"] == 5_000


async def test_counts_are_told_by_the_clock_and_begin_anew() -> None:
    loop = asyncio.get_running_loop()
    served = Served()
    with capture_logs() as lines:
        served.note(*ASKED, milliseconds=1.0)
        (timer,) = [handle for handle in loop._scheduled if not handle.cancelled()]  # type: ignore[attr-defined]
        timer._run()
        assert [line["event"] for line in lines] == ["requests"]
        served.tell()
    assert len(lines) == 1, "nothing is told of nothing"
