"""People and their tokens under many hands at once."""

from functools import partial

from qa.actions import staff as actions
from qa.domain.people import Person
from qa.domain.permissions import Role
from qa.domain.refusals import NotFound
from qa.store import staff
from qa.store.writer import Tx
from tests.store.worlds import at_once
from tests.world import World


def enter(world: World, link: str) -> tuple[Person, str]:
    return world.writer.run(lambda tx: actions.enter(tx, link))


def test_a_link_used_by_many_at_once_lets_one_in(two_worlds: tuple[World, World]) -> None:
    one, _ = two_worlds
    person = one.person("mina")
    for _ in range(3):
        link = one.link("mina")
        tries = at_once([partial(enter, world, link) for world in two_worlds * 8])
        entered = [found for found in tries if not isinstance(found, NotFound)]
        assert len(entered) == 1
        assert not isinstance(entered[0], Exception)
        assert entered[0][0].id == person


def test_a_role_given_by_many_at_once_is_held_once(two_worlds: tuple[World, World]) -> None:
    one, _ = two_worlds
    event = one.event()
    one.person("mina", event)
    at_once([partial(world.give, "mina", event, Role.EDITOR) for world in [one] * 6])
    assert one.database.read(staff.roles_of, event.id, one.people["mina"]) == {Role.EDITOR}
    assert [role for _, role in one.database.read(staff.of_event, event.id)] == [Role.EDITOR]
    one.give("mina", event, Role.EDITOR, given=False)
    assert one.database.read(staff.of_event, event.id) == []


def test_a_person_is_found_by_their_login(world: World) -> None:
    number = world.person("mina", password="a hash")
    found = world.database.read(staff.by_login, "mina")
    assert found
    assert (found.id, found.login, found.password, found.disabled_at) == (number, "mina", "a hash", None)
    assert world.database.read(staff.by_login, "Mina") is None
    world.writer.run(lambda tx: staff.set_password(tx, number, "another hash"))
    again = world.database.read(staff.by_id, number)
    assert again
    assert again.password == "another hash"
    assert [person.login for person in world.database.read(staff.every)] == ["mina"]


def test_all_sessions_of_a_person_end_together_and_nobody_elses(world: World) -> None:
    mina, noor = world.person("mina"), world.person("noor")
    tokens = [actions.fingerprint(world.writer.run(partial(_sign_in, person=person))) for person in (mina, mina, noor)]
    world.writer.run(lambda tx: staff.revoke_sessions(tx, mina))
    at = world.writer.run(lambda tx: tx.now)
    assert world.database.read(staff.alive, tokens, at, actions.idle_since(at)) == {tokens[2]: noor}


def _sign_in(tx: Tx, person: int) -> str:
    return actions.sign_in(tx, person)
