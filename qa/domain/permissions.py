"""Who may do what: one table from role to permissions. Actions ask it; pages only hide buttons with it."""

from collections.abc import Iterable
from enum import StrEnum
from functools import cache
from typing import Final

from qa.domain.refusals import NotAllowed, NotFound


class Permission(StrEnum):
    ASK = "ask"
    VOICE = "voice"
    WITHDRAW = "withdraw"
    DESK = "desk"
    TRIAGE = "triage"
    HIDE = "hide"
    CHOOSE = "choose"
    WRITE = "write"
    PUBLISH = "publish"
    STOP = "stop"
    RUN = "run"
    STAFF = "staff"


SENTENCES: Final[dict[Permission, str]] = {
    Permission.ASK: "Put a question to the event.",
    Permission.VOICE: "Say 'my question too' once for each question, and take it back.",
    Permission.WITHDRAW: "Withdraw one's own question.",
    Permission.DESK: "See the desk: every question, its history, the drafts.",
    Permission.TRIAGE: "Take, release, approve, decline, flag and edit questions.",
    Permission.HIDE: "Hide a question everywhere, also after it was answered.",
    Permission.CHOOSE: "Shortlist questions and set which one is being answered.",
    Permission.WRITE: "Draft answers and corrections.",
    Permission.PUBLISH: "Send an answer into the hold slot, retract a published one.",
    Permission.STOP: "Stop an answer in its hold slot.",
    Permission.RUN: "Move the event through its phases, throw its switches, set its notice.",
    Permission.STAFF: "Give roles in the event and take them away.",
}


class Role(StrEnum):
    ASKER = "asker"
    MODERATOR = "moderator"
    EDITOR = "editor"
    INTERPRETER = "interpreter"
    APPROVER = "approver"
    HOST = "host"
    OWNER = "owner"
    SYSTEM = "system"


_EVERYTHING_OF_STAFF: Final = frozenset(Permission) - {Permission.ASK, Permission.VOICE, Permission.WITHDRAW}

GRANTS: Final[dict[Role, frozenset[Permission]]] = {
    Role.ASKER: frozenset({Permission.ASK, Permission.VOICE, Permission.WITHDRAW}),
    Role.MODERATOR: frozenset({Permission.DESK, Permission.TRIAGE, Permission.HIDE, Permission.STOP}),
    Role.EDITOR: frozenset(
        {Permission.DESK, Permission.CHOOSE, Permission.WRITE, Permission.PUBLISH, Permission.STOP, Permission.HIDE}
    ),
    Role.INTERPRETER: frozenset({Permission.DESK}),
    Role.APPROVER: frozenset({Permission.DESK, Permission.STOP}),
    Role.HOST: frozenset({Permission.DESK, Permission.RUN, Permission.STOP, Permission.HIDE}),
    Role.OWNER: _EVERYTHING_OF_STAFF,
    # What is due (the end of a hold slot) is done by nobody's hand.
    Role.SYSTEM: frozenset({Permission.PUBLISH}),
}

STAFF_ROLES: Final = tuple(role for role in Role if role not in {Role.ASKER, Role.SYSTEM})


def can(roles: Iterable[Role], permission: Permission) -> bool:
    """Whether any of the roles, held in the event at hand, carries the permission."""
    return any(permission in GRANTS[role] for role in roles)


def role_for(roles: Iterable[Role], permission: Permission) -> Role:
    """The role in which the permission is used: the first that carries it, in the order of `Role`.

    Raises `NotFound` for who has no role in the event (nothing is told), `NotAllowed` for colleagues.
    """
    held = _in_order(frozenset(roles))
    for role in held:
        if permission in GRANTS[role]:
            return role
    if not held or held == (Role.ASKER,):
        raise NotFound()
    raise NotAllowed(needs=permission.value)


@cache
def _in_order(roles: frozenset[Role]) -> tuple[Role, ...]:
    return tuple(role for role in Role if role in roles)
