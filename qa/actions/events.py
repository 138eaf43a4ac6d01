"""What the host does: create, phases, the opening, switches, the notice."""

import secrets
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from qa.actions import moves
from qa.domain import channels, text
from qa.domain.codes import ALPHABET
from qa.domain.events import Action, Event, Phase, Switch, find
from qa.domain.people import Actor
from qa.domain.permissions import Permission, Role
from qa.domain.refusals import NotFound, Stale
from qa.store import events, log
from qa.store.writer import Tx

_DEFAULTS: Mapping[str, Any] = {
    "abouts": {},
    "topics": [],
    "languages": [],
    "rehearsal": False,
    "burst": 3,
    "per_minute": 1,
    "hold_seconds": 20,
}


def create(tx: Tx, who: Actor, account_id: int, **fields: Any) -> Event:
    """A new event in draft. `fields`: slug, titles, zone, starts_at, ends_at, and what `_DEFAULTS` names."""
    row = {**_DEFAULTS, **fields}
    event_id = events.add(
        tx,
        {
            **row,
            "account_id": account_id,
            "short": row.get("short") or "".join(secrets.choice(ALPHABET) for _ in range(6)),
            "phase": Phase.DRAFT.value,
            "stopped": [],
            "notice": "",
            "epoch": secrets.token_hex(4),
            "version": 1,
            "created_at": tx.now,
        },
    )
    event = events.by_id(tx.conn, event_id)
    if event is None:
        raise NotFound()
    log.begin(tx, event_id, event.epoch)
    moves.record_event(tx, event, moves.made(who, Role.OWNER, "create", "", event.phase.value))
    return event


def step(tx: Tx, who: Actor, event_id: int, action: Action, *, seen: int) -> Event:
    """Take the event to its next phase; OPEN is the opening, kept with its time. Raises `Stale`, `NoSuchMove`."""
    event, role = moves.event_for(tx, who, event_id, Permission.RUN)
    if event.version != seen:
        raise _stale(event)
    row = find(action, event.phase)
    values: dict[str, Any] = {"phase": row.after.value}
    if action is Action.OPEN:
        values["opened_at"] = tx.now
    if action is Action.CLOSE:
        values["closed_at"] = tx.now
    if action is Action.REOPEN:
        values["closed_at"] = None
    opening = "event.opened" if action is Action.OPEN else "event.changed"
    return _change(tx, who, role, event, action.value, event.phase.value, row.after.value, values, opening)


def throw(tx: Tx, who: Actor, event_id: int, switch: Switch, *, stopped: bool) -> Event:
    """Throw a switch or take it back. Twice the same is no second line."""
    event, role = moves.event_for(tx, who, event_id, Permission.RUN)
    if (switch in event.stopped) is stopped:
        return event
    after = event.stopped | {switch} if stopped else event.stopped - {switch}
    words = ("open", "stopped") if stopped else ("stopped", "open")
    return _change(tx, who, role, event, switch.value, *words, {"stopped": after}, "event.changed")


def set_notice(tx: Tx, who: Actor, event_id: int, notice: str) -> Event:
    """Show a line on every page of the event, or take it away (empty)."""
    event, role = moves.event_for(tx, who, event_id, Permission.RUN)
    words = text.take(text.NOTICE, notice)
    if words == event.notice:
        return event
    return _change(tx, who, role, event, "notice", event.notice, words, {"notice": words}, "event.changed")


def _change(
    tx: Tx,
    who: Actor,
    role: Role,
    event: Event,
    action: str,
    before: str,
    after: str,
    values: Mapping[str, Any],
    public_type: str,
) -> Event:
    changed = events.change(tx, event, **values)
    if changed is None:
        raise _stale(event)
    moves.record_event(tx, changed, moves.made(who, role, action, before, after, seen=event.version), public_type)
    return changed


def _stale(event: Event) -> Stale:
    return Stale(current=asdict(channels.staff_event(event)), by="")
