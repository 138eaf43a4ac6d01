"""The directory and the accounts' pages."""

from dataclasses import asdict
from functools import partial
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from qa.domain import channels
from qa.domain.accounts import Account
from qa.domain.codes import normalise
from qa.domain.events import RECORD_PHASES, Event, Phase
from qa.domain.questions import State
from qa.domain.refusals import NotFound
from qa.domain.search import Search
from qa.domain.views import stamp
from qa.store import accounts, answers, events, questions
from qa.store.database import Reading
from qa.web import i18n, marks, page
from qa.web.kept import keep
from qa.web.present import shown_answer
from qa.web.site import read

POSTS: Final = 30
FOUND: Final = 20


def view(account: Account, lang: str) -> dict[str, Any]:
    """An account as the templates show it."""
    name = i18n.local(account.names, lang)
    return {
        "handle": account.handle,
        "name": name,
        "kind": account.kind.value,
        "office": i18n.local(account.office, lang),
        "about": i18n.local(account.abouts, lang),
        "verified": account.verified,
        "verified_at": stamp(account.verified_at) if account.verified_at else None,
        "accent": account.accent,
        "demo": account.demo,
        "initials": _initials(account.names.get("", name)),
        "url": f"/@{account.handle}",
    }


def _initials(name: str) -> str:
    words = [word for word in name.split() if word[0].isalnum()]
    return "".join(word[0] for word in words[:2]).upper()


async def directory(request: Request) -> Response:
    """`/`: live and coming events, then the accounts; `?q=` searches both and the answers."""
    lang = page.language(request)
    typed = request.query_params.get("q", "")[:200]
    if not typed:
        keep(request, await marks.heads(request))
    context = await read(request, _directory, lang, typed)
    return page.show(request, "directory.html", context)


def _directory(conn: Reading, lang: str, typed: str) -> dict[str, Any]:
    every = events.every(conn)
    # Who has nothing but rehearsals is no official page, and a rehearsal is nobody's event: both are found by address.
    rehearsing = {event.account_id for event in every if event.rehearsal}
    real = {event.account_id for event in every if not event.rehearsal}
    by_id = {account.id: account for account in accounts.every(conn) if account.id not in rehearsing - real}
    shown = [event for event in every if event.phase is not Phase.DRAFT and not event.rehearsal]
    cards = [_event_card(conn, event, by_id[event.account_id], lang) for event in shown]
    coming = [card for card in cards if card["event"]["phase"] in {"announced", "collecting"}]
    return {
        "live": [card for card in cards if card["event"]["phase"] in {"live", "answering"}],
        "coming": sorted(coming, key=lambda card: str(card["event"]["starts_at"])),
        "accounts": [_account_row(conn, account, shown, lang) for account in by_id.values()],
        "q": typed,
        "found": _found(conn, Search(typed), by_id, shown, lang) if typed.strip() else None,
    }


def _event_card(conn: Reading, event: Event, account: Account, lang: str) -> dict[str, Any]:
    present = channels.public_event(event)
    now_cards = questions.every(conn, event.id, [State.ANSWERING])
    latest = max(now_cards, key=lambda card: card.moved_at, default=None)
    shown = channels.public_question(latest)
    return {
        "event": asdict(present) if present else {},
        "account": view(account, lang),
        "now": asdict(shown) if shown else None,
        "answers": answers.count_shown(conn, event.id),
        "url": f"/@{event.handle}/{event.slug}",
    }


def _account_row(conn: Reading, account: Account, shown: list[Event], lang: str) -> dict[str, Any]:
    posts = _posts(conn, account, 1, lang)
    last = {"text": posts[0]["question"]["text"], "at": posts[0]["at"], "url": posts[0]["url"]} if posts else None
    held = sum(1 for event in shown if event.account_id == account.id)
    return {**view(account, lang), "last": last, "events": held}


