"""A session is live or it is not, and both who ask for one and who ask for many are told the same."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from qa.store import staff
from qa.store.database import Database
from qa.store.writer import Tx
from tests.world import World

NOW: Final = datetime(2026, 11, 27, 15, 0, tzinfo=UTC)
IDLE_SINCE: Final = NOW - timedelta(minutes=30)
TOKEN: Final = "a" * 64

Change = Callable[[Tx, int], None]


def at(moment: datetime, change: Change) -> Change:
    """The same as done at some time."""
    return lambda tx, person: change(Tx(tx.conn, moment), person)


def is_live(database: Database, token: str) -> bool:
    """What both ways of asking say."""
    found = database.read(staff.session_person, token, NOW, IDLE_SINCE)
    alive = database.read(staff.alive, [token, "another"], NOW, IDLE_SINCE)
    assert alive == ({token: found.id} if found else {})
    return found is not None


@pytest.mark.parametrize(
    ("opened", "lasts", "then", "live"),
    [
        (timedelta(0), timedelta(hours=12), None, True),
        (timedelta(minutes=29), timedelta(hours=12), None, True),
        (timedelta(minutes=30), timedelta(hours=12), None, False),
        (timedelta(hours=3), timedelta(hours=12), None, False),
        (timedelta(hours=3), timedelta(hours=12), lambda tx, _: staff.touch_session(tx, TOKEN), True),
        (timedelta(minutes=5), timedelta(minutes=5), None, False),
        (timedelta(minutes=5), timedelta(minutes=4), lambda tx, _: staff.touch_session(tx, TOKEN), False),
        (timedelta(0), timedelta(hours=12), lambda tx, _: staff.revoke_session(tx, TOKEN), False),
        (timedelta(0), timedelta(hours=12), lambda tx, _: staff.revoke_session(tx, "another"), True),
        (timedelta(0), timedelta(hours=12), staff.revoke_sessions, False),
        (timedelta(0), timedelta(hours=12), lambda tx, person: staff.revoke_sessions(tx, person + 1), True),
        (timedelta(0), timedelta(hours=12), staff.disable, False),
    ],
    ids=[
        *("new", "used", "idle", "long idle", "touched", "over", "over and touched"),
        *("revoked", "another revoked", "all revoked", "another person's revoked", "disabled"),
    ],
)
def test_a_session_is_live_until_it_is_over_idle_revoked_or_its_person_disabled(
    opened: timedelta, lasts: timedelta, then: Change | None, live: bool, world: World
) -> None:
    person, began = world.person("mina"), NOW - opened

    def act(tx: Tx) -> None:
        staff.open_session(Tx(tx.conn, began), TOKEN, person, began + lasts)
        if then:
            at(NOW - timedelta(seconds=1), then)(tx, person)

    world.writer.run(act)
    assert is_live(world.database, TOKEN) is live


def test_a_session_that_was_revoked_stays_so_whoever_touches_it(world: World) -> None:
    person = world.person("mina")
    world.writer.run(lambda tx: staff.open_session(Tx(tx.conn, NOW), TOKEN, person, NOW + timedelta(hours=12)))
    assert is_live(world.database, TOKEN)
    world.writer.run(lambda tx: staff.revoke_session(tx, TOKEN))
    world.writer.run(lambda tx: staff.touch_session(tx, TOKEN))
    assert not is_live(world.database, TOKEN)


def test_who_is_disabled_stays_out_with_a_session_opened_afterwards(world: World) -> None:
    person = world.person("mina")
    world.writer.run(lambda tx: staff.disable(tx, person))
    world.writer.run(lambda tx: staff.open_session(Tx(tx.conn, NOW), TOKEN, person, NOW + timedelta(hours=12)))
    assert not is_live(world.database, TOKEN)


def test_no_tokens_are_no_sessions(world: World) -> None:
    assert world.database.read(staff.alive, [], NOW, IDLE_SINCE) == {}
