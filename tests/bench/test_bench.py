"""The benchmarks work: every row has a number, and the crowd sees what goes wrong."""

import json
import select
import socket
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from tests.bench.__main__ import LINUX, NAMES, PARTS, QUICK, measured
from tests.bench.bare import framed
from tests.bench.chunks import Broken, Reader
from tests.bench.rows import Row, as_json, as_text
from tests.bench.viewers import Crowd, Phase, share

# Servers are started, and others may keep the machine busy meanwhile.
pytestmark = [pytest.mark.skipif(not LINUX, reason="needs epoll and /proc"), pytest.mark.timeout(180)]

SERVED = ("alone", "compressed", "page", "slow")


def frame(number: int) -> bytes:
    return framed(f'{{"v":1,"seq":{number + 3},"type":"bench","data":{{"n":{number},"text":"“n”:7"}}}}')


def compressed(deflate: "zlib._Compress", number: int) -> bytes:
    packed = deflate.compress(b'{"n":%d,"text":"again and again"}' % number) + deflate.flush(zlib.Z_SYNC_FLUSH)
    return bytes((0xC1, len(packed) - 4)) + packed[:-4]


# What is read


def test_frames_that_came_together_are_told_apart() -> None:
    totals = framed('{"v":1,"type":"totals","data":{"questions":7}}')
    chunk = Reader().read(frame(4) + totals + frame(5) + b"\x89\x02hi" + frame(6)[:9])
    assert chunk.numbers == [4, 5]
    assert chunk.follows == 3
    assert chunk.pings == [b"hi"]
    assert chunk.rest == frame(6)[:9]


def test_a_hole_within_a_chunk_follows_nothing() -> None:
    assert Reader().read(frame(4) + frame(6)).follows == -1


def test_compressed_frames_are_read_with_the_history_of_all() -> None:
    deflate, reader = zlib.compressobj(wbits=-15), Reader()
    first, second = compressed(deflate, 1), compressed(deflate, 2)
    assert len(second) < len(first)
    assert reader.read(first).numbers == [1]
    assert reader.read(first + second).numbers == [1, 2], "the first is known by its bytes"
    with pytest.raises(Broken):
        Reader().read(second)


# What is counted


@pytest.fixture
def crowd() -> Iterator[tuple[Crowd, socket.socket]]:
    """A crowd of one, and the server's end of its socket; five broadcasts have been published."""
    made = Crowd(0, "/", "short", deflate=False)
    mine, servers = socket.socketpair()
    with closing(mine), closing(servers), closing(made.epoll):
        made.cursors[mine.fileno()] = 0
        made.epoll.register(mine, select.EPOLLIN)
        made.publisher.published = 5
        made.publisher.due = dict.fromkeys(range(1, 6), made.phase.started)
        yield made, servers


def counted(crowd: Crowd, servers: socket.socket, *numbers: int) -> dict[str, Any]:
    for number in numbers:
        servers.sendall(frame(number))
        crowd.look()
    return crowd.phase.told(crowd.publisher.published)


def test_what_comes_whole_is_counted(crowd: tuple[Crowd, socket.socket]) -> None:
    told = counted(*crowd, 1, 2, 3, 4, 5)
    assert (told["deliveries"], told["lost"], told["doubled"]) == (5, 0, 0)
    assert told["last_p99"] > 0


def test_a_loss_is_seen(crowd: tuple[Crowd, socket.socket]) -> None:
    assert counted(*crowd, 1, 2, 5)["lost"] == 2


def test_what_comes_twice_is_seen(crowd: tuple[Crowd, socket.socket]) -> None:
    assert counted(*crowd, 1, 2, 2, 1)["doubled"] == 2


def test_history_from_before_the_phase_is_no_double(crowd: tuple[Crowd, socket.socket]) -> None:
    viewers, servers = crowd
    counted(viewers, servers, 1, 2, 3)
    viewers.phase = Phase(4)
    assert counted(viewers, servers, 2, 3, 4, 5)["doubled"] == 0


def test_who_is_sent_away_is_seen(crowd: tuple[Crowd, socket.socket]) -> None:
    viewers, servers = crowd
    servers.sendall(b"\x88\x02\x10\xcd")
    viewers.doors.close = lambda descriptor: None  # type: ignore[method-assign] # the socket is the test's
    viewers.look()
    assert (viewers.phase.gone, viewers.cursors) == (1, {})


def test_a_share_is_weighted() -> None:
    assert share([(0.3, 1), (0.1, 98), (0.2, 1)], 0.99) == 0.2


# The table


@pytest.mark.parametrize("name", SERVED)
def test_a_row_of_a_server_has_its_number(name: str) -> None:
    [row] = measured(QUICK, name)
    assert row.figure > 0
    assert "lost" not in row.measured or "nothing lost" in row.measured


def test_single_steps_have_their_numbers() -> None:
    [part] = [part for part in PARTS if "one" in part.NAMES]
    rows = list(part.measure(replace(QUICK, asked=5), None))
    assert [row.name for row in rows] == list(part.NAMES)
    assert all(row.figure > 0 for row in rows)


def test_every_row_has_one_name() -> None:
    assert len(set(NAMES)) == len(NAMES) > 10
    assert set(SERVED) <= set(NAMES)


def test_the_table_can_be_read_by_people_and_by_programs() -> None:
    rows = [Row("one", "what it is", "3 µs", 3.0, "1.5 × 2 µs", "≤ 2 ×", True), Row("two", "another", "4 µs", 4.0)]
    text = as_text("a machine", rows)
    assert "| what it is | 3 µs     | 1.5 × 2 µs           | ≤ 2 ×    | yes     |" in text
    assert [row["figure"] for row in json.loads(as_json("a machine", rows))["rows"]] == [3.0, 4.0]
