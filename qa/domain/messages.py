"""Every frame of `qa.v1`: its name, who hears it, what its data holds, an example. Clients ignore what they don't know.

Within version 1 fields are only added. Frames with `seq` are entries of the log: in order, without a gap, at any place
exactly once. Frames without `seq` are state: the last one wins.
"""

import json
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from qa.domain.channels import Channel

SUBPROTOCOL: Final = "qa.v1"


@dataclass(frozen=True, slots=True)
class Message:
    """`entry`: it carries a `seq`. `example` is the whole `data`; of `hello` and `reload` the fields beside `type`."""

    type: str
    channels: frozenset[Channel]
    entry: bool
    says: str
    example: dict[str, Any]


_PUBLIC: Final = frozenset({Channel.PUBLIC})
_STAFF: Final = frozenset({Channel.STAFF})
_BOTH: Final = _PUBLIC | _STAFF

_QUESTION: Final = {
    "n": 214,
    "text": "ומה עם ציבור המורים?",
    "context": "",
    "name": "",
    "lang": "he",
    "state": "approved",
    "edited": False,
    "place": None,
    "since": "2026-11-27T15:22:00.000Z",
}
_ANSWER: Final = {
    "n": 88,
    "question": {**_QUESTION, "n": 88, "state": "answered"},
    "text": "Yes, it will! And the profit adds to tax revenue.",
    "lang": "en",
    "how": "spoken",
    "at": "2026-11-27T15:18:00.000Z",
    "version": 1,
    "changed_at": None,
    "kind": None,
    "reason": "",
    "retracted_at": None,
    "questions": 1,
    "people": 388,
}
_EVENT: Final = {
    "handle": "audreyt",
    "slug": "open-government",
    "short": "0PEN27",
    "titles": {"": "Open government, in practice"},
    "phase": "live",
    "starts_at": "2026-11-27T15:00:00.000Z",
    "ends_at": "2026-11-27T16:00:00.000Z",
    "zone": "Europe/Paris",
    "opened_at": "2026-11-27T15:00:04.000Z",
    "closed_at": None,
    "asking": "",
    "voting": "",
    "frozen": False,
    "notice": "",
    "rehearsal": False,
}
_STAFF_QUESTION: Final = {
    "n": 214,
    "asker": "7f3a",
    "name": "",
    "text": "ומה עם ציבור המורים?",
    "original": "ומה עם ציבור המורים?",
    "context": "",
    "lang": "he",
    "state": "approved",
    "version": 2,
    "voices": 17,
    "impressions": 4100,
    "asked_at": "2026-11-27T15:13:00.000Z",
    "moved_at": "2026-11-27T15:22:00.000Z",
    "place": None,
    "code": None,
    "why": "",
    "holder": "",
    "moved_by": "MK",
    "last_action": "approve",
}
_STAFF_ANSWER: Final = {
    "n": 214,
    "version": 1,
    "state": "holding",
    "text": "Teachers were asked first.",
    "lang": "en",
    "how": "spoken",
    "rev": 7,
    "saved_at": "2026-11-27T15:23:40.000Z",
    "saved_by": "AH",
    "kind": None,
    "reason": "",
    "publish_at": "2026-11-27T15:24:10.000Z",
    "published_at": None,
    "retracted_at": None,
    "retract_reason": "",
}
_MOVE: Final = {
    "action": "approve",
    "by": "4",
    "initials": "MK",
    "role": "moderator",
    "before": "in_review",
    "after": "approved",
    "why": "",
    "code": None,
    "seen": 1,
    "key": "3f0e7c1e-5b0a-4a53-9d0e-0b6a3f0c2f11",
}


