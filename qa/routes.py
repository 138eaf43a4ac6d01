"""The route table: every address, what answers it, and who may ask. A handler that isn't here isn't reached."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from qa.domain.permissions import Permission
from qa.web import accounts, answers, desk, events, files, host, questions, record, segments, staff
from qa.web import health as health_pages
from qa.web.inbox import Quick
from qa.wires import Wires


class Who(StrEnum):
    """Whom a route answers, beside those who hold a permission in the event of the address."""

    EVERYBODY = "everybody"
    SIGNED_IN = "signed_in"


@dataclass(frozen=True, slots=True)
class Row:
    """`method` is GET, POST or WS. With a `Permission` the address must name an event the person holds it in.

    `query`: everybody gets the same answer, which may be kept as bytes (see `web.shelf`); these names in a query change
    it (in the order of our own links), and the language is negotiated where `lang` is one of them and not given. None:
    it is never kept.

    `quick`: what answers instead when it comes the quick way (see `web.inbox`), as `handler` would.
    """

    method: str
    path: str
    handler: Callable[[Any], Awaitable[Any]]
    who: Who | Permission
    query: tuple[str, ...] | None = None
    quick: Quick | None = None


EVENT: Final = "/@{handle}/{slug}"
DESK: Final = "/desk/{handle}/{slug}"
_ANY: Final = Who.EVERYBODY


def table(wires: Wires) -> tuple[Row, ...]:
    """All routes, in the order in which they are tried."""
    return (
        # What a crowd sends, and nobody can keep for it, is tried first.
        Row("POST", f"{EVENT}/questions", questions.ask, _ANY, quick=questions.ask_quickly),
        Row("POST", f"{EVENT}/questions/{{n:int}}/voice", questions.voice, _ANY, quick=questions.voice_quickly),
        Row("GET", "/static/{fingerprint}/{name}", files.serve, _ANY, ()),
        Row("GET", "/", accounts.directory, _ANY, ("q", "lang")),
        Row("GET", "/how", accounts.how, _ANY, ("lang",)),
        Row("GET", "/j", accounts.join, _ANY),
        Row("GET", "/j/{short}", accounts.join, _ANY),
        Row("GET", "/q", questions.receipt_form, _ANY),
        Row("GET", "/q/{code}", questions.receipt, _ANY),
        Row("POST", "/q/{code}/withdraw", questions.withdraw, _ANY),
        Row("GET", "/healthz", health_pages.alive, _ANY),
        Row("GET", "/readyz", health_pages.ready, _ANY),
        Row("GET", "/desk", staff.home, Who.SIGNED_IN),
        Row("GET", "/desk/sign-in", staff.sign_in_form, _ANY),
        Row("POST", "/desk/sign-in", staff.sign_in, _ANY),
        Row("GET", "/desk/enter/{token}", staff.enter_form, _ANY),
        Row("POST", "/desk/enter/{token}", staff.enter, _ANY),
        Row("POST", "/desk/sign-out", staff.sign_out, _ANY),
        Row("GET", DESK, desk.desk, Permission.DESK),
        Row("GET", f"{DESK}/snapshot.json", desk.snapshot, Permission.DESK),
        Row("GET", f"{DESK}/entries", wires.staff_entries, Permission.DESK),
        Row("GET", f"{DESK}/stream", wires.staff_stream, Permission.DESK),
        Row("WS", f"{DESK}/live", wires.staff_live, Permission.DESK),
        # The verbs check their own permission in the action, by the table of moves; DESK is what all of them need.
        Row("POST", f"{DESK}/questions/{{n:int}}/{{action}}", desk.move, Permission.DESK),
        Row("GET", f"{DESK}/questions/{{n:int}}/history", desk.history, Permission.DESK),
        Row("GET", f"{DESK}/answers", answers.index, Permission.DESK),
        Row("GET", f"{DESK}/answers/{{n:int}}", answers.editor, Permission.DESK),
        Row("POST", f"{DESK}/answers/{{n:int}}/draft", answers.draft, Permission.WRITE),
        Row("POST", f"{DESK}/answers/{{n:int}}/hold", answers.hold, Permission.PUBLISH),
        Row("POST", f"{DESK}/answers/{{n:int}}/stop", answers.stop, Permission.STOP),
        Row("POST", f"{DESK}/answers/{{n:int}}/correct", answers.correct, Permission.WRITE),
        Row("POST", f"{DESK}/answers/{{n:int}}/retract", answers.retract, Permission.PUBLISH),
        Row("GET", f"{DESK}/host", host.host, Permission.RUN),
        Row("POST", f"{DESK}/phase/{{action}}", host.step, Permission.RUN),
        Row("POST", f"{DESK}/switches/{{switch}}", host.switch, Permission.RUN),
        Row("POST", f"{DESK}/notice", host.notice, Permission.RUN),
        Row("GET", "/@{handle}", accounts.account, _ANY, ("lang",)),
        Row("GET", "/@{handle}/feed.atom", accounts.feed, _ANY, ("lang",)),
        Row("GET", EVENT, events.event, _ANY, ("show", "lang")),
        Row("GET", f"{EVENT}/ask", questions.form, _ANY),
        Row("GET", f"{EVENT}/mine", questions.mine, _ANY),
        Row("GET", f"{EVENT}/mine.json", questions.mine_json, _ANY),
        Row("GET", f"{EVENT}/open.json", events.open_order, _ANY, ("seed",)),
        Row("GET", f"{EVENT}/q/{{n:int}}", events.permalink, _ANY, ("version", "lang")),
        Row("GET", f"{EVENT}/screen", events.screen, _ANY, ("lang",)),
        Row("GET", f"{EVENT}/snapshot.json", events.snapshot, _ANY, ()),
        Row("GET", f"{EVENT}/entries", wires.entries, _ANY, ("after", "epoch")),
        Row("GET", f"{EVENT}/stream", wires.stream, _ANY),
        Row("WS", f"{EVENT}/live", wires.live, _ANY),
        Row("GET", f"{EVENT}/feed.atom", events.feed, _ANY, ("lang",)),
        Row("GET", f"{EVENT}/record.json", record.as_json, _ANY, ()),
        Row("GET", f"{EVENT}/record.csv", record.as_csv, _ANY, ()),
        Row("GET", f"{EVENT}/log.json", segments.index, _ANY, ()),
        Row("GET", f"{EVENT}/log/{{block}}", segments.segment, _ANY, ()),
    )
