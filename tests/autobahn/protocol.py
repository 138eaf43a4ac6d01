"""A client that breaks the rules on purpose: what the suite's cases call `self.p`, with the names that they use.

Texts are bytes here, a character for each. It closes as the suite's own driver does: who is killed is asked to close
first; an answer to a close is waited for a second, and so is the server's end of the connection.
"""

import asyncio
import os
from base64 import b64encode
from collections import Counter
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Final

from tests.autobahn.frames import Frame, frame_at, masked

CLOSE_SECONDS: Final = 1.0
CASE_SECONDS: Final = 150.0


class Protocol:
    STATE_CLOSED, STATE_CONNECTING, STATE_CLOSING, STATE_OPEN = range(4)
    CLOSE_STATUS_CODE_NORMAL: Final = 1000
    CLOSE_STATUS_CODE_GOING_AWAY: Final = 1001
    CLOSE_STATUS_CODE_PROTOCOL_ERROR: Final = 1002
    CLOSE_STATUS_CODE_INVALID_PAYLOAD: Final = 1007

    def __init__(self, make_case: Callable[["Protocol"], Any]) -> None:
        self.state = self.STATE_CONNECTING
        self.connectionWasOpen = self.closedByMe = self.failedByMe = self.droppedByMe = self.wasClean = False
        self.remoteCloseCode: int | None = None
        self.localCloseReason: str | None = None
        self.autoFragmentSize = 0
        self.txFrameStats: Counter[int] = Counter()
        self.createWirelog = False
        self.trafficStats = None
        self.factory = SimpleNamespace(isServer=False)
        self.case = make_case(self)
        self._later: list[asyncio.TimerHandle] = []
        self._patience: asyncio.TimerHandle | None = None
        self._out: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._message: list[bytes] = []
        self._opcode = 0
        self._mask = bytes(4)
        self._masked = 0
        self._writer: asyncio.StreamWriter | None = None

    # What a case does

    def sendFrame(  # noqa: N802 - the suite's names
        self,
        opcode: int,
        payload: str = "",
        fin: bool = True,
        rsv: int = 0,
        mask: Any = None,
        payload_len: int | None = None,
        chopsize: int | None = None,
        sync: bool = False,
    ) -> None:
        data = payload.encode("latin-1")
        if payload_len is not None:
            data = (data * (payload_len // max(1, len(data)) + 1))[:payload_len]
        self.txFrameStats[opcode] += 1
        sent = Frame(fin, rsv, opcode, data).as_client(os.urandom(4))
        size = chopsize or len(sent)
        for at in range(0, len(sent), size):
            self._out.put_nowait(sent[at : at + size])

    def sendMessage(self, payload: str, isBinary: bool = False, fragmentSize: int | None = None) -> None:  # noqa: N802, N803
        size = fragmentSize or self.autoFragmentSize or max(1, len(payload))
        pieces = [payload[at : at + size] for at in range(0, len(payload), size)] or [""]
        for index, piece in enumerate(pieces):
            opcode = 0 if index else 2 if isBinary else 1
            self.sendFrame(opcode, piece, fin=index == len(pieces) - 1)

    def beginMessage(self) -> None:  # noqa: N802
        """The first frame begins it."""

    def beginMessageFrame(self, length: int) -> None:  # noqa: N802
        self._mask, self._masked = os.urandom(4), 0
        self._out.put_nowait(Frame(False, 0, 1, bytes(length)).head(self._mask))

    def sendMessageFrameData(self, payload: str) -> None:  # noqa: N802
        turned = self._mask[self._masked % 4 :] + self._mask[: self._masked % 4]
        self._masked += len(payload)
        self._out.put_nowait(masked(payload.encode("latin-1"), turned))

    def endMessage(self) -> None:  # noqa: N802
        self.sendFrame(0)

    def sendClose(self, code: int | None = None, reason: str | None = None) -> None:  # noqa: N802
        self.sendCloseFrame(code, reason)

    def sendCloseFrame(self, code: int | None = None, reasonUtf8: str | None = None, *, answer: bool = False) -> None:  # noqa: N802, N803
        if self.state == self.STATE_OPEN:
            head = "" if code is None else code.to_bytes(2, "big").decode("latin-1")
            self.sendFrame(8, head + (reasonUtf8 or ""))
            self.state = self.STATE_CLOSING
            self.closedByMe = not answer
            self.localCloseReason = reasonUtf8
            if self.closedByMe:
                self._patience = self._call(CLOSE_SECONDS, self._give_up)

    def continueLater(self, delay: float, go_on: Callable[[], None], tag: str | None = None) -> None:  # noqa: N802
        self._call(delay, go_on)

    def closeAfter(self, delay: float) -> None:  # noqa: N802
        self._call(delay, self.sendClose)

    def killAfter(self, delay: float) -> None:  # noqa: N802
        self._call(delay, self._kill)

    def enableWirelog(self, enable: bool) -> None:  # noqa: N802
        """Nothing is logged."""

    def _call(self, delay: float, what: Callable[[], None]) -> asyncio.TimerHandle:
        def still() -> None:
            if self.state != self.STATE_CLOSED:
                what()

        handle = asyncio.get_running_loop().call_later(delay, still)
        self._later.append(handle)
        return handle

    def _kill(self) -> None:
        """Close; if that is under way already, end the connection without the server's help."""
        self.failedByMe = True
        if self.state == self.STATE_OPEN:
            self.sendCloseFrame(self.CLOSE_STATUS_CODE_GOING_AWAY, "Going Away")
        else:
            self._drop()

    def _give_up(self) -> None:
        self.wasClean = False
        self._drop()

    def _drop(self) -> None:
        self.droppedByMe = True
        self.state = self.STATE_CLOSED
        assert self._writer
        self._writer.transport.abort()

    # What happens to it

    async def run(self, port: int) -> tuple[str, str]:
        """Play the case against a server on loopback: how it behaved, and how it closed."""
        reader, self._writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 26)
        sending = asyncio.create_task(self._send(self._writer))
        try:
            async with asyncio.timeout(CASE_SECONDS):
                await self._open(reader, port)
                await self._receive(reader)
        except (OSError, EOFError, TimeoutError):
            pass
        finally:
            self.state = self.STATE_CLOSED
            for handle in self._later:
                handle.cancel()
            sending.cancel()
            self._writer.transport.abort()
        self.case.onConnectionLost(self.failedByMe)
        return self.case.behavior, self.case.behaviorClose

    async def _open(self, reader: asyncio.StreamReader, port: int) -> None:
        assert self._writer
        key = b64encode(os.urandom(16)).decode()
        self._writer.write(
            f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        if b" 101 " not in (await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")[0]:
            raise EOFError
        self.state, self.connectionWasOpen = self.STATE_OPEN, True
        self.case.onOpen()

    async def _send(self, writer: asyncio.StreamWriter) -> None:
        """Piece by piece: what a case sends in pieces reaches the server in pieces."""
        while piece := await self._out.get():
            if not writer.is_closing():
                writer.write(piece)
                await asyncio.sleep(0)

    async def _receive(self, reader: asyncio.StreamReader) -> None:
        received = bytearray()
        while data := await reader.read(1 << 20):
            received += data
            while (found := frame_at(received)) and self.state != self.STATE_CLOSED:
                frame, size = found
                del received[:size]
                if not self._take(frame):
                    self._kill()

    def _take(self, frame: Frame) -> bool:
        """Whether a server may send this here."""
        payload = frame.payload.decode("latin-1")
        if frame.rsv or (frame.opcode >= 8 and (not frame.fin or len(payload) > 125)):
            return False
        if frame.opcode == 8:
            return self._closed(frame.payload)
        if frame.opcode == 9:
            self.sendFrame(10, payload)
            self.case.onPing(payload)
        elif frame.opcode == 10:
            self.case.onPong(payload)
        else:
            return self._piece(frame)
        return True

    def _piece(self, frame: Frame) -> bool:
        if frame.opcode > 2 or bool(frame.opcode) == bool(self._message):
            return False
        self._opcode = frame.opcode or self._opcode
        self._message.append(frame.payload)
        if frame.fin:
            whole, self._message = b"".join(self._message), []
            if self._opcode == 1:
                try:
                    whole.decode()
                except UnicodeDecodeError:
                    return False
            self.case.onMessage(whole.decode("latin-1"), self._opcode == 2)
        return True

    def _closed(self, payload: bytes) -> bool:
        if len(payload) == 1:
            return False
        self.remoteCloseCode = int.from_bytes(payload[:2], "big") if payload else None
        self.wasClean = True
        if self.state == self.STATE_OPEN:
            self.sendCloseFrame(self.CLOSE_STATUS_CODE_NORMAL, answer=True)
        elif self.closedByMe:
            if self._patience:
                self._patience.cancel()
            self._patience = self._call(CLOSE_SECONDS, self._give_up)
        return True
