"""After closing: what happened to every question, as a page, JSON and CSV."""

import csv
from dataclasses import asdict
from io import StringIO
from itertools import groupby
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from qa.domain.channels import ANSWER_SHOWN, Channel, readable_versions, record_row
from qa.domain.events import RECORD_PHASES, Event
from qa.domain.messages import dumps
from qa.domain.questions import State
from qa.domain.refusals import NotFound
from qa.domain.views import RecordRow, stamp
from qa.store import answers, log, questions
from qa.store.database import Reading
from qa.web import accounts, marks, page
from qa.web.kept import keep
from qa.web.present import Present, page_context, present_of
from qa.web.site import read

_ALL: Final = 1_000_000


async def page_of(request: Request, present: Present) -> Response:
    """The event's address after closing. `?show=all` lists every question, else the answered ones."""
    lang = page.language(request)
    await _keep(request, present)
    rows = await read(request, read_rows, present.event)
    show = "all" if request.query_params.get("show") == "all" else "answered"
    context = page_context(present, "") | {
        "account": accounts.view(present.account, lang),
        "show": show,
        "rows": [asdict(row) for row in rows if show == "all" or row.answer],
        "outcomes": outcomes(rows),
    }
    return page.show(request, "record.html", context)


async def _keep(request: Request, present: Present) -> None:
    """The record shows more than the public log tells: a text that is hidden late may have been in no entry of it."""
    keep(request, marks.present(request, present), await marks.heads(request, present.event.id))


def read_rows(conn: Reading, event: Event) -> list[RecordRow]:
    """Every question of a closed event as the record tells it, by number."""
    shown = {answer.n: answer for answer in answers.in_states(conn, event.id, ANSWER_SHOWN)}
    return [record_row(card, shown.get(card.n)) for card in questions.every(conn, event.id)]


def outcomes(rows: list[RecordRow]) -> list[tuple[str, int]]:
    """How many questions came to which end, each in exactly one line, the most frequent first."""
    counts: dict[str, int] = {}
    for row in rows:
        outcome = row.code or row.label
        counts[outcome] = counts.get(outcome, 0) + 1
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


async def _closed(request: Request) -> Present:
    present = await present_of(request)
    if present.event.phase not in RECORD_PHASES:
        raise NotFound()
    return present


async def as_json(request: Request) -> Response:
    """`…/record.json`: every question, and the sealed public log. What had to be hidden is left out of it."""
    present = await _closed(request)
    await _keep(request, present)
    body = await read(request, archive, present)
    return _download(dumps(body), "application/json", present, "json")


def archive(conn: Reading, present: Present) -> dict[str, Any]:
    """The record as `qa verify` reads it."""
    event = present.event
    rows = read_rows(conn, event)
    readable = readable_texts(conn, event.id)
    lines = log.after(conn, event.id, Channel.PUBLIC, 0, _ALL)
    return {
        "v": 1,
        "event": present.snapshot["event"],
        "epoch": event.epoch,
        "questions": [asdict(row) for row in rows],
        "outcomes": dict(outcomes(rows)),
        "log": [log_line(line, readable) for line in lines],
    }


def readable_texts(conn: Reading, event_id: int) -> dict[int, set[int]]:
    """By the number of each answer that stands on a page: the versions whose words may still be read."""
    cards = {card.n: card for card in questions.every(conn, event_id, [State.ANSWERED])}
    by_number = groupby(answers.every(conn, event_id), key=lambda answer: answer.n)
    readable = {}
    for n, given in by_number:
        versions = list(given)[::-1]
        if n in cards and any(answer.state in ANSWER_SHOWN for answer in versions):
            told = readable_versions(cards[n], versions)
            readable[n] = {answer.version for answer in told if not answer.retracted_at}
    return readable


def log_line(line: log.Entry, readable: dict[int, set[int]]) -> dict[str, Any]:
    """An entry as it may be kept for ever: sealed, and with its data where they may be read (`readable_texts`)."""
    kept = line.n is None or (line.n in readable and line.type.startswith("answer."))
    if kept and line.n is not None and line.data.get("text"):
        kept = line.data["version"] in readable[line.n]
    return {
        "seq": line.seq,
        "at": stamp(line.at),
        "type": line.type,
        "digest": line.digest,
        "hash": line.hash,
        "data": line.data if kept else None,
    }


COLUMNS: Final = ("n", "asked_at", "lang", "question", "outcome", "voices", "answered_at", "how", "answer")
# A cell that begins so is a formula to spreadsheets, the wide forms too.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


async def as_csv(request: Request) -> Response:
    """`…/record.csv`: a line for each question, in UTF-8 with a mark that spreadsheets know."""
    present = await _closed(request)
    await _keep(request, present)
    rows = await read(request, read_rows, present.event)
    return _download("\ufeff" + table(rows), "text/csv; charset=utf-8", present, "csv")


def table(rows: list[RecordRow]) -> str:
    """The rows as RFC 4180; no cell can be taken for a formula."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        given = row.answer
        cells = (row.n, row.asked_at, row.lang, row.text, row.code or row.label, row.voices)
        answered = (given.at, given.how, given.text) if given else ("", "", "")
        writer.writerow([safe(cell) for cell in (*cells, *answered)])
    return out.getvalue()


def safe(cell: object) -> str:
    """A cell as text; an apostrophe goes before what a spreadsheet would calculate."""
    text = str(cell)
    return f"'{text}" if text.lstrip().startswith(_FORMULA) or text.startswith(_FORMULA) else text


def _download(body: str, media_type: str, present: Present, ending: str) -> Response:
    name = f"{present.event.handle}-{present.event.slug}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type=media_type, headers=headers)
