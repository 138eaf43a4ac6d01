"""Many readers at once over bare sockets: quick enough that the server is what is measured."""

import asyncio
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Got:
    status: int
    headers: dict[str, str]
    body: bytes


def request(url: str, headers: dict[str, str] | None = None, method: str = "GET") -> bytes:
    parts = urlsplit(url)
    target = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    lines = [f"{name}: {value}\r\n" for name, value in ({"Host": parts.netloc} | (headers or {})).items()]
    return f"{method} {target} HTTP/1.1\r\n{''.join(lines)}\r\n".encode()


async def answer(reader: asyncio.StreamReader) -> Got:
    """One answer with a length; the connection stays."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Got(int(head[0].split()[1]), headers, body)


async def _one(url: str, headers: dict[str, str] | None, start: asyncio.Event) -> Got:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        await start.wait()
        writer.write(request(url, headers))
        return await answer(reader)
    finally:
        writer.close()


async def _at_once(url: str, count: int, headers: dict[str, str] | None) -> list[Got]:
    start = asyncio.Event()
    tasks = [asyncio.create_task(_one(url, headers, start)) for _ in range(count)]
    start.set()
    return await asyncio.gather(*tasks)


def at_once(url: str, count: int, headers: dict[str, str] | None = None) -> list[Got]:
    """So many readers, each on a connection of its own, all together."""
    return asyncio.run(_at_once(url, count, headers))


async def _in_turn(url: str, count: int, headers: dict[str, str] | None, connections: int, deep: int) -> None:
    asked = request(url, headers)

    async def read(share: int) -> None:
        parts = urlsplit(url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        for begin in range(0, share, deep):
            together = min(deep, share - begin)
            writer.write(asked * together)
            for _ in range(together):
                got = await answer(reader)
                assert got.status == 200, got
        writer.close()

    await asyncio.gather(*(read(count // connections) for _ in range(connections)))


def views(url: str, count: int, headers: dict[str, str] | None = None, connections: int = 8, deep: int = 25) -> None:
    """About so many page views, over a few kept connections, `deep` of them at a time on each."""
    asyncio.run(_in_turn(url, count, headers, connections, deep))
