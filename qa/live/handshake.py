"""The ordinary opening of a WebSocket, as browsers send it, read and answered by hand. Pure: bytes in, bytes out.

Strict: whatever is in any way unusual is `None` here, and a library decides. Written for the minute in which everybody
comes at once: one regular expression for the whole request, no header objects.
"""

import re
from binascii import b2a_base64
from functools import lru_cache
from hashlib import sha1
from typing import Final, NamedTuple

from qa.domain.messages import SUBPROTOCOL

LONGEST: Final = 8 * 1024
_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3

_REQUEST: Final = re.compile(
    rb"GET (/[\x21-\x7e]*) HTTP/1\.1\r\n(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*\r\n){5,60}\r\n"
)
_TOKEN: Final = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_TOKENS: Final = re.compile(rb"%b(?:[\t ]*,[\t ]*%b)*" % (_TOKEN, _TOKEN))
_EXTENSION: Final = rb"%b(?:[\t ]*;[\t ]*%b(?:=%b)?)*" % (_TOKEN, _TOKEN, _TOKEN)
_EXTENSIONS: Final = re.compile(rb"%b(?:[\t ]*,[\t ]*%b)*" % (_EXTENSION, _EXTENSION))
_KEY: Final = re.compile(rb"[+/0-9A-Za-z]{21}[AQgw]==")
# What is looked at. Each may stand there once: several are an attempt to be understood in two ways.
_WANTED: Final = frozenset(
    {
        b"host",
        b"origin",
        b"upgrade",
        b"connection",
        b"sec-websocket-key",
        b"sec-websocket-version",
        b"sec-websocket-extensions",
        b"sec-websocket-protocol",
        b"sec-fetch-site",
    }
)
_BODY: Final = frozenset({b"content-length", b"transfer-encoding", b"expect"})
# What an offer to compress may ask for and be granted (RFC 7692, 7.1).
_GRANTABLE: Final = re.compile(rb"client_no_context_takeover|client_max_window_bits(?:=(?:[89]|1[0-5]))?")


class Request(NamedTuple):
    """`path` and `query` as they were sent; `deflate`: the client takes messages compressed with shared history."""

    path: str
    query: str
    host: bytes
    origin: bytes | None
    fetch_site: bytes | None
    key: bytes
    subprotocol: bool
    deflate: bool


def read(data: bytes) -> Request | None:
    """The request, if it is whole and ordinary."""
    if len(data) > LONGEST:
        return None
    found = _REQUEST.fullmatch(data)
    headers = _headers(data.split(b"\r\n")[1:-2]) if found else None
    if not found or headers is None or not _is_opening(headers):
        return None
    path, _, query = found[1].partition(b"?")
    if b"#" in path or b"%" in path:
        return None
    return Request(
        path.decode(),
        query.decode(),
        headers[b"host"],
        headers.get(b"origin"),
        headers.get(b"sec-fetch-site"),
        headers[b"sec-websocket-key"],
        _offered(headers.get(b"sec-websocket-protocol", b"")),
        deflates(headers.get(b"sec-websocket-extensions", b"")),
    )


def _headers(lines: list[bytes]) -> dict[bytes, bytes] | None:
    headers: dict[bytes, bytes] = {}
    for line in lines:
        sent, _, value = line.partition(b":")
        name = _known(sent)
        if name:
            if name in headers or name in _BODY:
                return None
            headers[name] = value.strip(b" \t")
    return headers


def _is_opening(headers: dict[bytes, bytes]) -> bool:
    get = headers.get
    return (
        get(b"host", b"") != b""
        and _upgrades(get(b"upgrade", b""), get(b"connection", b""), get(b"sec-websocket-version", b""))
        and _well_formed(get(b"sec-websocket-extensions"), get(b"sec-websocket-protocol"))
        and _KEY.fullmatch(get(b"sec-websocket-key", b"")) is not None
    )


# Browsers of a kind say the same words: what they mean is worked out once.


@lru_cache(256)
def _known(sent: bytes) -> bytes:
    """The name of a header that matters, whatever its letters' case; else nothing."""
    name = sent.lower()
    return name if name in _WANTED or name in _BODY else b""


@lru_cache(256)
def _upgrades(upgrade: bytes, connection: bytes, version: bytes) -> bool:
    return (
        upgrade.lower() == b"websocket"
        and _TOKENS.fullmatch(connection) is not None
        and b"upgrade" in _list(connection.lower())
        and version == b"13"
    )


@lru_cache(256)
def _well_formed(extensions: bytes | None, subprotocols: bytes | None) -> bool:
    """Without an empty part, a quoted one or a stray letter."""
    return (extensions is None or _EXTENSIONS.fullmatch(extensions) is not None) and (
        subprotocols is None or _TOKENS.fullmatch(subprotocols) is not None
    )


@lru_cache(256)
def _offered(subprotocols: bytes) -> bool:
    return SUBPROTOCOL.encode() in _list(subprotocols)


def _list(value: bytes) -> list[bytes]:
    return [part.strip(b" \t") for part in value.split(b",")] if b"," in value else [value]


@lru_cache(256)
def deflates(extensions: bytes) -> bool:
    """Whether one of the offers is permessage-deflate as it can be granted: with a kept context on our side."""
    for offer in _list(extensions):
        name, *params = (part.strip(b" \t") for part in offer.split(b";"))
        named = {param.partition(b"=")[0] for param in params}
        if name == b"permessage-deflate" and len(named) == len(params) and all(map(_GRANTABLE.fullmatch, params)):
            return True
    return False


# With a context that is kept on our side (see `history`); what clients send is not looked into.
GRANTED: Final = "permessage-deflate; client_no_context_takeover"


def alike(data: bytes) -> tuple[Request, bytes] | None:
    """The request as `read` gives it, but for its key, and the key.

    Browsers of a kind that open the same page send the same bytes: what they mean is worked out once, and they get the
    same object.
    """
    start = data.find(_KEY_LINE) + len(_KEY_LINE)
    end = start + len(_ANY_KEY)
    key = data[start:end]
    # Whoever has a cookie is like nobody else.
    if start < len(_KEY_LINE) or len(data) > LONGEST or not _KEY.fullmatch(key) or _COOKIE in data:
        request = read(data)
        return request and (request, request.key)
    request = _read_alike(data[:start] + _ANY_KEY + data[end:])
    return request and (request, key)


_KEY_LINE: Final = b"\r\nSec-WebSocket-Key: "
_COOKIE: Final = b"ookie:"
_ANY_KEY: Final = b"AAAAAAAAAAAAAAAAAAAAAA=="
_read_alike: Final = lru_cache(512)(read)


def accepted(key: bytes) -> bytes:
    """The answer up to the proof that the key was read."""
    return _ACCEPTED + b2a_base64(sha1(key + _GUID, usedforsecurity=False).digest(), newline=False)


def rest(subprotocol: bool, deflate: bool) -> bytes:
    """What of the answer is the same for all of a kind."""
    granted = (b"\r\nSec-WebSocket-Protocol: " + SUBPROTOCOL.encode()) if subprotocol else b""
    return granted + (b"\r\nSec-WebSocket-Extensions: " + GRANTED.encode() if deflate else b"") + b"\r\n\r\n"


_ACCEPTED: Final = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
)


def busy(seconds: int) -> bytes:
    """The cheap answer to one too many: come back later."""
    return (
        b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: %d\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        % seconds
    )
