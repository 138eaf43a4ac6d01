"""The opening by hand: what browsers send is read, whatever is odd is left to a library, and the answer is right."""

import re
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.exceptions import NegotiationError
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory, ServerPerMessageDeflateFactory
from websockets.http11 import Request as Asked
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from qa.live import handshake
from qa.live.handshake import Request

KEY: Final = "dGhlIHNhbXBsZSBub25jZQ=="  # RFC 6455, 1.3

CLIENTS: Final = {
    "Chromium": """\
GET /@audrey/press/live?after=41&epoch=k3v9 HTTP/1.1
Host: ask.example
Connection: Upgrade
Pragma: no-cache
Cache-Control: no-cache
User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36
Upgrade: websocket
Origin: https://ask.example
Sec-WebSocket-Version: 13
Accept-Encoding: gzip, deflate, br, zstd
Accept-Language: zh-TW,zh;q=0.9,en-US;q=0.8,en;q=0.7
Cookie: qa=a.b.c; other="two words"
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits
Sec-WebSocket-Protocol: qa.v1
""",
    "Firefox": """\
GET /@audrey/press/live?after=41&epoch=k3v9 HTTP/1.1
Host: ask.example
User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0
Accept: */*
Accept-Language: he,en-US;q=0.7,en;q=0.3
Accept-Encoding: gzip, deflate, br, zstd
Sec-WebSocket-Version: 13
Origin: https://ask.example
Sec-WebSocket-Protocol: qa.v1
Sec-WebSocket-Extensions: permessage-deflate
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
DNT: 1
Connection: keep-alive, Upgrade
Sec-Fetch-Dest: empty
Sec-Fetch-Mode: websocket
Sec-Fetch-Site: same-origin
Pragma: no-cache
Cache-Control: no-cache
Upgrade: websocket
""",
    "Safari": """\
GET /@audrey/press/live?after=41&epoch=k3v9 HTTP/1.1
Sec-WebSocket-Version: 13
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
Sec-WebSocket-Extensions: permessage-deflate
Sec-WebSocket-Protocol: qa.v1
Connection: Upgrade
Upgrade: websocket
Sec-Fetch-Site: same-origin
Sec-Fetch-Mode: websocket
Sec-Fetch-Dest: websocket
Origin: https://ask.example
Host: ask.example
User-Agent: Mozilla/5.0 (iPhone; CPU iPhone OS 26_1 like Mac OS X) AppleWebKit/605.1.15 Version/26.1 Mobile Safari/604.1
Accept-Language: fr-FR,fr;q=0.9
Accept: */*
Accept-Encoding: gzip, deflate
Pragma: no-cache
Cache-Control: no-cache
""",
    "curl": """\
GET /@audrey/press/live HTTP/1.1
Host: ask.example
User-Agent: curl/8.17.0
Accept: */*
Upgrade: websocket
Connection: Upgrade
Sec-WebSocket-Version: 13
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
""",
    "websockets": """\
GET /@audrey/press/live HTTP/1.1
Host: ask.example
Upgrade: websocket
Connection: Upgrade
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
Sec-WebSocket-Version: 13
Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits
User-Agent: Python/3.11 websockets/17.4
""",
    "Node's ws": """\
GET /@audrey/press/live HTTP/1.1
Sec-WebSocket-Version: 13
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
Connection: Upgrade
Upgrade: websocket
Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits
Sec-WebSocket-Protocol: qa.v1
Host: ask.example
""",
    "Node's own": """\
GET /@audrey/press/live HTTP/1.1
host: ask.example
connection: upgrade
upgrade: websocket
sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==
sec-websocket-version: 13
sec-websocket-protocol: qa.v1
sec-websocket-extensions: permessage-deflate; client_max_window_bits
accept: */*
accept-language: *
sec-fetch-mode: websocket
user-agent: node
pragma: no-cache
cache-control: no-cache
accept-encoding: gzip, deflate
""",
}


def wire(request: str) -> bytes:
    return request.replace("\n", "\r\n").encode() + b"\r\n"


FIREFOX: Final = wire(CLIENTS["Firefox"])


def changed(old: bytes, new: bytes) -> bytes:
    """Firefox' request with one thing in it changed."""
    assert FIREFOX.count(old) == 1
    return FIREFOX.replace(old, new)


def with_line(line: bytes) -> bytes:
    return changed(b"DNT: 1\r\n", line + b"\r\n")


