"""Frames: what is written and read here is what the `websockets` library reads and writes, within limits it is told."""

import gc
import sys
import zlib
from collections.abc import Iterator, Sequence
from itertools import cycle, pairwise
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.exceptions import ProtocolError
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Close, Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from qa.live import frames
from qa.live.frames import Broken, Limits, Message, Op, Reader, unmask

LENGTHS: Final = (0, 1, 125, 126, 127, 65_535, 65_536, 70_000)
DATA_OPS: Final = (Op.TEXT, Op.BINARY)
CONTROL_OPS: Final = (Op.PING, Op.PONG)


def client() -> ClientProtocol:
    return ClientProtocol(parse_uri("ws://localhost/"), state=State.OPEN, max_size=None)


def seen(wire: bytes, reader: ClientProtocol | None = None) -> list[Frame]:
    """What the library's client makes of what a server sent."""
    reader = reader or client()
    reader.receive_data(wire)
    assert reader.parser_exc is None
    return [event for event in reader.events_received() if isinstance(event, Frame)]


def sent(op: int, payload: bytes = b"", *, fin: bool = True, mask: bool = True) -> bytes:
    """A frame as the library's client writes it."""
    return Frame(Opcode(op), payload, fin).serialize(mask=mask)


def raw(first: int, length: int, payload: bytes = b"", *, masked: bool = True) -> bytes:
    """A frame that no library writes: `length` is what its header says."""
    mask = 0x80 if masked else 0
    if length < 126:
        head = bytes((first, mask | length))
    elif length < 1 << 16:
        head = bytes((first, mask | 126)) + length.to_bytes(2, "big")
    else:
        head = bytes((first, mask | 127)) + length.to_bytes(8, "big")
    return head + (bytes(4) if masked else b"") + payload


def pieces(data: bytes, sizes: Sequence[int]) -> Iterator[bytes]:
    """The data cut into pieces of these sizes, again and again."""
    at = 0
    for size in cycle(sizes):
        if at >= len(data):
            return
        yield data[at : at + size]
        at += size


def read(reader: Reader, data: bytes, sizes: Sequence[int] = (1 << 30,)) -> list[Message]:
    return [message for piece in pieces(data, sizes) for message in reader.feed(piece)]


def refused(data: bytes, limits: Limits = Limits(), *, compressed: bool = False) -> int:  # noqa: B008 - frozen
    """The close code for what breaks the rules; the same however it comes in pieces."""
    codes = set()
    for size in (1, 3, len(data)):
        with pytest.raises(Broken) as broken:
            read(Reader(limits, compressed=compressed), data, (size,))
        codes.add(broken.value.code)
    (code,) = codes
    return code


# Written


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("op", DATA_OPS)
def test_a_message_of_any_length_is_one_frame_to_the_library(op: Op, length: int) -> None:
    payload = b"a" * length
    assert seen(frames.frame(op, payload)) == [Frame(Opcode(op), payload)]


@pytest.mark.parametrize("length", [0, 1, 124, 125])
@pytest.mark.parametrize("op", CONTROL_OPS)
def test_a_control_frame_is_one_to_the_library(op: Op, length: int) -> None:
    assert seen(frames.frame(op, bytes(length))) == [Frame(Opcode(op), bytes(length))]


@pytest.mark.parametrize("length", LENGTHS)
def test_no_length_takes_more_bytes_than_it_must(length: int) -> None:
    assert frames.frame(Op.BINARY, bytes(length)) == Frame(Opcode.BINARY, bytes(length)).serialize(mask=False)


@given(st.lists(st.text()))
def test_texts_of_all_languages_written_together_are_read_one_by_one(texts: list[str]) -> None:
    read_back = seen(b"".join(map(frames.text, texts)))
    assert [bytes(frame.data).decode() for frame in read_back] == texts


def test_a_compressed_frame_is_read_by_who_negotiated_it_and_by_nobody_else() -> None:
    deflate = zlib.compressobj(wbits=-15)
    payload = (deflate.compress(b"a text") + deflate.flush(zlib.Z_SYNC_FLUSH)).removesuffix(b"\0\0\xff\xff")
    wire = frames.frame(Op.TEXT, payload, compressed=True)
    able = client()
    able.extensions = [PerMessageDeflate(False, True, 15, 15)]
    assert [bytes(frame.data) for frame in seen(wire, able)] == [b"a text"]
    plain = client()
    plain.receive_data(wire)
    assert isinstance(plain.parser_exc, ProtocolError)