MESSAGES: Final[dict[str, Message]] = {
    message.type: message
    for message in (
        Message(
            "hello",
            _BOTH,
            False,
            "The first frame. `seq` is the newest entry, `retry` the window in seconds to come back in after a cut.",
            {"epoch": "k3v9", "seq": 41, "retry": {"min": 1, "max": 5}},
        ),
        Message(
            "reload",
            _BOTH,
            False,
            "The entries asked for are not at hand, or the epoch changed: take the snapshot, connect from its seq.",
            {"snapshot": "/@audreyt/open-government/snapshot.json"},
        ),
        Message("event.opened", _PUBLIC, True, "The opening: the event is live from now on. The whole event.", _EVENT),
        Message("event.changed", _PUBLIC, True, "A phase, a switch or the notice changed. The whole event.", _EVENT),
        Message(
            "question.shown",
            _PUBLIC,
            True,
            "A question to show, or a new state of one shown. Replaces by `n`.",
            _QUESTION,
        ),
        Message("question.removed", _PUBLIC, True, "Take the question off the page; no reason is given.", {"n": 214}),
        Message("answer.published", _PUBLIC, True, "A new answer with its question.", _ANSWER),
        Message(
            "answer.corrected",
            _PUBLIC,
            True,
            "A later version replaces the answer; the earlier one stays at its own address.",
            {
                **_ANSWER,
                "version": 2,
                "kind": "clarification",
                "reason": "Left out who.",
                "changed_at": "2026-11-27T15:20:00.000Z",
            },
        ),
        Message(
            "answer.retracted",
            _PUBLIC,
            True,
            "The answer was withdrawn: its text must go, its place and the reason stay.",
            {**_ANSWER, "text": "", "reason": "Wrong figure.", "retracted_at": "2026-11-27T15:30:00.000Z"},
        ),
        Message("answer.removed", _PUBLIC, True, "Take the answer and its question off the page.", {"n": 88}),
        Message(
            "superseded",
            _BOTH,
            True,
            "What stood here was taken back later: it is not told again to who comes late. Nothing to show.",
            {},
        ),
        Message(
            "totals",
            _PUBLIC,
            False,
            "How many questions of how many people so far, and how many answers. At most one a second.",
            {"questions": 6214, "people": 4871, "answers": 7},
        ),
        Message(
            "question.moved",
            _STAFF,
            True,
            "A question came or was moved: the card after it, and who, in which role, from, to, why, version seen.",
            {"question": _STAFF_QUESTION, "move": _MOVE},
        ),
        Message(
            "answer.moved",
            _STAFF,
            True,
            "A version of an answer was moved, the same way.",
            {"answer": _STAFF_ANSWER, "move": {**_MOVE, "action": "hold", "before": "draft", "after": "holding"}},
        ),
        Message(
            "event.moved",
            _STAFF,
            True,
            "The event's phase, a switch or the notice was moved, the same way.",
            {
                "event": {**_EVENT, "version": 5, "stopped": []},
                "move": {**_MOVE, "action": "open", "before": "collecting", "after": "live"},
            },
        ),
        Message(
            "access.changed",
            _STAFF,
            True,
            "A person's roles in the event changed; who lost them is closed with `access_changed`.",
            {"person": "4", "roles": ["moderator"], "move": {**_MOVE, "action": "grant"}},
        ),
        Message(
            "voices",
            _STAFF,
            False,
            "Voices by question number, those that changed. At most one a second.",
            {"voices": {"214": 17}},
        ),
        Message("presence", _STAFF, False, "Sockets open on this process.", {"viewers": 18430, "staff": 4}),
    )
}


class Close(IntEnum):
    """Why the server closes a socket. 1012 is RFC 6455's registry, the rest are ours."""

    RESTART = 1012
    MOVED = 4301
    ACCESS_CHANGED = 4403
    NOT_FOUND = 4404
    TOO_SLOW = 4408
    TOO_MANY = 4429


def encode(type_: str, *, seq: int | None = None, at: str | None = None, data: dict[str, Any]) -> str:
    """One frame as compact JSON: `{"v":1,"seq":…,"type":…,"at":…,"data":{…}}`, `seq` and `at` where given."""
    frame: dict[str, Any] = {"v": 1}
    if seq is not None:
        frame["seq"] = seq
    frame["type"] = type_
    if at is not None:
        frame["at"] = at
    frame["data"] = data
    return dumps(frame)


def encode_bare(type_: str, fields: dict[str, Any]) -> str:
    """`hello` and `reload`: their fields stand beside `type`."""
    return dumps({"v": 1, "type": type_, **fields})


# Made once: `json.dumps` would make one for each value.
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def dumps(value: Any) -> str:
    """JSON as it goes over the wire: UTF-8 letters as they are, no spaces."""
    return _ENCODER.encode(value)
