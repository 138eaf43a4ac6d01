"""The load generator: `python -m tests.bench.viewers JSON` is a crowd of viewers and one publisher, in one process.

The JSON names `port`, `path`, `deflate` (offer compression) and `texts` (what is published). One command a line on
standard input, one line of JSON about it on standard output:

    open COUNT          connect so many; `silent COUNT`: so many that never read, in place of those before
    rate PER_SECOND N   publish N broadcasts at fixed moments
    window W SECONDS    keep W broadcasts under way
    each N              publish N broadcasts, one when the last has reached everybody
    fill N BYTES        the same with texts so large that who does not read them is left behind

Every viewer's numbers are checked: none missing, none twice. It never sleeps where the server would have to wake it:
it looks, and rests 0.2 ms when little is there. Delays are that coarse.
"""

import gc
import json
import os
import select
import sys
from collections import defaultdict
from collections.abc import Callable
from time import perf_counter
from typing import Any, Final

from qa import descriptors
from tests.bench.chunks import Broken, Chunk, Reader, framed
from tests.bench.doors import Doors
from tests.bench.publisher import Publisher

AT_ONCE: Final = 512
REST_SECONDS: Final = 0.0002
READ_BYTES: Final = 1 << 13
GIVE_UP_SECONDS: Final = 10.0
_KEPT: Final = 2_000