def judged(data: bytes) -> ServerProtocol | None:
    """The library's server that would open this, else None."""
    server = ServerProtocol(
        extensions=[ServerPerMessageDeflateFactory()], select_subprotocol=lambda protocol, offered: None
    )
    server.receive_data(data)
    events = server.events_received()
    if len(events) != 1 or not isinstance(events[0], Asked):
        return None
    return server if server.accept(events[0]).status_code == 101 else None


# What is ordinary


@pytest.mark.parametrize("client", CLIENTS)
def test_what_clients_of_all_kinds_send_is_read(client: str) -> None:
    browser = client in {"Chromium", "Firefox", "Safari"}
    request = handshake.read(wire(CLIENTS[client]))
    assert request == Request(
        path="/@audrey/press/live",
        query="after=41&epoch=k3v9" if browser else "",
        host=b"ask.example",
        origin=b"https://ask.example" if browser else None,
        fetch_site=b"same-origin" if client in {"Firefox", "Safari"} else None,
        key=KEY.encode(),
        subprotocol="qa.v1" in CLIENTS[client],
        deflate=client != "curl",
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Upgrade: websocket", b"UPGRADE:WebSocket"),
        (b"Connection: keep-alive, Upgrade", b"connection:\tUPGRADE ,keep-alive\t "),
        (b"Sec-WebSocket-Protocol: qa.v1", b"Sec-WebSocket-Protocol: other, qa.v1"),
        (b"User-Agent: Mozilla", b"User-Agent: \xe6\x84\x9b Mozilla"),
        (b"DNT: 1", b"DNT:"),
        (b"?after=41&epoch=k3v9", b"?after=%34%31"),
    ],
)
def test_what_means_the_same_is_read_the_same(old: bytes, new: bytes) -> None:
    request, plain = handshake.read(changed(old, new)), handshake.read(FIREFOX)
    assert request is not None
    assert plain is not None
    assert request._replace(query="") == plain._replace(query="")
    assert judged(changed(old, new)) is not None


# What is odd

_TELLING = ("Host", "Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version")
_ONCE = (*_TELLING, "Origin", "Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol", "Sec-Fetch-Site")


def line_of(name: str) -> bytes:
    found = re.search(rb"\r\n(%b:[^\r]*\r\n)" % name.encode(), FIREFOX)
    assert found
    return found[1]


@pytest.mark.parametrize("name", _TELLING)
def test_without_what_an_opening_needs_it_is_none(name: str) -> None:
    assert handshake.read(changed(line_of(name), b"")) is None


@pytest.mark.parametrize("name", _ONCE)
def test_what_is_looked_at_may_stand_there_once(name: str) -> None:
    line = line_of(name)
    assert handshake.read(changed(line, line + line)) is None
    assert handshake.read(changed(line, line + line.lower())) is None
    assert handshake.read(FIREFOX[:-2] + line.upper() + b"\r\n") is None


