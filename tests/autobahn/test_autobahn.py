"""What drives the suite's cases: it reads Python 2, and a server that does wrong does not pass."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from tests.autobahn.__main__ import FINE, failed
from tests.autobahn.protocol import Protocol
from tests.autobahn.suite import Suite

CASE = """
import pickle

class Case:
   OK = "OK"
   FAILED = "FAILED"

   def __init__(self, protocol):
      self.p = protocol
      self.behavior = self.behaviorClose = Case.FAILED

   def compare(self, one, other):
      return pickle.dumps(one) == pickle.dumps(other)
"""
ECHO = """# coding=utf-8
from case import Case
print "loaded"

def onOpen(self):
   self.p.sendFrame(opcode = 1, payload = self.TEXT, chopsize = 1)
   self.p.killAfter(1)

def onMessage(self, msg, binary):
   if self.compare((msg, binary), (self.TEXT, False)):
      self.behavior = Case.OK
   self.p.sendClose(self.p.CLOSE_STATUS_CODE_NORMAL)

def onConnectionLost(self, failedByMe):
   if self.p.wasClean and not self.p.droppedByMe:
      self.behaviorClose = Case.OK

Case1_1_X = []
for i in xrange(1, 3):
   Case1_1_X.append(type("Case1_1_%d" % i, (object, Case, ), {
      "TEXT": "µ@ßöäüàá" * (7 / 2), "onOpen": onOpen, "onMessage": onMessage, "onConnectionLost": onConnectionLost}))
"""


@pytest.fixture
def cases(tmp_path: Path) -> list[tuple[str, Any]]:
    folder = tmp_path / "autobahntestsuite" / "case"
    folder.mkdir(parents=True)
    (folder / "case.py").write_text(CASE)
    (folder / "case1_1_X.py").write_text(ECHO)
    (folder / "case9_2_1.py").write_text("this is not read")
    return Suite(tmp_path).cases()


async def played(case: Any, answer: Callable[[ServerConnection], Awaitable[None]]) -> tuple[str, str]:
    async with serve(answer, "127.0.0.1", 0, compression=None) as server:
        return await Protocol(case).run(next(iter(server.sockets)).getsockname()[1])


def test_cases_written_in_python_2_are_taken_as_they_are(cases: list[tuple[str, Any]]) -> None:
    assert [number for number, _ in cases] == ["1.1.1", "1.1.2"]
    assert "µ@ßöäüàá".encode().decode("latin-1") * 3 == cases[0][1].TEXT, "bytes, and whole numbers"


async def test_an_echo_passes(cases: list[tuple[str, Any]]) -> None:
    async def echo(connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)

    assert await played(cases[0][1], echo) == FINE


async def test_another_answer_fails(cases: list[tuple[str, Any]]) -> None:
    async def shout(connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(str(message).upper() + "!")

    assert await played(cases[0][1], shout) == ("FAILED", "OK")


async def test_a_connection_that_is_cut_fails(cases: list[tuple[str, Any]]) -> None:
    async def cut(connection: ServerConnection) -> None:
        connection.transport.abort()

    assert failed(await played(cases[0][1], cut))
