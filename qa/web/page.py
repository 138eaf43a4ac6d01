"""A page: its language and direction, its templates, and how it becomes a response."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from lucide.jinja import lucide
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from qa.domain.people import Person
from qa.web import files, i18n

LANGUAGE_COOKIE: Final = "qa_lang"
_YEAR: Final = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Page:
    """What every template knows. `languages` are (tag, own name, address of this page in it).

    `demo`: the site replays public records; pages of one account say so for that account.
    """

    lang: str
    dir: str
    path: str
    languages: tuple[tuple[str, str, str], ...]
    person: Person | None
    demo: bool


def language(request: Request) -> str:
    """The reader's language: asked for in the address, chosen before, or what the browser says."""
    chosen = request.query_params.get("lang") or request.cookies.get(LANGUAGE_COOKIE) or ""
    return i18n.known(chosen) or i18n.negotiate(request.headers.get("accept-language", ""))


def _page(request: Request, person: Person | None) -> Page:
    tag = language(request)
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    languages = tuple(
        (other, own, f"{request.url.path}?{urlencode([*kept, ('lang', other)])}")
        for other, (own, _) in i18n.LANGUAGES.items()
    )
    demo = request.app.state.site.demo
    return Page(tag, i18n.direction(tag), request.url.path, languages, person, demo)


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
        static=files.static, lucide=lucide, local=lambda texts: i18n.local(texts, tag), ui_language=tag
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
    """The page as a response. `personal` pages are kept by nobody; the others may be, for the same language."""
    page = _page(request, person)
    body = write(page.lang, template, {"page": page, **context})
    response = HTMLResponse(body, status_code=status, headers=dict(headers or {}))
    response.headers["Content-Language"] = page.lang
    response.headers["Vary"] = "Accept-Language, Cookie"
    response.headers["Cache-Control"] = "no-store" if personal else "public, max-age=0, must-revalidate"
    chosen = i18n.known(request.query_params.get("lang", ""))
    if chosen and chosen != request.cookies.get(LANGUAGE_COOKIE):
        response.set_cookie(LANGUAGE_COOKIE, chosen, max_age=_YEAR, samesite="lax", httponly=True)
        response.headers["Cache-Control"] = "no-store"
    return response


def sentence(request: Request, text: str, **facts: Any) -> str:
    """One sentence in the reader's language."""
    return i18n.sentences(language(request)).gettext(text) % facts
