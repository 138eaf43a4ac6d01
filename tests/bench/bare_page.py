"""`python -m tests.bench.bare_page FILE`: an ASGI application of nothing but one answer, served by uvicorn on PORT."""

import base64
import json
import os
import sys
from pathlib import Path

import uvicorn
from starlette.types import Receive, Scope, Send


class Bare:
    def __init__(self, file: Path) -> None:
        page = json.loads(file.read_text())
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in page["headers"]]
        self._head = {"type": "http.response.start", "status": 200, "headers": headers}
        self._body = {"type": "http.response.body", "body": base64.b64decode(page["body"])}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send(self._head)
        await send(self._body)


if __name__ == "__main__":
    uvicorn.run(
        Bare(Path(sys.argv[1])),
        port=int(os.environ["PORT"]),
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="off",
    )