ODD: Final = {
    "no bytes": b"",
    "half a request": FIREFOX[:-2],
    "nearly all of a request": FIREFOX[:-1],
    "bytes behind it": FIREFOX + b"\x81",
    "a frame behind it": FIREFOX + b"\x89\x80\0\0\0\0",
    "two requests": FIREFOX + FIREFOX,
    "a line before it": b"\r\n" + FIREFOX,
    "another method": changed(b"GET /", b"POST /"),
    "a method that looks like it": changed(b"GET /", b"GETS /"),
    "small letters": changed(b"GET /", b"get /"),
    "HTTP/1.0": changed(b"HTTP/1.1", b"HTTP/1.0"),
    "HTTP/2": changed(b"HTTP/1.1", b"HTTP/2"),
    "http": changed(b"HTTP/1.1", b"http/1.1"),
    "no version": changed(b" HTTP/1.1", b""),
    "a tab in the first line": changed(b" HTTP/1.1", b"\tHTTP/1.1"),
    "two spaces": changed(b" HTTP/1.1", b"  HTTP/1.1"),
    "a space at the end of the first line": changed(b"HTTP/1.1", b"HTTP/1.1 "),
    "a space in the path": changed(b"/press", b"/pre ss"),
    "a whole address": changed(b"GET /", b"GET https://ask.example/"),
    "no path": changed(b"GET /@audrey/press/live?after=41&epoch=k3v9", b"GET *"),
    "an escape in the path": changed(b"/press", b"/pre%73s"),
    "letters of another language in the path": changed(b"/press", b"/\xc3\xa9"),
    "a part of the page": changed(b"/live?", b"/live#?"),
    "a NUL in the path": changed(b"/press", b"/pre\0ss"),
    "a NUL in a value": with_line(b"DNT: \0"),
    "a control letter in a value": with_line(b"DNT: \x0b"),
    "a delete in a value": with_line(b"DNT: \x7f"),
    "a line that goes on": with_line(b"DNT: 1\r\n and on"),
    "a line that goes on by a tab": with_line(b"DNT: 1\r\n\tand on"),
    "a line that goes on at once": changed(b"HTTP/1.1\r\n", b"HTTP/1.1\r\n "),
    "LF alone": FIREFOX.replace(b"\r\n", b"\n"),
    "one LF alone": with_line(b"DNT: 1\nPragma2: a"),
    "CR alone": with_line(b"DNT: 1\rPragma2: a"),
    "two CR": with_line(b"DNT: 1\r"),
    "a line without a colon": with_line(b"DNT"),
    "a name of nothing": with_line(b": 1"),
    "a space before the colon": with_line(b"DNT : 1"),
    "a space before the colon of what is looked at": changed(b"Host:", b"Host :"),
    "a space in a name": with_line(b"D NT: 1"),
    "a name in another language": with_line(b"\xc3\xa9: 1"),
    "a body": with_line(b"Content-Length: 1") + b"a",
    "an empty body": with_line(b"Content-Length: 0"),
    "a length without a body": with_line(b"Content-Length: 5"),
    "chunks": with_line(b"Transfer-Encoding: chunked"),
    "a wish to be asked on": with_line(b"Expect: 100-continue"),
    "a host of nothing": changed(b"Host: ask.example", b"Host: "),
    "another upgrade": changed(b"Upgrade: websocket", b"Upgrade: h2c"),
    "two upgrades": changed(b"Upgrade: websocket", b"Upgrade: websocket, h2c"),
    "no wish to upgrade": changed(b"keep-alive, Upgrade", b"keep-alive"),
    "nearly a wish to upgrade": changed(b"keep-alive, Upgrade", b"keep-alive, Upgrades"),
    "connections that are none": changed(b"keep-alive, Upgrade", b"keep-alive;, Upgrade"),
    "connections with a hole": changed(b"keep-alive, Upgrade", b"keep-alive,, Upgrade"),
    "another version": changed(b"Version: 13", b"Version: 8"),
    "several versions": changed(b"Version: 13", b"Version: 13, 8"),
    "a version by another name": changed(b"Version: 13", b"Version: 013"),
    "extensions that are none": changed(b"permessage-deflate", b"permessage-deflate;"),
    "extensions of nothing": changed(b"Extensions: permessage-deflate", b"Extensions:"),
    "subprotocols that are none": changed(b"qa.v1", b"qa.v1, a b"),
    "subprotocols of nothing": changed(b"Protocol: qa.v1", b"Protocol: "),
    "too long": with_line(b"DNT: " + b"1" * handshake.LONGEST),
    "too many lines": with_line(b"\r\n".join(b"DNT%d: 1" % n for n in range(60))),
    **{
        f"the key {key!r}": changed(KEY.encode(), key)
        for key in (
            b"",
            b"dGhlIHNhbXBsZSBub25jZQ",
            b"dGhlIHNhbXBsZSBub25jZQ=",
            b"dGhlIHNhbXBsZSBub25jZR==",
            b"dGhlIHNhbXBsZSBub25jZ-==",
            b"dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ==",
            b"dGhlIHNhbXBsZSBub25j",
            b"dGhlIHNhbXBsZSBub25jZSBvbg==",
            b"dGhlIHNhbXBs ZSBub25jZQ==",
        )
    },
}


@pytest.mark.parametrize("what", ODD)
def test_whatever_is_odd_is_left_to_a_library(what: str) -> None:
    assert handshake.read(ODD[what]) is None


def test_nothing_but_the_oddity_is_at_fault() -> None:
    assert handshake.read(FIREFOX) is not None
    assert handshake.read(with_line(b"Pragma2: a")) is not None
    most = handshake.LONGEST - len(with_line(b"DNT: "))
    assert handshake.read(with_line(b"DNT: " + b"1" * most)) is not None
    assert handshake.read(with_line(b"DNT: " + b"1" * (most + 1))) is None


# Odd letters and known words, to be put anywhere.
_BITS = st.sampled_from(
    [
        b"",
        b"\r\n",
        b"\n",
        b"\r",
        b" ",
        b"\t",
        b":",
        b",",
        b";",
        b"=",
        b'"',
        b"\0",
        b"%",
        b"#",
        b"\xff",
        b"A",
        b"13",
        b"(",
    ]
    + [line_of(name) for name in _ONCE]
    + [b"Upgrade", b"Content-Length: 0\r\n", b"x: y\r\n", b"; client_max_window_bits=9", b"HTTP/1.0"]
)
_PLACES = st.tuples(st.integers(0, 1 << 20), st.integers(0, 3), _BITS)


