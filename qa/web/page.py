"""A page: its language and direction, its templates, and how it becomes a response."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Final
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from lucide.jinja import lucide
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from qa.domain.people import Person
from qa.web import files, guard, i18n

# Of the staff's pages alone. Public pages read and set no cookie: caches give everybody the same bytes.
LANGUAGE_COOKIE: Final = "qa_lang"
_STAFF: Final = "/desk"
_YEAR: Final = 365 * 24 * 3600
# What the other languages' addresses of a page keep of its own; anything else in a query means nothing to us.
_KEPT: Final = frozenset({"q", "show", "version", "next"})


@dataclass(frozen=True, slots=True)
class Page:
    """What every template knows. `languages` are (tag, own name, address of this page in it).

    `chosen`: the language that the address of a public page names; its links name it too. Else empty.
    `demo`: the site replays public records; pages of one account say so for that account.
    """

    lang: str
    chosen: str
    dir: str
    path: str
    languages: tuple[tuple[str, str, str], ...]
    person: Person | None
    demo: bool


def named(request: Request) -> str:
    """The language that the address names, if it is one of ours."""
    return i18n.known(request.query_params.get("lang", "")) or ""


def _of_staff(request: Request) -> bool:
    path = request.url.path
    return path == _STAFF or path.startswith(f"{_STAFF}/")


def language(request: Request) -> str:
    """The reader's language: named in the address, chosen before by one of the staff, or what the browser says."""
    kept = request.cookies.get(LANGUAGE_COOKIE, "") if _of_staff(request) else ""
    return named(request) or i18n.known(kept) or i18n.negotiate(request.headers.get("accept-language", ""))


def varies(request: Request) -> str:
    """What the bytes at a public address depend on besides the address, as the value of `Vary`."""
    return "Accept-Encoding" if named(request) else "Accept-Language, Accept-Encoding"


def onward(request: Request, url: str) -> str:
    """One of our addresses, in the language that this request's address names: without a cookie it lasts so."""
    return _in_language(url, "" if _of_staff(request) else named(request))


def _in_language(url: str, tag: str) -> str:
    if not tag:
        return url
    path, mark, part = url.partition("#")
    return f"{path}{'&' if '?' in path else '?'}lang={tag}{mark}{part}"


def _page(request: Request, person: Person | None) -> Page:
    tag = language(request)
    path = request.url.path
    kept = [(name, value) for name, value in request.query_params.multi_items() if name in _KEPT]
    languages = tuple(
        (other, own, f"{path}?{urlencode([*kept, ('lang', other)])}") for other, (own, _) in i18n.LANGUAGES.items()
    )
    chosen = "" if _of_staff(request) else named(request)
    return Page(tag, chosen, i18n.direction(tag), path, languages, person, request.app.state.site.demo)


@cache
def _environment(tag: str) -> Environment:
    """One environment for each language: its sentences and filters are bound once, at the first page."""
    environment = Environment(
        loader=FileSystemLoader(files.folder("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    # Letters as they are: a page in Chinese would be half as long again with escapes.
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "sort_keys": True}
    translations = i18n.sentences(tag)
    environment.install_gettext_callables(  # type: ignore[attr-defined] # the extension adds it
        translations.gettext, translations.ngettext, newstyle=True
    )
    environment.filters.update(i18n.filters(tag))
    environment.globals.update(
        static=files.static,
        inside=files.inside,
        lucide=lucide,
        local=lambda texts: i18n.local(texts, tag),
        ui_language=tag,
    )
    return environment


def write(tag: str, template: str, context: Mapping[str, Any]) -> str:
    """A template filled in for a language."""
    return _environment(tag).get_template(template).render(**context)


def show(
    request: Request,
    template: str,
    context: Mapping[str, Any],
    *,
    status: int = 200,
    person: Person | None = None,
    personal: bool = False,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The page as a response. `personal` pages are kept by nobody; all others have the same bytes for everybody."""
    page = _page(request, person)
    inside: list[files.Sheet] = []

    def style(*names: str) -> files.Sheet:
        inside.append(files.sheet(*names))
        return inside[-1]

    own = {"page": page, "link": partial(onward, request), "style": style}
    body = write(page.lang, template, own | dict(context))
    response = HTMLResponse(body, status_code=status, headers=dict(headers or {}))
    response.headers["Content-Security-Policy"] = guard.content_policy("'self'", *(sheet.source for sheet in inside))
    response.headers["Content-Language"] = page.lang
    response.headers["Vary"] = varies(request)
    response.headers["Cache-Control"] = "no-store" if personal else "public, max-age=0, must-revalidate"
    if _of_staff(request) and named(request):
        response.set_cookie(LANGUAGE_COOKIE, page.lang, max_age=_YEAR, path=_STAFF, samesite="lax", httponly=True)
    return response


def sentence(request: Request, text: str, **facts: Any) -> str:
    """One sentence in the reader's language."""
    return i18n.sentences(language(request)).gettext(text) % facts
