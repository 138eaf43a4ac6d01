"""The public log in closed blocks: their addresses change with their content, so that anybody may keep them.

The newest entries come by the live channel and `…/entries`; who needs more takes the blocks, which cost nothing after
the first reader. A text that is taken back later changes its block's digest: the list names the new address, and the
old one is gone here.
"""

import hashlib
import re
from collections.abc import Iterable
from typing import Any, Final, TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from qa.domain.channels import Channel
from qa.domain.events import Event
from qa.domain.messages import dumps
from qa.domain.refusals import NotFound
from qa.store import log
from qa.store.database import Reading
from qa.web import marks, record
from qa.web.kept import FOREVER, keep
from qa.web.present import Present, present_of
from qa.web.site import Sealed, read, site_of

LENGTH: Final = 500
# See `record.readable_texts`.
Texts: TypeAlias = dict[int, set[int]]
_NAME: Final = re.compile(r"(\d{1,12})-(\d{1,12})\.([0-9a-f]{24})\.json")


async def index(request: Request) -> Response:
    """`…/log.json`: the closed blocks with their addresses, and how far the log has come."""
    present = await present_of(request)
    keep(request, marks.present(request, present))
    listed = await read(request, _index, present, site_of(request).segments)
    body = {"epoch": present.event.epoch, "seq": present.seq, "segments": listed}
    return Response(dumps(body), media_type="application/json")


async def segment(request: Request) -> Response:
    """`…/log/1-500.<digest>.json`: a closed block as it is now; `NotFound` once its digest is another."""
    present = await present_of(request)
    name = _NAME.fullmatch(request.path_params["block"])
    if name is None or int(name[1]) % LENGTH != 1 or int(name[2]) != int(name[1]) + LENGTH - 1:
        raise NotFound()
    body = await read(request, _only, present, int(name[1]))
    if digest(body) != name[3]:
        raise NotFound()
    keep(request, marks.present(request, present), policy=FOREVER)
    return Response(body, media_type="application/json")


def digest(body: str) -> str:
    """What names a block's content in its address."""
    return hashlib.blake2b(body.encode(), digest_size=12).hexdigest()


def _index(conn: Reading, present: Present, known: dict[tuple[int, int], Sealed]) -> list[dict[str, Any]]:
    readable = record.readable_texts(conn, present.event.id)
    listed = []
    for first in range(1, present.seq - LENGTH + 2, LENGTH):
        sealed = known.get((present.event.id, first))
        if sealed is None or _of(sealed.numbers, readable) != sealed.texts:
            sealed = known[present.event.id, first] = _sealed(conn, present.event, first, readable)
        last = first + LENGTH - 1
        url = f"{present.base}/log/{first}-{last}.{sealed.digest}.json"
        listed.append({"from": first, "to": last, "url": url})
    return listed


def _sealed(conn: Reading, event: Event, first: int, readable: Texts) -> Sealed:
    numbers = frozenset(entry.n for entry in _entries(conn, event, first) if entry.n is not None)
    return Sealed(digest(_block(conn, event, first, readable)), numbers, _of(numbers, readable))


def _of(numbers: Iterable[int], readable: Texts) -> Texts:
    # One whose words are all withdrawn is told of, one that is hidden is not: nothing is not the same as not there.
    return {n: readable[n] for n in numbers if n in readable}


def _only(conn: Reading, present: Present, first: int) -> str:
    if first + LENGTH - 1 > present.seq:
        raise NotFound()
    return _block(conn, present.event, first, record.readable_texts(conn, present.event.id))


def _block(conn: Reading, event: Event, first: int, readable: Texts) -> str:
    told = [record.log_line(entry, readable) for entry in _entries(conn, event, first)]
    return dumps({"v": 1, "epoch": event.epoch, "from": first, "to": first + LENGTH - 1, "log": told})


def _entries(conn: Reading, event: Event, first: int) -> list[log.Entry]:
    return log.after(conn, event.id, Channel.PUBLIC, first - 1, LENGTH)
