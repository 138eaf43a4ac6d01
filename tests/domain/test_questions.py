"""A question's life, whole: every role, every action, from every state."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final, TypeAlias

import pytest

from qa.domain.permissions import Permission, Role, can
from qa.domain.questions import MOVES, Action, Code, Move, State, code_for, find, has_move, undo_of
from qa.domain.refusals import Invalid, NoSuchMove
from tests.domain.tables import grid

# Where each action leads from each state; a dot: it can't be done.
LIFE: Final = grid("""
            received  in_review flagged   approved    shortlisted answering   answered declined hidden withdrawn
  take      in_review .         in_review .           .           .           .        .        .      .
  release   .         received  .         .           approved    shortlisted .        .        .      .
  approve   approved  approved  approved  .           .           .           .        approved .      .
  flag      flagged   flagged   .         flagged     .           .           .        .        .      .
  decline   declined  declined  declined  declined    declined    .           .        .        .      .
  hide      hidden    hidden    hidden    hidden      hidden      hidden      hidden   hidden   .      .
  edit      received  in_review flagged   approved    shortlisted .           .        .        .      .
  shortlist .         .         .         shortlisted .           .           .        .        .      .
  answer    .         .         .         answering   answering   .           .        .        .      .
  publish   .         .         .         .           answered    answered    answered .        .      .
  withdraw  withdrawn withdrawn withdrawn withdrawn   withdrawn   .           .        .        .      .
  ask       .         .         .         .           .           .           .        .        .      .
  undo      .         .         .         .           .           .           .        .        .      .
""")

TRIAGE: Final = {"moderator", "owner"}
CHOOSE: Final = {"editor", "owner"}
# Who does it; releasing is done by whose hands it is in.
WHO: Final = {
    "take": TRIAGE,
    "approve": TRIAGE,
    "flag": TRIAGE,
    "decline": TRIAGE,
    "edit": TRIAGE,
    "hide": {"moderator", "editor", "host", "owner"},
    "shortlist": CHOOSE,
    "answer": CHOOSE,
    "publish": {"editor", "owner", "system"},
    "withdraw": {"asker"},
    "ask": {"asker"},
}
WHO_RELEASES: Final = {"in_review": TRIAGE, "shortlisted": CHOOSE, "answering": CHOOSE}

FINAL: Final = {"ask", "withdraw", "publish", "undo"}


Cell: TypeAlias = tuple[str, str, str]

CELLS: Final[list[Cell]] = [
    (role.value, action.value, state.value) for role in Role for action in Action for state in State
]


def expected(cell: Cell) -> str:
    role, action, state = cell
    who = WHO_RELEASES.get(state, set()) if action == "release" else WHO.get(action, set())
    return LIFE[action, state] if role in who else ""


def wrong_cells(rows: Iterable[Move]) -> set[Cell]:
    """Where a table of moves lets somebody do something else than the table of this file."""
    by_key = {(row.action.value, row.before): row for row in rows}

    def outcome(cell: Cell) -> str:
        role, action, state = cell
        row = by_key.get((action, State(state)))
        return row.after.value if row and can([Role(role)], row.needs) else ""

    return {cell for cell in CELLS if outcome(cell) != expected(cell)}


def test_each_role_may_do_each_action_from_each_state_as_the_table_says() -> None:
    assert not wrong_cells(MOVES)


@pytest.mark.parametrize("row", [row for row in MOVES if row.before], ids=lambda row: f"{row.action}-{row.before}")
def test_a_wrong_row_is_seen(row: Move) -> None:
    others = [other for other in MOVES if other is not row]
    assert wrong_cells(others), "taken out"
    assert wrong_cells([*others, replace(row, needs=Permission.DESK)]), "given to everybody at the desk"
    for state in set(State) - {row.after}:
        assert wrong_cells([*others, replace(row, after=state)]), f"leads to {state}"


@pytest.mark.parametrize("action", Action)
def test_the_table_is_what_is_asked(action: Action) -> None:
    for state in State:
        assert has_move(action, state) == bool(LIFE[action.value, state.value])
        if has_move(action, state):
            assert find(action, state).after.value == LIFE[action.value, state.value]


def test_what_is_not_in_the_table_is_refused_by_name() -> None:
    refused = [key for key, after in LIFE.items() if not after]
    assert len(refused) > 80
    for action, state in refused:
        with pytest.raises(NoSuchMove) as no:
            find(Action(action), State(state))
        assert no.value.facts == {"action": action, "before": state}


def test_a_question_begins_by_being_asked_and_in_no_other_way() -> None:
    assert find(Action.ASK, None).after is State.RECEIVED
    for action in set(Action) - {Action.ASK}:
        with pytest.raises(NoSuchMove):
            find(action, None)


def test_only_the_asker_withdraws() -> None:
    assert {move.action for move in MOVES if move.own} == {Action.WITHDRAW}
    assert all(move.own for move in MOVES if move.action is Action.WITHDRAW)


def test_no_row_stands_twice() -> None:
    assert len({(move.action, move.before) for move in MOVES}) == len(MOVES)


def test_every_state_can_be_reached_and_all_but_the_exits_left() -> None:
    assert {move.after for move in MOVES} == set(State)
    left = {move.before for move in MOVES if move.before is not move.after}
    # Hiding is left by undo alone, which is no row; withdrawing is left by nothing.
    assert set(State) - left == {State.HIDDEN, State.WITHDRAWN}


@pytest.mark.parametrize("action", Action)
def test_undo_takes_each_move_back_by_whoever_may_make_it(action: Action) -> None:
    for before in State:
        after = LIFE[action.value, before.value]
        if action.value in FINAL or not after:
            continue
        row = undo_of(action, before, State(after))
        assert (row.action, row.before, row.after) == (Action.UNDO, State(after), before)
        assert row.needs is find(action, before).needs


@pytest.mark.parametrize("action", [Action(name) for name in sorted(FINAL)])
def test_what_is_final_is_not_undone(action: Action) -> None:
    for before in State:
        with pytest.raises(NoSuchMove):
            undo_of(action, before, State.APPROVED)


def test_there_is_nothing_to_undo_where_nothing_was_done() -> None:
    with pytest.raises(NoSuchMove):
        undo_of(None, None, State.RECEIVED)
    with pytest.raises(NoSuchMove):
        undo_of(Action.APPROVE, None, State.RECEIVED)


DECLINING: Final = {
    *("duplicate", "not_a_question", "off_topic", "other_authority", "private_person", "court_case"),
    *("advertising", "insulting", "unlawful", "time_ran_out"),
}
HIDING: Final = {"insulting", "unlawful", "private_person"}


def test_the_codes_are_those_of_the_product() -> None:
    assert {code.value for code in Code} == DECLINING


@pytest.mark.parametrize("action", Action)
def test_declining_and_hiding_need_a_code_of_theirs_and_nothing_else_has_one(action: Action) -> None:
    allowed = {Action.DECLINE: DECLINING, Action.HIDE: HIDING}.get(action)
    for code in [*DECLINING, "spam", "", None]:
        if allowed is None:
            assert code_for(action, code) is None
        elif code in allowed:
            assert code_for(action, code) == code
        else:
            with pytest.raises(Invalid) as refused:
                code_for(action, code)
            assert (refused.value.code, refused.value.facts) == ("no_code", {"field": "code"})