def _posts(conn: Reading, account: Account, limit: int, lang: str) -> list[dict[str, Any]]:
    """The newest posts of an account that may be read."""
    posts = []
    for event_id, n, _ in accounts.posts_of(conn, account.id, limit):
        event = events.by_id(conn, event_id)
        card = questions.get(conn, event_id, n)
        if event is None or card is None or event.phase is Phase.DRAFT:
            continue
        shown = channels.public_answer(card, shown_answer(conn, card))
        if shown:
            title = i18n.local(event.titles, lang)
            base = f"/@{event.handle}/{event.slug}"
            more = {"url": f"{base}/q/{n}", "base": base, "event_title": title, "zone": event.zone}
            posts.append({**asdict(shown), **more})
    return posts


def _found(
    conn: Reading, search: Search, by_id: dict[int, Account], shown: list[Event], lang: str
) -> dict[str, list[dict[str, Any]]]:
    people = [account for account in by_id.values() if search.finds(account.handle, *account.names.values())]
    sittings = [event for event in shown if search.finds(event.slug, *event.titles.values())]
    posts = [post for account in by_id.values() for post in _posts(conn, account, 500, lang)]
    given = [post for post in posts if search.finds(post["question"]["text"], post["text"])]
    return {
        "accounts": [view(account, lang) for account in people[:FOUND]],
        "events": [_event_card(conn, event, by_id[event.account_id], lang) for event in sittings[:FOUND]],
        "answers": given[:FOUND],
    }


async def account(request: Request) -> Response:
    """`/@handle`: who, verified by what, events, and every answer as a post."""
    keep(request, await marks.heads(request))
    context = await read(request, _account, request.path_params["handle"], page.language(request))
    return page.show(request, "account.html", context)


async def feed(request: Request) -> Response:
    """`/@handle/feed.atom`."""
    keep(request, await marks.heads(request))
    context = await read(request, _account, request.path_params["handle"], page.language(request))
    return atom(request, context["account"]["name"], context["account"]["url"], context["posts"])


def _account(conn: Reading, handle: str, lang: str) -> dict[str, Any]:
    found = accounts.by_handle(conn, handle)
    if found is None:
        raise NotFound()
    held = [event for event in events.every(conn, found.id) if event.phase is not Phase.DRAFT]
    cards = [_event_card(conn, event, found, lang) for event in held]
    return {"account": view(found, lang), "posts": _posts(conn, found, POSTS, lang), "events": cards}


def atom(request: Request, title: str, url: str, posts: list[dict[str, Any]]) -> Response:
    """An Atom feed of answers, the newest change first."""
    from_here = request.app.state.site.settings.public_url
    changed = [post.get("retracted_at") or post["changed_at"] or post["at"] for post in posts]
    context = {
        "title": title,
        "url": f"{from_here}{url}",
        "self_url": f"{from_here}{request.url.path}",
        "site": from_here,
        "posts": posts,
        "link": partial(page.onward, request),
        "updated": max(changed, default="1970-01-01T00:00:00Z"),
    }
    body = page.write(page.language(request), "feed.atom.xml", context)
    headers = {"Cache-Control": "public, max-age=0", "Vary": page.varies(request)}
    return Response(body, media_type="application/atom+xml", headers=headers)


async def join(request: Request) -> Response:
    """`/j/{short}` leads to the event; `/j` asks for the code."""
    typed = request.path_params.get("short") or request.query_params.get("code", "")
    event = await read(request, events.by_short, normalise(typed)) if typed else None
    if event and event.phase is not Phase.DRAFT:
        return RedirectResponse(page.onward(request, f"/@{event.handle}/{event.slug}"), 303)
    context = {"typed": typed, "missing": bool(typed)}
    return page.show(request, "join.html", context, status=404 if typed else 200, personal=True)


async def how(request: Request) -> Response:
    """`/how`: what happens to a question, in plain words."""
    keep(request)
    return page.show(request, "how.html", {})


def is_record(event: Event) -> bool:
    return event.phase in RECORD_PHASES
