"""A server may hold as many sockets as the system lets it."""

import resource
import subprocess
import sys

TELL = """
import resource
from qa import descriptors

before = resource.getrlimit(resource.RLIMIT_NOFILE)
print(*before, descriptors.allow({count}), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def limits(count: str = "") -> list[int]:
    """Of a process that begins with few: soft and hard before, what `allow` says, soft and hard after."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (64, {hard}))" + TELL.format(count=count),
        ],
        capture_output=True,
        check=True,
        text=True,
    )
    return [int(number) for number in told.stdout.split()]


def test_a_server_may_open_as_many_files_as_the_system_lets_it() -> None:
    before, hard, said, after, still = limits()
    assert before == 64
    assert still == hard
    assert said == after > before


def test_no_more_is_taken_than_is_asked_for() -> None:
    assert limits("100")[2:4] == [100, 100]
    assert limits("10")[2:4] == [64, 64], "a limit is never lowered"
