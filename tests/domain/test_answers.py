"""An answer's life, whole: every action from every state, in every role."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final, TypeAlias

import pytest

from qa.domain.answers import MOVES, Action, How, Move, State, find, hold_seconds, how_given
from qa.domain.permissions import Permission, Role, can
from qa.domain.refusals import Invalid, NoSuchMove
from tests.domain.tables import grid

LIFE: Final = grid("""
            nothing draft   holding   published  superseded retracted
  start     draft   .       .         .          .          .
  save      .       draft   .         .          .          .
  hold      .       holding .         .          .          .
  stop      .       .       draft     .          .          .
  publish   .       .       published .          .          .
  correct   .       .       .         draft      .          draft
  supersede .       .       .         superseded .          superseded
  retract   .       .       .         retracted  .          .
""")

WHO: Final = {
    "start": {"editor", "owner"},
    "save": {"editor", "owner"},
    "correct": {"editor", "owner"},
    "hold": {"editor", "owner", "system"},
    "publish": {"editor", "owner", "system"},
    "supersede": {"editor", "owner", "system"},
    "retract": {"editor", "owner", "system"},
    # Anyone cleared for the desk can press Stop, but not who only translates.
    "stop": {"moderator", "editor", "approver", "host", "owner"},
}

Cell: TypeAlias = tuple[str, str, str]

BEFORE: Final = ["nothing", *(state.value for state in State)]
CELLS: Final[list[Cell]] = [
    (role.value, action.value, before) for role in Role for action in Action for before in BEFORE
]


def wrong_cells(rows: Iterable[Move]) -> set[Cell]:
    """Where a table of moves lets somebody do something else than the table of this file."""
    by_key = {(row.action.value, row.before.value if row.before else "nothing"): row for row in rows}

    def outcome(cell: Cell) -> str:
        role, action, before = cell
        row = by_key.get((action, before))
        return row.after.value if row and can([Role(role)], row.needs) else ""

    return {cell for cell in CELLS if outcome(cell) != (LIFE[cell[1:]] if cell[0] in WHO[cell[1]] else "")}


def test_each_role_may_do_each_action_from_each_state_as_the_table_says() -> None:
    assert not wrong_cells(MOVES)


@pytest.mark.parametrize("row", MOVES, ids=lambda row: f"{row.action}-{row.before}")
def test_a_wrong_row_is_seen(row: Move) -> None:
    others = [other for other in MOVES if other is not row]
    assert wrong_cells(others), "taken out"
    assert wrong_cells([*others, replace(row, needs=Permission.DESK)]), "given to everybody at the desk"
    for state in set(State) - {row.after}:
        assert wrong_cells([*others, replace(row, after=state)]), f"leads to {state}"


def test_what_is_not_in_the_table_is_refused_by_name() -> None:
    for (action, before), after in LIFE.items():
        state = None if before == "nothing" else State(before)
        if after:
            assert find(Action(action), state).after.value == after
        else:
            with pytest.raises(NoSuchMove) as refused:
                find(Action(action), state)
            assert refused.value.facts == {"action": action, "before": before if state else ""}


def test_a_published_version_is_never_edited() -> None:
    """A correction starts a version of its own; the published one itself only goes to superseded or retracted."""
    for action in set(Action) - {Action.CORRECT}:
        assert LIFE[action.value, "published"] in {"", "superseded", "retracted"}
        assert LIFE[action.value, "superseded"] == ""


def test_every_answer_says_how_it_was_given() -> None:
    assert {how_given(how).value for how in ("spoken", "dictated", "written", "delegation", "embassy")} == set(How)
    for nothing in (None, "", "Spoken", "unknown"):
        with pytest.raises(Invalid) as refused:
            how_given(nothing)
        assert (refused.value.code, refused.value.facts) == ("no_how", {"field": "how"})


@pytest.mark.parametrize("seconds", [0, 1, 20, 60])
def test_a_hold_slot_has_up_to_a_minute(seconds: int) -> None:
    assert hold_seconds(seconds) == seconds


@pytest.mark.parametrize("seconds", [-1, 61, 3_600])
def test_a_longer_or_a_negative_hold_slot_is_refused(seconds: int) -> None:
    with pytest.raises(Invalid) as refused:
        hold_seconds(seconds)
    assert (refused.value.code, refused.value.facts) == ("hold_range", {"field": "seconds", "longest": 60})