@given(
    code=st.sampled_from([1000, 1001, 1008, 1009, 1012, 4301, 4408]),
    why=st.text(max_size=20) | st.text("aé愛😀", min_size=35, max_size=80),
)
def test_a_close_says_its_code_and_as_many_whole_letters_as_fit(code: int, why: str) -> None:
    (frame,) = seen(frames.close(code, why))
    told = Close.parse(frame.data)
    assert (frame.opcode, told.code) == (Opcode.CLOSE, code)
    assert why.startswith(told.reason)
    assert told.reason == why or len(frame.data) > 125 - 4


def test_the_ping_that_everybody_gets_is_one() -> None:
    assert seen(frames.PING) == [Frame(Opcode.PING, b"")]


# Read

_CUTS = st.lists(st.integers(0, 400), max_size=5)
_CONTROLS = st.lists(st.tuples(st.sampled_from(CONTROL_OPS), st.binary(max_size=125)), max_size=2)
_SAID = st.one_of(
    st.tuples(st.just(Op.TEXT), st.text(max_size=300).map(str.encode), _CUTS, _CONTROLS),
    st.tuples(st.just(Op.BINARY), st.binary(max_size=300), _CUTS, _CONTROLS),
)


def say(speaker: ClientProtocol, op: Op, payload: bytes, cuts: list[int], controls: list[tuple[Op, bytes]]) -> None:
    """One message in fragments, with control frames behind the first of them."""
    bounds = [0, *sorted(min(cut, len(payload)) for cut in cuts), len(payload)]
    for index, (start, end) in enumerate(pairwise(bounds)):
        fin = index == len(bounds) - 2
        if index:
            speaker.send_continuation(payload[start:end], fin)
        elif op is Op.TEXT:
            speaker.send_text(payload[start:end], fin)
        else:
            speaker.send_binary(payload[start:end], fin)
        for control, data in controls if not index else ():
            (speaker.send_ping if control is Op.PING else speaker.send_pong)(data)


def expected(op: Op, payload: bytes, cuts: list[int], controls: list[tuple[Op, bytes]]) -> list[Message]:
    between = [Message(control, data) for control, data in controls]
    whole = Message(op, payload)
    return [*between, whole] if cuts else [whole, *between]


@given(said=st.lists(_SAID, max_size=5), sizes=st.lists(st.integers(1, 60), min_size=1, max_size=8))
def test_whatever_the_librarys_client_says_is_understood_in_any_pieces(
    said: list[tuple[Op, bytes, list[int], list[tuple[Op, bytes]]]], sizes: list[int]
) -> None:
    speaker = client()
    for message in said:
        say(speaker, *message)
    reader = Reader(Limits())
    assert reader.idle
    assert read(reader, b"".join(speaker.data_to_send()), sizes) == [
        understood for message in said for understood in expected(*message)
    ]
    assert reader.idle


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("size", [1 << 30, 1_000, 7])
def test_a_message_of_any_length_is_understood_if_the_limit_allows(length: int, size: int) -> None:
    wire = sent(Op.BINARY, b"b" * length) + sent(Op.TEXT, b"and on")
    assert read(Reader(Limits(message=70_000)), wire, (size,)) == [
        Message(Op.BINARY, b"b" * length),
        Message(Op.TEXT, b"and on"),
    ]


@given(payload=st.binary(max_size=600), mask=st.binary(min_size=4, max_size=4))
def test_the_mask_comes_off_as_if_it_were_done_byte_by_byte(payload: bytes, mask: bytes) -> None:
    assert unmask(mask, payload) == bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))


def test_a_compressed_message_is_given_on_as_it_came() -> None:
    wire = raw(0xC1, 3, b"\xff\xff\xff") + sent(Op.TEXT, b"plain")
    assert read(Reader(Limits(), compressed=True), wire) == [
        Message(Op.TEXT, b"\xff\xff\xff"),
        Message(Op.TEXT, b"plain"),
    ]


@pytest.mark.parametrize(
    "half",
    [sent(Op.TEXT, b"a text")[:-1], sent(Op.TEXT, fin=False), b"\x81"],
    ids=["most of a frame", "a fragment", "a byte"],
)
def test_who_said_half_of_something_is_not_idle(half: bytes) -> None:
    reader = Reader(Limits())
    assert read(reader, half) == []
    assert not reader.idle


