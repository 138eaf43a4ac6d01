"""WebSocket frames (RFC 6455), as a server writes and reads them. Pure: bytes in, bytes out.

What a server sends is not masked, so one frame is the same bytes for everybody. What clients send is read within
limits: whoever breaks the rules or a limit is told the close code that says why.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from struct import Struct
from typing import Final


class Op(IntEnum):
    """The opcodes."""

    CONTINUED = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10


_FIN: Final = 0x80
_COMPRESSED: Final = 0x40  # RSV1, with permessage-deflate (RFC 7692)
_MASKED: Final = 0x80
_SHORT: Final = Struct("!BBH")
_LONG: Final = Struct("!BBQ")
_TWO: Final = Struct("!H")
# What may stand in a close frame (RFC 6455, 7.4; the registry goes on to 1014).
_CODES: Final = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015)})


class Broken(ValueError):
    """The other side broke a rule or a limit; `code` is what it is told."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code


def frame(op: Op, payload: bytes, *, compressed: bool = False) -> bytes:
    """One whole message as one frame."""
    first = _FIN | op | (_COMPRESSED if compressed else 0)
    length = len(payload)
    if length < 126:
        return bytes((first, length)) + payload
    if length < 1 << 16:
        return _SHORT.pack(first, 126, length) + payload
    return _LONG.pack(first, 127, length) + payload


def text(words: str) -> bytes:
    return frame(Op.TEXT, words.encode())


def close(code: int, why: str = "") -> bytes:
    """A close frame; a control frame holds 125 bytes at most, and its words are cut where a letter ends."""
    return frame(Op.CLOSE, _TWO.pack(code) + why.encode()[:123].decode(errors="ignore").encode())


PING: Final = frame(Op.PING, b"")


@dataclass(frozen=True, slots=True)
class Limits:
    """`message` in bytes, all its fragments together; `fragments` of one message."""

    message: int = 16 * 1024
    fragments: int = 64


@dataclass(frozen=True, slots=True)
class Message:
    """A control frame, or a whole message: `op` is TEXT or BINARY then. Of a compressed one the payload stays so."""

    op: Op
    payload: bytes


class Reader:
    """Takes what a client sends, in whatever pieces it comes, and gives back messages.

    `compressed`: the client may compress (it negotiated that); nobody here looks into such a message.
    """

    __slots__ = ("_compressed", "_limits", "_need", "_now_compressed", "_op", "_parts", "_size", "_waiting")

    def __init__(self, limits: Limits, *, compressed: bool = False) -> None:
        self._limits = limits
        self._compressed = compressed
        # The beginning of a frame, and how many bytes there must be before looking again. One buffer, however small
        # the pieces are in which it comes.
        self._waiting = bytearray()
        self._need = 0
        # The message that is being said: the fragments so far.
        self._op = Op.CONTINUED
        self._now_compressed = False
        self._parts: list[bytes] = []
        self._size = 0

    @property
    def idle(self) -> bool:
        """Nothing is half-said: no piece of a frame, no fragment of a message."""
        return not self._waiting and not self._parts

    def feed(self, data: bytes) -> Iterator[Message]:
        """The messages that are whole now. Raises `Broken`."""
        if self._waiting:
            self._waiting += data
            if len(self._waiting) < self._need:
                return
            data = bytes(self._waiting)
        at = 0
        while isinstance(found := self._frame(data, at), tuple):
            first, payload, at = found
            message = self._take(first, payload)
            if message:
                yield message
        self._need = found
        self._waiting = bytearray(data[at:])

    def _frame(self, buffer: bytes, at: int) -> tuple[int, bytes, int] | int:
        """First byte, payload and end of the frame that begins at `at`, or how many bytes there must be to go on."""
        here = len(buffer) - at
        if here < 2:
            return 2
        first, second = buffer[at], buffer[at + 1]
        self._check(first, second)
        length, head = second & 0x7F, 2
        if length == 126:
            head = 4
        elif length == 127:
            head = 10
        if here < head:
            return head
        if head > 2:
            length = int.from_bytes(buffer[at + 2 : at + head], "big")
        if not first & 8 and self._size + length > self._limits.message:
            raise Broken(1009, "the message is too long")
        if here < head + 4 + length:
            return head + 4 + length
        body = at + head + 4
        return first, unmask(buffer[body - 4 : body], buffer[body : body + length]), body + length

    def _check(self, first: int, second: int) -> None:
        op = first & 0x0F
        if op not in _OPS:
            raise Broken(1002, "an unknown opcode")
        if first & 0x30 or (first & _COMPRESSED and not (self._compressed and op in (Op.TEXT, Op.BINARY))):
            raise Broken(1002, "a reserved bit is set")
        if not second & _MASKED:
            raise Broken(1002, "a client masks its frames")
        if op & 8 and (not first & _FIN or second & 0x7F > 125):
            raise Broken(1002, "a control frame is whole and short")
        if op == Op.CONTINUED and not self._parts:
            raise Broken(1002, "nothing to continue")
        if op in (Op.TEXT, Op.BINARY) and self._parts:
            raise Broken(1002, "the message before is not at its end")

    def _take(self, first: int, payload: bytes) -> Message | None:
        op = Op(first & 0x0F)
        if op & 8:
            return Message(op, payload)
        if op is not Op.CONTINUED:
            self._op, self._now_compressed = op, bool(first & _COMPRESSED)
        self._parts.append(payload)
        self._size += len(payload)
        if len(self._parts) > self._limits.fragments:
            raise Broken(1008, "too many fragments")
        if not first & _FIN:
            return None
        whole = b"".join(self._parts)
        self._parts, self._size = [], 0
        if self._op is Op.TEXT and not self._now_compressed:
            utf8(whole)
        return Message(self._op, whole)


_OPS: Final = frozenset(Op)


def unmask(mask: bytes, payload: bytes) -> bytes:
    """Take the client's mask off."""
    length = len(payload)
    key = int.from_bytes((mask * (length // 4 + 1))[:length], "big")
    return (int.from_bytes(payload, "big") ^ key).to_bytes(length, "big")


def utf8(payload: bytes) -> str:
    try:
        return payload.decode()
    except UnicodeDecodeError:
        raise Broken(1007, "not UTF-8") from None


def close_code(payload: bytes) -> int:
    """The code in a close frame, `NONE` if it names none. Raises `Broken`."""
    if not payload:
        return NO_CODE
    if len(payload) == 1:
        raise Broken(1002, "half a close code")
    (code,) = _TWO.unpack_from(payload)
    if code not in _CODES and not 3000 <= code < 5000:
        raise Broken(1002, "no close code that may be sent")
    utf8(payload[2:])
    return int(code)


NO_CODE: Final = 1005