def edited(client: str, edits: list[tuple[int, int, bytes]]) -> bytes:
    data = wire(CLIENTS[client])
    for place, length, new in edits:
        at = place % (len(data) + 1)
        data = data[:at] + new + data[at + length :]
    return data


@settings(max_examples=400)
@given(client=st.sampled_from(sorted(CLIENTS)), edits=st.lists(_PLACES, min_size=1, max_size=4))
def test_what_is_read_a_library_would_open_too(client: str, edits: list[tuple[int, int, bytes]]) -> None:
    data = edited(client, edits)
    request = handshake.read(data)
    if request is not None:
        server = judged(data)
        assert server is not None
        assert not request.deflate or server.extensions


_VALUES: Final = {
    "Connection": [
        "Upgrade",
        "upgrade, keep-alive",
        "Upgrade,",
        ",Upgrade",
        "a b, Upgrade",
        "Upgrade;q",
        "x/y, Upgrade",
    ],
    "Sec-WebSocket-Protocol": ["qa.v1", "a, qa.v1", "", ",", "qa.v1;a", "a b", '"qa.v1"', "a,,b"],
    "Sec-WebSocket-Extensions": [
        "x",
        "x; a=b",
        "x; a=",
        "x; =b",
        ";",
        'x; a="b"',
        "x; a b",
        "x, , y",
        "x;a;a, y",
        "=",
        '"',
    ],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in _VALUES.items() for value in values])
def test_a_list_is_read_only_if_a_library_can_read_it(name: str, value: str) -> None:
    data = changed(line_of(name), f"{name}: {value}\r\n".encode())
    assert handshake.read(data) is None or judged(data) is not None


@given(st.binary(max_size=300) | st.lists(_BITS, max_size=30).map(b"".join))
def test_no_bytes_are_too_much_for_it(data: bytes) -> None:
    assert handshake.read(data) is None
    assert handshake.read(b"GET /" + data) is None


@settings(max_examples=400)
@given(client=st.sampled_from(sorted(CLIENTS)), edits=st.lists(_PLACES, max_size=4))
def test_what_is_worked_out_once_is_what_would_be_read(client: str, edits: list[tuple[int, int, bytes]]) -> None:
    data = edited(client, edits)
    request = handshake.read(data)
    found = handshake.alike(data)
    assert (found is None) is (request is None)
    if found and request:
        alike, key = found
        assert (alike._replace(key=b""), key) == (request._replace(key=b""), request.key)


def test_who_sends_the_same_but_for_the_key_gets_the_same_object() -> None:
    other = FIREFOX.replace(KEY.encode(), b"AQIDBAUGBwgJCgsMDQ4PEA==")
    first, second = handshake.alike(FIREFOX), handshake.alike(other)
    assert first is not None
    assert second is not None
    assert first[0] is second[0]
    assert (first[1], second[1]) == (KEY.encode(), b"AQIDBAUGBwgJCgsMDQ4PEA==")


def test_who_has_a_cookie_is_not_kept_in_mind() -> None:
    data = with_line(b"cookie: qa=secret")
    first, second = handshake.alike(data), handshake.alike(data)
    assert first is not None
    assert second is not None
    assert first == second
    assert first[0] is not second[0]


# The answer


def answer_to(request: Request, key: bytes, *, deflate: bool) -> bytes:
    """The whole answer, of its two parts."""
    return handshake.accepted(key) + handshake.rest(request.subprotocol, deflate)


def test_the_key_of_the_rfcs_example_gets_the_rfcs_answer() -> None:
    request = handshake.read(FIREFOX)
    assert request is not None
    answer = answer_to(request, request.key, deflate=False)
    assert b"\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in answer


def opened(client: ClientProtocol, *, grant: bool = True, answer: handshake.Request | None = None) -> ClientProtocol:
    """The library's client after it has read our answer, to its own request or to another's."""
    client.send_request(client.connect())
    request = handshake.read(b"".join(client.data_to_send()))
    assert request is not None
    request = answer or request
    client.receive_data(answer_to(request, request.key, deflate=grant and request.deflate))
    return client


def asking(*offers: ClientPerMessageDeflateFactory, subprotocols: list[str] | None = None) -> ClientProtocol:
    named = [Subprotocol(name) for name in subprotocols or []]
    return ClientProtocol(
        parse_uri("ws://ask.example/@audrey/press/live"), extensions=offers or None, subprotocols=named or None
    )