# Refused

BROKEN: Final = {
    "unmasked": sent(Op.TEXT, b"a", mask=False),
    "an unmasked ping": sent(Op.PING, mask=False),
    "the second reserved bit": raw(0xA1, 0),
    "the third reserved bit": raw(0x91, 0),
    "a reserved bit on a ping": raw(0xA9, 0),
    "compressed without a word about it": raw(0xC1, 0),
    "a compressed ping": raw(0xC9, 0),
    "a fragmented ping": sent(Op.TEXT, fin=False) + raw(0x09, 0),
    "a fragmented close": raw(0x08, 0),
    "a long ping": raw(0x89, 126, bytes(126)),
    "a longer ping": raw(0x89, 65_536, bytes(65_536)),
    "a long close": raw(0x88, 126, bytes(126)),
    "a continuation of nothing": raw(0x80, 0),
    "a continuation of what has ended": sent(Op.TEXT, b"a") + raw(0x00, 0),
    "a continuation of a ping": sent(Op.PING) + raw(0x80, 0),
    "a message inside of another": sent(Op.TEXT, b"a", fin=False) + sent(Op.TEXT, b"b"),
    "binary inside of a text": sent(Op.TEXT, fin=False) + sent(Op.BINARY, b"b"),
    **{f"opcode {op}": raw(0x80 | op, 0) for op in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)},
}


@pytest.mark.parametrize("what", BROKEN)
def test_who_breaks_the_rules_is_told_1002(what: str) -> None:
    assert refused(BROKEN[what]) == 1002
    judge = ServerProtocol(state=State.OPEN)
    judge.receive_data(BROKEN[what])
    assert judge.parser_exc is not None


@pytest.mark.parametrize("first", [0xC0, 0xC9, 0xC8, 0xE1])
def test_who_may_compress_may_not_set_the_bit_anywhere_else(first: int) -> None:
    begun = raw(0x41, 1, b"a")
    assert read(Reader(Limits(), compressed=True), begun + raw(0x80, 0)) == [Message(Op.TEXT, b"a")]
    assert refused(begun + raw(first, 0), compressed=True) == 1002


@pytest.mark.parametrize("length", [101, 126, 65_536, 1 << 40, (1 << 64) - 1])
def test_a_message_that_is_too_long_is_refused_by_its_header_before_it_comes(length: int) -> None:
    assert refused(raw(0x82, length)[:-4], Limits(message=100)) == 1009


def test_fragments_together_may_be_as_long_as_one_message_and_no_longer() -> None:
    limits = Limits(message=100)
    begun = sent(Op.BINARY, bytes(60), fin=False) + sent(Op.PING, bytes(100))
    whole = read(Reader(limits), begun + sent(Op.CONTINUED, bytes(40)) + sent(Op.BINARY, bytes(100)))
    assert [len(message.payload) for message in whole] == [100, 100, 100]
    assert refused(begun + raw(0x80, 41), limits) == 1009


def test_a_message_in_too_many_fragments_is_refused_though_they_hold_nothing() -> None:
    limits = Limits(fragments=5)
    begun = sent(Op.TEXT, fin=False) + sent(Op.CONTINUED, fin=False) * 3
    assert read(Reader(limits), (begun + sent(Op.CONTINUED)) * 2) == [Message(Op.TEXT, b"")] * 2
    assert refused(begun + sent(Op.CONTINUED, fin=False) + sent(Op.CONTINUED), limits) == 1008


