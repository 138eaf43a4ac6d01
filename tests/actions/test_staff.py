"""Signing in once, for a time, until somebody ends it; and roles that hold in one event only."""

from datetime import timedelta
from functools import partial

import pytest

from qa.actions import staff as actions
from qa.domain.channels import Channel
from qa.domain.permissions import STAFF_ROLES, Role
from qa.domain.refusals import NotFound
from qa.store import staff
from tests.actions.stage import Stage, heads, refusal


def somebody(stage: Stage) -> int:
    return int(stage.staff[Role.MODERATOR].id)


def signed_in(stage: Stage, token: str) -> bool:
    found = staff.session_person(stage.conn, actions.fingerprint(token), stage.now, actions.idle_since(stage.now))
    assert found is None or found.id == somebody(stage)
    return found is not None


def test_a_session_lasts_while_it_is_used_and_at_most_half_a_day(stage: Stage) -> None:
    token = stage.act(actions.sign_in, somebody(stage))
    assert signed_in(stage, token)
    assert not signed_in(stage, token + "x")
    for _ in range(24):
        stage.pass_time(29 * 60)
        assert signed_in(stage, token)
        stage.act(staff.touch_session, actions.fingerprint(token))
    stage.pass_time(29 * 60)
    assert not signed_in(stage, token), "twelve hours are over"


def test_a_session_that_is_not_used_ends_after_half_an_hour(stage: Stage) -> None:
    token = stage.act(actions.sign_in, somebody(stage))
    stage.pass_time(31 * 60)
    assert not signed_in(stage, token)


def test_a_programs_session_does_not_end_by_being_idle(stage: Stage) -> None:
    person, token = stage.act(actions.make_token, stage.event_id, Role.INTERPRETER, 30)
    stage.pass_time(timedelta(days=29).total_seconds())
    at = stage.now
    found = staff.session_person(stage.conn, actions.fingerprint(token), at, actions.idle_since(at))
    assert found
    assert found.id == person
    assert staff.roles_of(stage.conn, stage.event_id, person) == {Role.INTERPRETER}
    stage.pass_time(timedelta(days=2).total_seconds())
    assert staff.alive(stage.conn, [actions.fingerprint(token)], stage.now, actions.idle_since(stage.now)) == {}


def test_signing_out_ends_this_session_and_no_other(stage: Stage) -> None:
    one, two = (stage.act(actions.sign_in, somebody(stage)) for _ in range(2))
    stage.act(actions.sign_out, one)
    assert (signed_in(stage, one), signed_in(stage, two)) == (False, True)


def test_who_is_disabled_is_out_everywhere(stage: Stage) -> None:
    token, link = stage.act(actions.sign_in, somebody(stage)), stage.act(actions.make_link, somebody(stage))
    stage.act(staff.disable, somebody(stage))
    assert not signed_in(stage, token)
    assert refusal(lambda: stage.act(actions.enter, link)) == "not_found"
    assert somebody(stage) not in [person.id for person, _ in staff.of_event(stage.conn, stage.event_id)]


def test_a_link_signs_in_once(stage: Stage) -> None:
    link = stage.act(actions.make_link, somebody(stage))
    person, token = stage.act(actions.enter, link)
    assert person.id == somebody(stage)
    assert signed_in(stage, token)
    with pytest.raises(NotFound):
        stage.act(actions.enter, link)


def test_a_link_is_good_for_half_a_day(stage: Stage) -> None:
    link = stage.act(actions.make_link, somebody(stage))
    stage.pass_time(timedelta(hours=12, minutes=1).total_seconds())
    assert refusal(lambda: stage.act(actions.enter, link)) == "not_found"
    assert refusal(lambda: stage.act(actions.enter, "never made")) == "not_found"


def test_no_token_is_in_the_database(stage: Stage) -> None:
    session, link = stage.act(actions.sign_in, somebody(stage)), stage.act(actions.make_link, somebody(stage))
    _, entered = stage.act(actions.enter, link)
    _, program = stage.act(actions.make_token, stage.event_id, Role.HOST, 1)
    rows = repr(stage.tables())
    assert not [token for token in (session, link, entered, program) if token in rows]
    assert actions.fingerprint(session) in rows


def test_every_token_is_another(stage: Stage) -> None:
    tokens = [stage.act(actions.sign_in, somebody(stage)) for _ in range(50)]
    assert len(set(tokens)) == 50
    assert min(map(len, tokens)) >= 43, "256 bits"


def test_a_role_is_given_and_taken_away_and_the_staff_are_told(stage: Stage) -> None:
    public, staff_head = heads(stage)
    assert stage.give(Role.MODERATOR, Role.EDITOR) == {Role.MODERATOR, Role.EDITOR}
    assert stage.give(Role.MODERATOR, Role.MODERATOR, given=False) == {Role.EDITOR}
    told = stage.entries(Channel.STAFF, staff_head)
    assert [entry["type"] for entry in told] == ["access.changed", "access.changed"]
    assert [entry["data"]["roles"] for entry in told] == [["editor", "moderator"], ["editor"]]
    assert stage.head(Channel.PUBLIC) == public
    assert told[0]["data"]["move"]["by"] == stage.staff[Role.OWNER].id


@pytest.mark.parametrize("role", [Role.ASKER, Role.SYSTEM])
def test_nobody_is_made_an_asker_or_the_clock(role: Role, stage: Stage) -> None:
    assert refusal(lambda: stage.give(Role.MODERATOR, role)) == "not_found"


def test_a_role_in_one_event_gives_nothing_in_another(stage: Stage) -> None:
    other = stage.another()
    for role in STAFF_ROLES:
        person = int(stage.staff[role].id)
        assert staff.roles_of(stage.conn, stage.event_id, person) == {role}
        assert staff.roles_of(stage.conn, other.event_id, person) == frozenset()
        assert staff.events_of(stage.conn, person) == {stage.event_id}


def test_a_site_admin_owns_every_event(stage: Stage) -> None:
    admin = stage.act(staff.add, "admin", "Admin", "AD", "", admin=True)
    assert staff.roles_of(stage.conn, stage.event_id, admin) == {Role.OWNER}
    assert staff.events_of(stage.conn, admin) is None


def test_a_role_is_for_somebody_who_is_there(stage: Stage) -> None:
    owner = stage.staff[Role.OWNER]
    assert refusal(partial(stage.act, actions.change_role, owner, stage.event_id, 9_999, Role.EDITOR, given=True))
