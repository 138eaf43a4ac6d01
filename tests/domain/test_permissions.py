"""Who may do what: the whole table of roles and permissions, each permission in a sentence."""

from itertools import combinations
from typing import Final

import pytest

from qa.domain.permissions import GRANTS, SENTENCES, STAFF_ROLES, Permission, Role, can, role_for
from qa.domain.refusals import NotAllowed, NotFound
from tests.domain.tables import grid

TABLE: Final = grid("""
              ask voice withdraw desk triage hide choose write publish stop run staff
  asker       yes yes   yes      .    .      .    .      .     .       .    .   .
  moderator   .   .     .        yes  yes    yes  .      .     .       yes  .   .
  editor      .   .     .        yes  .      yes  yes    yes   yes     yes  .   .
  interpreter .   .     .        yes  .      .    .      .     .       .    .   .
  approver    .   .     .        yes  .      .    .      .     .       yes  .   .
  host        .   .     .        yes  .      yes  .      .     .       yes  yes .
  owner       .   .     .        yes  yes    yes  yes    yes   yes     yes  yes yes
  system      .   .     .        .    .      .    .      .     yes     .    .   .
""")


def test_each_role_may_do_what_the_table_says_and_nothing_else() -> None:
    answered = {(role.value, permission.value): can([role], permission) for role in Role for permission in Permission}
    assert answered == {key: bool(cell) for key, cell in TABLE.items()}


def test_every_permission_has_a_sentence_of_its_own() -> None:
    assert set(SENTENCES) == set(Permission)
    assert len(set(SENTENCES.values())) == len(Permission)
    assert all(sentence[0].isupper() and sentence.endswith(".") for sentence in SENTENCES.values())


def test_every_role_is_in_the_table() -> None:
    assert set(GRANTS) == set(Role)


def test_staff_are_those_who_see_the_desk() -> None:
    assert set(STAFF_ROLES) == {role for role in Role if can([role], Permission.DESK)}


def test_two_roles_together_may_do_what_either_may() -> None:
    for one, other in combinations(Role, 2):
        for permission in Permission:
            assert can([one, other], permission) == (can([one], permission) or can([other], permission))


@pytest.mark.parametrize("permission", Permission)
def test_the_role_in_which_it_is_done_is_one_that_may(permission: Permission) -> None:
    for held in ({role} for role in Role):
        if can(held, permission):
            assert {role_for(held, permission)} == held
    assert can([role_for(set(Role), permission)], permission)


@pytest.mark.parametrize("permission", [permission for permission in Permission if can(STAFF_ROLES, permission)])
@pytest.mark.parametrize("held", [frozenset(), frozenset({Role.ASKER})])
def test_who_does_not_work_here_is_told_that_there_is_nothing(held: frozenset[Role], permission: Permission) -> None:
    with pytest.raises(NotFound):
        role_for(held, permission)


@pytest.mark.parametrize("permission", [permission for permission in Permission if permission != "desk"])
@pytest.mark.parametrize("role", STAFF_ROLES)
def test_a_colleague_is_told_what_is_missing(role: Role, permission: Permission) -> None:
    if TABLE[role.value, permission.value]:
        assert role_for({role}, permission) is role
    else:
        with pytest.raises(NotAllowed) as refused:
            role_for({role}, permission)
        assert refused.value.facts == {"needs": permission.value}


def test_nobody_may_do_anything_without_a_role() -> None:
    assert not any(can([], permission) for permission in Permission)