@pytest.mark.parametrize("bad", [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\x80"])
def test_a_text_that_is_none_is_refused_wherever_it_is_cut(bad: bytes) -> None:
    assert refused(sent(Op.TEXT, b"a" + bad)) == 1007
    assert refused(sent(Op.TEXT, b"a" + bad[:1], fin=False) + sent(Op.CONTINUED, bad[1:])) == 1007
    assert read(Reader(Limits()), sent(Op.BINARY, bad)) == [Message(Op.BINARY, bad)]


def test_a_letter_that_is_cut_in_two_is_a_letter() -> None:
    ai = "愛".encode()
    wire = sent(Op.TEXT, ai[:1], fin=False) + sent(Op.CONTINUED, ai[1:])
    assert read(Reader(Limits()), wire) == [Message(Op.TEXT, ai)]


def test_what_was_whole_before_the_rules_were_broken_is_given_on() -> None:
    messages = Reader(Limits()).feed(sent(Op.TEXT, b"a") + sent(Op.PING, b"b") + raw(0x83, 0))
    assert [next(messages), next(messages)] == [Message(Op.TEXT, b"a"), Message(Op.PING, b"b")]
    with pytest.raises(Broken):
        next(messages)


# The library counts a control frame against the message around it, which no rule asks for: none here comes so close.
_MOST: Final = 105
_ANY_FRAME = st.tuples(
    st.one_of(
        st.tuples(
            st.sampled_from([Op.TEXT, Op.BINARY, Op.CONTINUED, Op.CONTINUED]), st.sampled_from([0, 50, 50, 100, 106])
        ),
        st.tuples(st.sampled_from([Op.PING, Op.PONG, Op.PING, 3, 11]), st.sampled_from([0, 5, 5, 126])),
    ),
    st.booleans(),
    st.sampled_from([0] * 12 + [0x40, 0x20, 0x10]),
    st.sampled_from([True] * 12 + [False]),
)


@settings(max_examples=300)
@given(st.lists(_ANY_FRAME, max_size=8))
def test_what_the_library_refuses_is_refused_and_nothing_else(
    drawn: list[tuple[tuple[int, int], bool, int, bool]],
) -> None:
    wire = b"".join(
        raw(op | (0x80 if fin else 0) | bits, length, b"a" * length, masked=masked)
        for (op, length), fin, bits, masked in drawn
    )
    judge = ServerProtocol(state=State.OPEN, max_size=_MOST)
    judge.receive_data(wire)
    by_library = [event for event in judge.events_received() if isinstance(event, Frame)]
    messages, heard, broken = Reader(Limits(message=_MOST)).feed(wire), 0, False
    try:
        for _ in messages:
            heard += 1
    except Broken:
        broken = True
    assert broken == (judge.parser_exc is not None)
    assert heard == sum(frame.fin for frame in by_library)


# Closing


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 1007, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999])
def test_a_code_that_may_be_sent_is_heard_with_whatever_is_said_beside_it(code: int) -> None:
    assert frames.close_code(Close(code, "").serialize()) == code
    assert frames.close_code(Close(code, "再見").serialize()) == code


@pytest.mark.parametrize("code", [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535])
def test_a_code_that_may_not_be_sent_is_refused(code: int) -> None:
    with pytest.raises(Broken) as broken:
        frames.close_code(code.to_bytes(2, "big"))
    assert broken.value.code == 1002


@pytest.mark.parametrize(("payload", "code"), [(b"\x03", 1002), (b"\x03\xe8\xff", 1007), (b"\x03\xe8a\xc3", 1007)])
def test_half_a_code_and_words_that_are_none_are_refused(payload: bytes, code: int) -> None:
    with pytest.raises(Broken) as broken:
        frames.close_code(payload)
    assert broken.value.code == code


def test_a_close_without_a_code_is_heard_as_such() -> None:
    assert frames.close_code(b"") == frames.NO_CODE


# What it costs to listen


def held(reader: Reader) -> int:
    """Bytes of memory that hang on a reader."""
    known: dict[int, object] = {id(reader): reader}
    waiting: list[object] = [reader]
    while waiting:
        for thing in gc.get_referents(waiting.pop()):
            if id(thing) not in known and isinstance(thing, bytes | bytearray | list | tuple | str | int):
                known[id(thing)] = thing
                waiting.append(thing)
    return sum(map(sys.getsizeof, known.values()))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1_000, 1 << 30])
@pytest.mark.parametrize("fragment", [1_000, 16_000])
def test_what_is_half_said_is_held_in_little_more_than_its_bytes_however_it_comes(size: int, fragment: int) -> None:
    limits = Limits()
    reader = Reader(limits)
    begun = 16_000 // fragment - 1
    wire = sent(Op.BINARY, bytes(fragment), fin=False) if begun else b""
    wire += sent(Op.CONTINUED, bytes(fragment), fin=False) * (begun - 1)
    last = sent(Op.CONTINUED if begun else Op.BINARY, bytes(fragment))
    most = 0
    for index, piece in enumerate(pieces(wire + last[:-1], (size,))):
        assert list(reader.feed(piece)) == []
        if index % 500 == 0:
            most = max(most, held(reader))
    most = max(most, held(reader))
    assert begun * fragment + len(last) - 1 <= most < 1.5 * limits.message + 1_000
