"""Bare descriptors: what a client may say, how long it may be silent or slow, how it ends. The clock is the test's."""

import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final

import pytest
from websockets.frames import Frame, Opcode

from qa.live import pings, sockets
from qa.live.frames import Limits, Message, Op
from qa.live.sockets import Sockets, Wire
from tests.eventually import eventually_async

LIMITS: Final = Limits()


@dataclass(slots=True)
class Room:
    """Some clients' ends and ours, with a clock that is set by hand."""

    now: float = 0.0
    said: list[Message] = field(default_factory=list)
    lost: list[Wire] = field(default_factory=list)
    here: "Sockets[Wire]" = field(init=False)
    ends: list[socket.socket] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.here = Sockets(
            self.lost.append, heard=lambda wire, message: self.said.append(message), clock=lambda: self.now
        )

    def come(self) -> tuple[Wire, socket.socket]:
        """A connection over loopback, as a viewer's is."""
        with socket.create_server(("127.0.0.1", 0)) as listening:
            theirs = socket.create_connection(listening.getsockname())
            ours, _ = listening.accept()
        ours.setblocking(False)
        theirs.setblocking(False)
        wire = Wire(ours.detach())
        self.here.add(wire)
        self.ends.append(theirs)
        return wire, theirs

    def wait(self, seconds: float) -> None:
        """The clock goes on, second by second."""
        for _ in range(int(seconds)):
            self.now += 1
            self.here.tick()


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    room = Room()
    room.here.start()
    yield room
    room.here.stop()
    for end in room.ends:
        end.close()


def said(op: Opcode, payload: bytes = b"", *, fin: bool = True) -> bytes:
    return Frame(op, payload, fin).serialize(mask=True)


def heard(end: socket.socket) -> bytes:
    try:
        return end.recv(1 << 16)
    except BlockingIOError:
        return b""


async def closed_with(end: socket.socket) -> int:
    """The code of the close frame that arrives."""
    got = b""

    def look() -> int:
        nonlocal got
        got += heard(end)
        at = got.find(b"\x88")
        return int.from_bytes(got[at + 2 : at + 4], "big") if at >= 0 and len(got) >= at + 4 else 0

    return await eventually_async(look)


async def test_what_clients_say_is_heard_whole_and_pings_are_answered(room: Room) -> None:
    _, end = room.come()
    end.send(said(Opcode.TEXT, b"Hel", fin=False) + said(Opcode.PING, b"?") + said(Opcode.CONT, "lö".encode()))
    await eventually_async(lambda: room.said)
    assert room.said == [Message(Op.TEXT, "Hellö".encode())]
    assert await eventually_async(lambda: heard(end)) == b"\x8a\x01?"


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (said(Opcode.TEXT, bytes(LIMITS.message + 1)), 1009),
        (said(Opcode.TEXT, b"", fin=False) + said(Opcode.CONT, b"", fin=False) * LIMITS.fragments, 1008),
        (Frame(Opcode.TEXT, b"not masked").serialize(mask=False), 1002),
        (said(Opcode.TEXT, b"\xff"), 1007),
    ],
    # Masks are random: the bytes themselves would name the tests differently in each process.
    ids=["too long", "too many fragments", "not masked", "not UTF-8"],
)
async def test_who_breaks_a_rule_is_told_which_and_nobody_else_is_touched(bad: bytes, code: int, room: Room) -> None:
    wire, end = room.come()
    other, other_end = room.come()
    end.send(bad)
    assert await closed_with(end) == code
    end.close()
    await eventually_async(lambda: room.lost == [wire])
    other_end.send(said(Opcode.TEXT, b"Still here"))
    await eventually_async(lambda: room.said == [Message(Op.TEXT, b"Still here")])
    assert not other.gone


async def test_an_end_is_agreed_on_with_the_code_that_was_given(room: Room) -> None:
    wire, end = room.come()
    end.send(said(Opcode.CLOSE, (3999).to_bytes(2, "big")))
    assert await closed_with(end) == 3999
    assert await eventually_async(lambda: end.recv(10) == b"" or None)
    end.close()
    await eventually_async(lambda: room.lost == [wire])


async def test_who_agrees_to_no_end_is_cut_off_after_a_moment(room: Room) -> None:
    wire, end = room.come()
    room.here.close(wire, 4301)
    assert await closed_with(end) == 4301
    room.wait(sockets.CLOSING_SECONDS)
    assert room.lost == []
    room.wait(1)
    assert room.lost == [wire]
    # Cut off, not closed: nothing is waited for any more.
    with pytest.raises(BrokenPipeError):
        end.send(said(Opcode.TEXT, b"?"))


async def test_half_a_message_is_waited_for_so_long_and_no_longer(room: Room) -> None:
    wire, end = room.come()
    whole, other = room.come()
    end.send(said(Opcode.TEXT, b"Half", fin=False))
    other.send(said(Opcode.TEXT, b"Whole"))
    await eventually_async(lambda: room.said and wire in room.here._readers)
    room.wait(sockets.HALF_SAID_SECONDS - 1)
    # A ping in between gives it no more time.
    end.send(said(Opcode.PING))
    assert await eventually_async(lambda: heard(end)) == b"\x8a\x00"
    room.wait(1)
    assert heard(end) == b""
    room.wait(1)
    assert await closed_with(end) == 1008
    assert not whole.gone


async def test_the_silent_are_cut_off_after_two_rounds_of_pings_and_who_answers_is_not(room: Room) -> None:
    wires = [room.come() for _ in range(4)]
    silent, _ = wires[0]
    for _ in range(3):
        for _ in range(pings.PING_SECONDS):
            room.wait(1)
            for _, end in wires[1:]:
                if b"\x89\x00" in heard(end):
                    end.send(said(Opcode.PONG))
            await eventually_async(lambda: all(wire.heard for wire, _ in wires[1:]))
    assert room.lost == [silent]


async def test_who_floods_with_pings_and_reads_no_answer_costs_a_bounded_amount(room: Room) -> None:
    wire, end = room.come()
    flood = said(Opcode.PING, bytes(125)) * 100
    most = 0

    def pour() -> bool:
        nonlocal most
        most = max(most, len(wire.rest or b""))
        try:
            end.send(flood)
        except BlockingIOError:
            pass
        except (BrokenPipeError, ConnectionResetError):
            return True
        return wire.gone

    await eventually_async(pour, within=20)
    assert room.lost == [wire]
    assert 0 < most <= 2 * sockets.AT_ONCE


async def test_a_slow_reader_gets_every_byte_in_order(room: Room) -> None:
    wire, end = room.come()
    sent = b"".join(bytes([number % 251]) * 1_000 for number in range(100))
    got = b""
    for at in range(0, len(sent), 10_000):
        assert room.here.send(wire, sent[at : at + 10_000])

    def read() -> bool:
        nonlocal got
        got += heard(end)[:]
        return len(got) >= len(sent)

    await eventually_async(read)
    assert got == sent
    assert wire.rest is None
    assert not wire.busy


async def test_a_descriptor_that_is_used_again_belongs_to_the_newcomer_alone(room: Room) -> None:
    wire, end = room.come()
    fd = wire.fd
    end.close()
    await eventually_async(lambda: room.lost == [wire])
    newcomer, their_end = room.come()
    assert newcomer.fd == fd, "the system was to use the number again"
    assert not room.here.send(wire, b"for who is gone")
    room.here.close(wire, 4301)
    room.here.abort(wire)
    assert room.here.send(newcomer, b"hello")
    assert await eventually_async(lambda: heard(their_end)) == b"hello"