class Phase:
    """What is counted from one command to its answer. `delays` are (seconds, how many viewers)."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.started = perf_counter()
        self.ended = self.started
        self.deliveries = self.bytes = self.lost = self.doubled = self.gone = 0
        self.delays: list[tuple[float, int]] = []
        self.last: dict[int, float] = {}
        self.arrived: defaultdict[int, int] = defaultdict(int)

    def told(self, published: int) -> dict[str, Any]:
        last = sorted(self.last.values())
        return {
            "broadcasts": published - self.first + 1,
            "deliveries": self.deliveries,
            "bytes": self.bytes,
            "seconds": self.ended - self.started,
            "lost": self.lost,
            "doubled": self.doubled,
            "gone": self.gone,
            "p50": share(self.delays, 0.5),
            "p99": share(self.delays, 0.99),
            "last_p50": share([(delay, 1) for delay in last], 0.5),
            "last_p99": share([(delay, 1) for delay in last], 0.99),
        }


def share(weighted: list[tuple[float, int]], of: float) -> float:
    """The value that `of` all (1 = all) do not exceed."""
    total = sum(weight for _, weight in weighted)
    reached = 0
    for value, weight in sorted(weighted):
        reached += weight
        if reached >= of * total:
            return value
    return 0.0


class Crowd:
    """`cursors` hold, by socket, the number of the broadcast that a viewer has seen last."""

    def __init__(self, port: int, path: str, texts: str, *, deflate: bool) -> None:
        self.epoll = select.epoll()
        self.publisher = Publisher(port, texts)
        self.doors = Doors(port, path, deflate=deflate)
        self.cursors: dict[int, int] = {}
        self.parts: dict[int, bytes] = {}
        self.silent: list[int] = []
        self.known: dict[bytes, Chunk] = {}
        self.reader = Reader()
        # Who came when something had been said already reads alone: only so it is seen that they can.
        self.readers: dict[int, Reader] = {}
        self.phase = Phase(1)

    # Opening

    def open(self, count: int, *, silent: bool = False) -> dict[str, Any]:
        """Bring in so many more."""
        started = perf_counter()
        while silent and self.silent:
            self.doors.close(self.silent.pop())
        for socket_, early in self.doors.bring(count, silent=silent, meanwhile=self.look):
            if silent:
                self.silent.append(socket_.fileno())
            else:
                if self.publisher.published:
                    self.readers[socket_.fileno()] = Reader()
                self.cursors[socket_.fileno()] = self.publisher.published
                self.epoll.register(socket_, select.EPOLLIN)
                if early:
                    self._read(socket_.fileno(), early)
        return {"open": len(self.cursors), "refused": self.doors.refused, "seconds": perf_counter() - started}

    # Broadcasting

    def rate(self, per_second: float, count: int) -> dict[str, Any]:
        """Counted from when each was due: a server that is late with one is not let off the next."""
        self._begin()
        for number in range(count):
            due = self.phase.started + number / per_second
            while perf_counter() < due or not self.publisher.free():
                self.look()
            self.publisher.publish(due)
        return self._end()

    def window(self, width: int, seconds: float) -> dict[str, Any]:
        """The next leaves when the one `width` before it has reached everybody."""
        self._begin()
        until = self.phase.started + seconds
        self._keep(width, lambda: perf_counter() < until)
        return self._end()

    def each(self, count: int, large: int = 0) -> dict[str, Any]:
        """The next leaves when the last has reached everybody."""
        self._begin()
        until = self.publisher.published + count
        self._keep(1, lambda: self.publisher.published < until, large)
        return self._end()

    def _keep(self, width: int, going_on: Callable[[], bool], large: int = 0) -> None:
        while going_on():
            waited_for = self.publisher.published - width + 1
            if (waited_for < self.phase.first or waited_for in self.phase.last) and self.publisher.free():
                self.publisher.publish(perf_counter(), large)
            self.look()

    def _begin(self) -> None:
        self.phase = Phase(self.publisher.published + 1)

    def _end(self) -> dict[str, Any]:
        phase, expected = self.phase, self.publisher.published - self.phase.first + 1
        while len(phase.last) < expected and perf_counter() - max(phase.ended, phase.started) < GIVE_UP_SECONDS:
            self.look()
        # What never came, though nothing came after it.
        phase.lost += sum(self.publisher.published - cursor for cursor in self.cursors.values())
        return phase.told(self.publisher.published)

    # Reading

    def look(self) -> None:
        """Read what is there."""
        events = self.epoll.poll(0, AT_ONCE)
        if events:
            self._take(events)
        if len(events) < AT_ONCE // 2:
            select.select([], [], [], REST_SECONDS)

    def _take(self, events: list[tuple[int, int]]) -> None:
        known, cursors, parts, readers = self.known, self.cursors, self.parts, self.readers
        fresh: defaultdict[Chunk, int] = defaultdict(int)
        for descriptor, _ in events:
            try:
                data = os.read(descriptor, READ_BYTES)
            except OSError:
                data = b""
            chunk = known.get(data)
            if chunk is None or descriptor in parts or descriptor in readers:
                self._read(descriptor, data)
            elif cursors[descriptor] == chunk.follows:
                cursors[descriptor] = chunk.numbers[-1]
                fresh[chunk] += 1
            else:
                self._odd(descriptor, chunk)
        now = perf_counter()
        for chunk, count in fresh.items():
            self.phase.bytes += chunk.size * count
            for number in chunk.numbers:
                self._delivered(number, count, now)

    def _read(self, descriptor: int, data: bytes) -> None:
        """A chunk that was not seen before."""
        if not data:
            self._leave(descriptor)
            return
        whole = self.parts.pop(descriptor, b"") + data
        try:
            chunk = self.readers.get(descriptor, self.reader).read(whole)
        except Broken as broken:
            raise SystemExit(f"a viewer can't read what it was sent: {broken}") from None
        if chunk.rest:
            self.parts[descriptor] = chunk.rest
        elif chunk.numbers and not chunk.pings and chunk.closed is None and descriptor not in self.readers:
            if len(self.known) > _KEPT:
                self.known.clear()
            self.known[whole] = chunk
        self._odd(descriptor, chunk)

    def _odd(self, descriptor: int, chunk: Chunk) -> None:
        """The slow way: number by number."""
        for payload in chunk.pings:
            self.doors.send(descriptor, framed(10, payload))
        self.phase.bytes += chunk.size - len(chunk.rest)
        for number in chunk.numbers:
            if number > self.cursors[descriptor]:
                self.phase.lost += number - self.cursors[descriptor] - 1
                self.cursors[descriptor] = number
                self._delivered(number, 1, perf_counter())
            elif number >= self.phase.first:
                # What is older is history, which who joins late is given on purpose.
                self.phase.doubled += 1
        if chunk.closed is not None:
            self._leave(descriptor)

    def _delivered(self, number: int, count: int, now: float) -> None:
        phase = self.phase
        phase.deliveries += count
        phase.ended = now
        delay = now - self.publisher.due[number]
        phase.delays.append((delay, count))
        phase.arrived[number] += count
        if phase.arrived[number] >= len(self.cursors):
            phase.last[number] = delay

    def _leave(self, descriptor: int) -> None:
        self.phase.gone += 1
        self.epoll.unregister(descriptor)
        self.doors.close(descriptor)
        del self.cursors[descriptor]
        self.parts.pop(descriptor, None)
        self.readers.pop(descriptor, None)


def main() -> None:
    descriptors.allow()
    gc.disable()
    crowd = Crowd(**json.loads(sys.argv[1]))
    commands: dict[str, Callable[..., dict[str, Any]]] = {
        "open": lambda count: crowd.open(int(count)),
        "silent": lambda count: crowd.open(int(count), silent=True),
        "rate": lambda per_second, count: crowd.rate(float(per_second), int(count)),
        "each": lambda count: crowd.each(int(count)),
        "fill": lambda count, large: crowd.each(int(count), int(large)),
        "window": lambda width, seconds: crowd.window(int(width), float(seconds)),
    }
    while True:
        # Pings are answered between commands, too, at leisure.
        while not select.select([sys.stdin], [], [], 0.02)[0]:
            crowd.look()
        word, *arguments = sys.stdin.readline().split() or ["end"]
        if word == "end":
            break
        print(json.dumps(commands[word](*arguments)), flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    main()
