"""WebSockets as bare descriptors in one epoll: what is written, what is read, who is cut off.

No task, no transport, no parser and no buffer for anybody who is idle: a viewer is a descriptor and a few words. What a
slow one has not taken is at most one piece of what everybody got; the kernel's part is bounded by a small send buffer.
"""

import asyncio
import select
from collections.abc import Callable
from time import monotonic
from typing import Final, Generic, TypeVar

from qa.live import frames
from qa.live.frames import Broken, Limits, Message, Op, Reader
from qa.live.lines import Line, cut, finish, line_of
from qa.live.pings import Round

AT_ONCE: Final = 64 * 1024
EVENTS: Final = 512
# Who said half of something has so long to say the rest; who is being closed has so long to agree.
HALF_SAID_SECONDS: Final = 10
CLOSING_SECONDS: Final = 3

# Linux' numbers by name; where there is no epoll this module is not used, but it must load.
_READABLE, _WRITABLE, _ERROR, _HUNG_UP, _HALF_CLOSED = 0x001, 0x004, 0x008, 0x010, 0x2000
_IN: Final = _READABLE | _HALF_CLOSED
_IN_OUT: Final = _IN | _WRITABLE
_GONE: Final = _HUNG_UP | _ERROR
AVAILABLE: Final = hasattr(select, "epoll")


class Wire:
    """One socket. `rest` is what the kernel did not take yet; `busy`: it can't be written to now, or never again."""

    __slots__ = ("busy", "fd", "heard", "line", "rest")

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.line = line_of(fd)
        self.rest: bytes | None = None
        self.busy = False
        self.heard = True

    @property
    def gone(self) -> bool:
        return self.fd < 0

    @property
    def compressed(self) -> bool:
        """Whether the client may compress."""
        return False


W = TypeVar("W", bound=Wire)


