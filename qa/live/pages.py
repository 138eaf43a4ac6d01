"""Uvicorn's own protocol for HTTP, which answers what is at hand as bytes where it has read the request.

No task, no coroutine, no header written one by one: for a page that is read by millions these are most of its cost.
How requests are read, kept in line and timed out stays uvicorn's.
"""

from collections.abc import Callable
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

# In the lifespan's state: what finds an answer for a scope at once, or says None: then the application is called.
PAGES: Final = "qa.pages"

# Status and header lines, without the server's own and the empty one; and the body.
Find = Callable[[Any], tuple[bytes, bytes] | None]


class Http(HttpToolsProtocol):
    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        find: Find | None = self.app_state.get(PAGES)
        # To a reader who doesn't take what was sent before, nothing more is sent unasked; uvicorn waits for it.
        at_once = find is not None and app is self.app and not self.flow.write_paused
        found = find(cycle.scope) if find is not None and at_once else None
        if found is None:
            super()._start_asgi_task(cycle, app)
        else:
            self._answer(cycle, *found)

    def _answer(self, cycle: RequestResponseCycle, head: bytes, body: bytes) -> None:
        own = [b"%b: %b\r\n" % header for header in self.server_state.default_headers]
        end = b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n"
        self.transport.writelines((head, *own, end, body))
        cycle.response_started = cycle.response_complete = True
        cycle.message_event.set()
        if not cycle.keep_alive:
            self.transport.close()
        cycle.on_response()
