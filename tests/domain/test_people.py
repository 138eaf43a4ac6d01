"""Who acts."""

from datetime import UTC, datetime

from qa.domain.people import CLOCK, Person, asker
from qa.domain.permissions import Permission, Role, can


def test_an_asker_may_ask_and_nothing_of_the_staffs() -> None:
    who = asker("7f3a9c", "Dina")
    assert (who.id, who.name, who.roles) == ("7f3a9c", "Dina", frozenset({Role.ASKER}))
    assert {permission for permission in Permission if can(who.roles, permission)} == {"ask", "voice", "withdraw"}


def test_the_clock_publishes_what_is_due_and_nothing_else() -> None:
    assert {permission for permission in Permission if can(CLOCK.roles, permission)} == {"publish"}


def test_a_password_is_not_printed_with_its_person() -> None:
    person = Person(4, "mk", "Mina K", "MK", "argon2id-hash", datetime(2026, 11, 27, tzinfo=UTC))
    assert "argon2id" not in repr(person)
    assert "Mina K" in repr(person)