class Sockets(Generic[W]):
    """`lost(wire)` is told once of each that is gone, `ready(wire)` when all of `rest` was taken.

    `heard(wire, message)` gets whole messages; without it what clients say is read, checked and dropped.
    """

    def __init__(
        self,
        lost: Callable[[W], None],
        ready: Callable[[W], None] = lambda wire: None,
        heard: Callable[[W, Message], None] | None = None,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        unsent: int = 2 * AT_ONCE,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._lost = lost
        self._ready = ready
        self._heard = heard
        self._limits = limits
        self._unsent = unsent
        self._clock = clock
        # By descriptor: small numbers without many holes, and a list holds them in a tenth of what a dictionary takes.
        self._wires: list[W | None] = []
        self.count = 0
        # Those of whom something is half-said, with when that began.
        self._readers: dict[W, tuple[float, Reader]] = {}
        # Whose end is being agreed on, with when that began.
        self._closing: dict[W, float] = {}
        self._epoll: select.epoll
        self.running = False
        self._round: Round[W] = Round(self._everybody)

    def start(self) -> None:
        """In the running loop; without an epoll nothing begins."""
        self._loop = asyncio.get_running_loop()
        if not AVAILABLE:
            return
        self.running = True
        self._epoll = select.epoll()
        self._loop.add_reader(self._epoll.fileno(), self._turn)

    def stop(self) -> None:
        """Cut whoever is still there."""
        if not self.running:
            return
        self.running = False
        self._loop.remove_reader(self._epoll.fileno())
        for wire in self._everybody():
            self.abort(wire)
        self._epoll.close()

    def _everybody(self) -> list[W]:
        return [wire for wire in self._wires if wire is not None]

    # Coming and going

    def add(self, wire: W, first: bytes = b"") -> bool:
        """Take a connected, non-blocking socket over: it is ours from now on. Whether it took all of `first`."""
        fd = wire.fd
        if fd >= len(self._wires):
            self._wires.extend([None] * (fd + 1 - len(self._wires)))
        self._wires[fd] = wire
        self.count += 1
        self._epoll.register(fd, _IN)
        return not first or (self.send(wire, first) and wire.rest is None)

    def close(self, wire: W, code: int, why: str = "") -> None:
        """Say why, and end it once the other side has agreed, or after a moment."""
        if wire.gone or wire in self._closing:
            return
        self.send(wire, frames.close(code, why))
        self._end(wire)

    def _end(self, wire: W) -> None:
        """Nothing more is said: wait for the other side's end."""
        if wire.gone:
            return
        wire.busy = True
        self._closing[wire] = self._clock()
        self._readers.pop(wire, None)
        if wire.rest is None:
            self._finish(wire)

    def _finish(self, wire: W) -> None:
        """All is sent: say so. What still comes is read and dropped, else the kernel would cut short what was sent."""
        if not finish(wire.line):
            self._drop(wire)

    def abort(self, wire: W) -> None:
        """Cut it off, and have the kernel forget what it holds for it."""
        self._drop(wire, cut)

    def _drop(self, wire: W, close: Callable[[Line], None] = Line.close) -> None:
        if wire.gone:
            return
        fd, wire.fd, wire.rest, wire.busy = wire.fd, -1, None, True
        self._wires[fd] = None
        self.count -= 1
        self._readers.pop(wire, None)
        self._closing.pop(wire, None)
        # A descriptor that is closed leaves the epoll by itself.
        close(wire.line)
        self._lost(wire)

    # Writing

    def send(self, wire: W, data: bytes) -> bool:
        """Write, or keep what the kernel does not take. False: the socket is gone, or holds too much already."""
        if wire.gone or wire in self._closing:
            return False
        if wire.rest is not None:
            wire.rest += data
            if len(wire.rest) > self._unsent:
                self.abort(wire)
                return False
            return True
        try:
            sent = wire.line.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._drop(wire)
            return False
        if sent != len(data):
            self.keep(wire, data[sent:])
        return True

    def keep(self, wire: W, rest: bytes) -> None:
        """The kernel took no more: go on when it does."""
        wire.rest = rest
        wire.busy = True
        self._epoll.modify(wire.fd, _IN_OUT)

    def _flush(self, wire: W) -> None:
        if wire.rest:
            try:
                sent = wire.line.send(wire.rest)
            except BlockingIOError:
                return
            except OSError:
                self._drop(wire)
                return
            if sent != len(wire.rest):
                wire.rest = wire.rest[sent:]
                return
        wire.rest = None
        self._epoll.modify(wire.fd, _IN)
        if wire in self._closing:
            self._finish(wire)
        else:
            wire.busy = False
            self._ready(wire)

    # Reading

    def _turn(self) -> None:
        """Something happened on some of the sockets; the loop calls again while there is more."""
        for fd, event in self._epoll.poll(0, EVENTS):
            wire = self._wires[fd]
            if wire is None:
                continue
            if event & _GONE:
                self._drop(wire)
                continue
            if event & _IN:
                self._read(wire)
            if event & _WRITABLE and not wire.gone:
                self._flush(wire)

    def _read(self, wire: W) -> None:
        try:
            data = wire.line.recv(AT_ONCE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(wire)
            return
        wire.heard = True
        if wire not in self._closing and (wire in self._readers or not is_pong(data)):
            self._hear(wire, data)

    def _hear(self, wire: W, data: bytes) -> None:
        begun = (self._clock(), Reader(self._limits, compressed=wire.compressed))
        since, reader = self._readers.pop(wire, begun)
        try:
            for message in reader.feed(data):
                if not message.op & 8:
                    # A message has ended. A ping in the middle of one gives it no more time.
                    since = self._clock()
                self._take(wire, message)
                if wire.gone or wire in self._closing:
                    return
        except Broken as broken:
            self.close(wire, broken.code, str(broken))
            return
        if not reader.idle:
            self._readers[wire] = (since, reader)

    def _take(self, wire: W, message: Message) -> None:
        if message.op is Op.PING:
            self.send(wire, frames.frame(Op.PONG, message.payload))
        elif message.op is Op.CLOSE:
            # Agree with the code that was given; a close without a code is answered without one.
            code = frames.close_code(message.payload)
            self.send(wire, frames.frame(Op.CLOSE, b"") if code == frames.NO_CODE else frames.close(code))
            self._end(wire)
        elif message.op is not Op.PONG and self._heard:
            self._heard(wire, message)

    # The clock

    def tick(self) -> None:
        """Once a second or so: ping the next ones, cut those that are too slow to speak or to end."""
        now = self._clock()
        for wire, (since, _) in list(self._readers.items()):
            if now - since > HALF_SAID_SECONDS:
                self.close(wire, 1008, "half a message")
        for wire in [one for one, since in self._closing.items() if now - since > CLOSING_SECONDS]:
            self.abort(wire)
        for wire in self._round.due(now):
            if wire.gone or wire in self._closing:
                continue
            if not wire.heard:
                self.abort(wire)
            elif wire.rest is None:
                wire.heard = False
                self.send(wire, frames.PING)


def is_pong(data: bytes) -> bool:
    """One whole pong: what nearly everything is that viewers send."""
    return len(data) >= 6 and data[0] == _PONG and 0x80 <= data[1] <= 0xFD and len(data) == 6 + (data[1] & 0x7F)


_PONG: Final = 0x80 | Op.PONG
