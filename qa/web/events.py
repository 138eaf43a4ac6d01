"""An event's page in all its phases, its snapshot, permalinks, the screen, the feed."""

from dataclasses import asdict
from typing import Any

import segno
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from qa.domain import channels
from qa.domain.events import Event
from qa.domain.messages import dumps
from qa.domain.refusals import NotFound
from qa.store import answers, questions, staff
from qa.store.database import Reading
from qa.web import accounts, i18n, marks, page, record
from qa.web.kept import keep
from qa.web.present import SHOWN_AT_ONCE, Present, in_order, page_context, present_of, shown_answer
from qa.web.site import read, site_of


async def event(request: Request) -> Response:
    """`/@handle/slug`: announced, collecting, live, answering; after closing the record."""
    present = await present_of(request)
    if accounts.is_record(present.event):
        return await record.page_of(request, present)
    lang = page.language(request)
    # An order that all share until the log has grown: whoever has scripts mixes by a seed of their own.
    context = page_context(present, str(present.seq))
    shown = [question["n"] for question in context["open"]]
    keep(request, marks.present(request, present), shows=(present.event.id, shown))
    context["show"] = "all" if request.query_params.get("show") == "all" else ""
    context |= _about(present, lang) | {"staff": await read(request, _staff_counts, present.event.id)}
    return page.show(request, "event.html", context)


def _about(present: Present, lang: str) -> dict[str, Any]:
    topics = [
        {"title": i18n.local(_part(topic, "title"), lang), "about": i18n.local(_part(topic, "about"), lang)}
        for topic in present.event.topics
    ]
    return {
        "account": accounts.view(present.account, lang),
        "about": i18n.local(present.event.abouts, lang),
        "topics": topics,
    }


def _part(topic: dict[str, str], part: str) -> dict[str, str]:
    """A topic keeps `title`, `title:he`, `about`, `about:he` side by side."""
    return {name.partition(":")[2]: text for name, text in topic.items() if name.partition(":")[0] == part}


def _staff_counts(conn: Reading, event_id: int) -> dict[str, int]:
    counts: dict[str, int] = {}
    for _, role in staff.of_event(conn, event_id):
        counts[role.value] = counts.get(role.value, 0) + 1
    return counts


async def snapshot(request: Request) -> Response:
    """`…/snapshot.json`: the public present, for programs and for pages that must start anew."""
    present = await present_of(request)
    keep(request, marks.present(request, present))
    return Response(dumps({**present.snapshot, "totals": present.totals}), media_type="application/json")


async def open_order(request: Request) -> Response:
    """`…/open.json?seed=`: the numbers of the open questions in the order of a viewer's seed."""
    present = await present_of(request)
    order = in_order(present, request.query_params.get("seed", "")[:20])
    keep(request, marks.present(request, present), shows=(present.event.id, order[:SHOWN_AT_ONCE]))
    return JSONResponse({"order": order})


async def permalink(request: Request) -> Response:
    """`…/q/{n}`: a question or an answer by itself; `?version=` an earlier version of the answer."""
    present = await present_of(request)
    n = int(request.path_params["n"])
    wanted = request.query_params.get("version", "")
    found = await read(request, _permalink, present.event, n, int(wanted) if wanted.isdecimal() else None)
    keep(request, marks.present(request, present))
    context = page_context(present, "") | _about(present, page.language(request)) | found
    return page.show(request, "permalink.html", context)


def _permalink(conn: Reading, event: Event, n: int, version: int | None) -> dict[str, Any]:
    card = questions.get(conn, event.id, n)
    if card is None:
        raise NotFound()
    readable = channels.readable_versions(card, answers.versions(conn, event.id, n))
    shown = shown_answer(conn, card)
    if version is not None:
        shown = next((answer for answer in readable if answer.version == version), None)
    given = channels.public_version(card, shown)
    question = channels.public_question(card)
    if given is None and (question is None or version is not None):
        raise NotFound()
    return {
        "n": n,
        "answer": asdict(given) if given else None,
        "question": asdict(question) if question else None,
        "versions": [answer.version for answer in readable],
        "version": shown.version if shown else None,
        "newest": readable[0].version if readable else None,
    }


async def screen(request: Request) -> Response:
    """`…/screen`: for the projector."""
    present = await present_of(request)
    url = f"{site_of(request).settings.public_url}/j/{present.event.short}"
    host = site_of(request).settings.public_url.partition("://")[2]
    context = page_context(present, "") | _about(present, page.language(request))
    keep(request, marks.present(request, present))
    context |= {"qr": qr(url), "short": present.event.short, "join_url": f"{host}/j"}
    return page.show(request, "screen.html", context)


def qr(text: str) -> dict[str, Any]:
    """A QR code as `{size, path}`: the side in modules, and the dark ones as SVG path data."""
    matrix = segno.make(text, error="m").matrix
    path = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(matrix) for x, dark in enumerate(row) if dark)
    return {"size": len(matrix), "path": path}


async def feed(request: Request) -> Response:
    """`…/feed.atom`: the event's answers, the newest change first."""
    present = await present_of(request)
    lang = page.language(request)
    title = i18n.local(present.event.titles, lang)
    keep(request, marks.present(request, present))
    given = page_context(present, "")["answers"]
    more = {"base": present.base, "event_title": title, "zone": present.event.zone}
    posts = [{**answer, "url": f"{present.base}/q/{answer['n']}", **more} for answer in given]
    return accounts.atom(request, title, present.base, posts)