@pytest.mark.parametrize("subprotocols", [None, ["qa.v1"], ["other", "qa.v1"]])
def test_a_librarys_client_takes_the_answer(subprotocols: list[str] | None) -> None:
    client = opened(asking(subprotocols=subprotocols))
    assert client.handshake_exc is None
    assert client.subprotocol == ("qa.v1" if subprotocols else None)
    assert client.extensions == []


def test_who_speaks_another_subprotocol_is_not_told_ours() -> None:
    client = opened(asking(subprotocols=["qa.v2"]))
    assert client.handshake_exc is None
    assert client.subprotocol is None


def test_an_answer_to_somebody_else_is_not_taken() -> None:
    client = opened(asking(), answer=handshake.read(FIREFOX))
    assert client.handshake_exc is not None


# Compressed


@pytest.mark.parametrize(
    "offer",
    [
        ClientPerMessageDeflateFactory(),
        ClientPerMessageDeflateFactory(client_max_window_bits=None),
        ClientPerMessageDeflateFactory(client_max_window_bits=9),
        ClientPerMessageDeflateFactory(client_no_context_takeover=True),
    ],
)
def test_what_is_granted_the_librarys_client_takes_with_a_kept_context(offer: ClientPerMessageDeflateFactory) -> None:
    client = opened(asking(offer))
    # A window that the client bounded for itself is not ours to confirm: then it compresses with what it likes.
    assert client.handshake_exc is None
    (extension,) = client.extensions
    assert "remote_no_context_takeover=False" in repr(extension)
    assert "remote_max_window_bits=15" in repr(extension)


def test_what_is_not_granted_is_not_compressed() -> None:
    client = opened(asking(ClientPerMessageDeflateFactory()), grant=False)
    assert client.handshake_exc is None
    assert client.extensions == []


def test_a_grant_to_who_did_not_ask_would_be_found_out() -> None:
    asked = handshake.read(wire(CLIENTS["Node's own"]))
    assert asked is not None
    client = asking()
    asked = asked._replace(subprotocol=False)
    client.receive_data(answer_to(asked, client.key.encode(), deflate=True))
    assert isinstance(client.handshake_exc, NegotiationError)


@pytest.mark.parametrize(
    "offers",
    [
        "permessage-deflate",
        "permessage-deflate; client_max_window_bits",
        "permessage-deflate; client_max_window_bits=8",
        "permessage-deflate; client_max_window_bits=15",
        "permessage-deflate;client_no_context_takeover;client_max_window_bits=10",
        "x-webkit-deflate-frame, permessage-deflate",
        "permessage-deflate; server_no_context_takeover, permessage-deflate",
        "permessage-deflate; client_max_window_bits=99 , permessage-deflate ; client_max_window_bits",
    ],
)
def test_an_offer_that_leaves_us_a_kept_context_and_the_whole_window_is_granted(offers: str) -> None:
    assert handshake.deflates(offers.encode())


@pytest.mark.parametrize(
    "offers",
    [
        "",
        "permessage-bzip2",
        "xpermessage-deflate",
        "permessage-deflate2",
        "permessage-deflate; server_no_context_takeover",
        "permessage-deflate; server_max_window_bits=15",
        "permessage-deflate; server_max_window_bits=10; client_max_window_bits",
        "permessage-deflate; client_no_context_takeover; server_no_context_takeover",
        "permessage-deflate; client_no_context_takeover=1",
        "permessage-deflate; client_max_window_bits=",
        "permessage-deflate; client_max_window_bits=7",
        "permessage-deflate; client_max_window_bits=16",
        "permessage-deflate; client_max_window_bits=08",
        "permessage-deflate; client_max_window_bits=999",
        "permessage-deflate; client_max_window_bits; client_max_window_bits",
        "permessage-deflate; client_max_window_bits; client_max_window_bits=9",
        "permessage-deflate; unheard_of",
        "permessage-deflate;",
        "foo; permessage-deflate",
    ],
)
def test_any_other_offer_is_declined(offers: str) -> None:
    assert not handshake.deflates(offers.encode())


# One too many


def test_who_is_one_too_many_is_told_when_to_come_back() -> None:
    client = asking()
    client.connect()
    client.receive_data(handshake.busy(7))
    client.receive_eof()
    (response,) = client.events_received()
    assert getattr(response, "status_code", 0) == 503
    assert getattr(response, "headers", {})["Retry-After"] == "7"
