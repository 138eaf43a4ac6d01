"""An event's phases and switches, whole: what leads where, and what can be done when."""

from itertools import chain, combinations
from typing import Final

import pytest

from qa.domain.events import PHASES, Action, Doing, Phase, Switch, find, is_open, require
from qa.domain.refusals import Closed, NoSuchMove
from tests.domain.cards import event
from tests.domain.tables import grid

STEPS: Final = grid("""
                 draft     announced  collecting live      answering closed    archived
  announce       announced .          .          .         .         .         .
  collect        .         collecting .          .         .         .         .
  open           .         live       live       .         .         .         .
  last_questions .         .          .          answering .         .         .
  resume         .         .          .          .         live      .         .
  close          .         .          .          closed    closed    .         .
  reopen         .         .          .          .         .         answering .
  archive        .         .          .          .         .         archived  .
""")

# What can be done in which phase while no switch is thrown.
OPEN: Final = grid("""
          draft announced collecting live answering closed archived
  read    .     yes       yes        yes  yes       yes    yes
  ask     .     .         yes        yes  .         .      .
  voice   .     .         yes        yes  yes       .      .
  show    .     yes       yes        yes  yes       yes    yes
  publish .     .         .          yes  yes       .      .
  correct .     .         .          yes  yes       yes    yes
""")

# What each switch stops. Nothing stops reading: a frozen page can be read.
STOPS: Final = grid("""
          asking voting publishing frozen
  read    .      .      .          .
  ask     yes    .      .          yes
  voice   .      yes    .          yes
  show    .      .      .          yes
  publish .      .      yes        yes
  correct .      .      yes        yes
""")

THROWN: Final = [frozenset(some) for some in chain(*(combinations(Switch, size) for size in range(len(Switch) + 1)))]


def test_each_action_leads_from_each_phase_where_the_table_says() -> None:
    for action in Action:
        for phase in Phase:
            after = STEPS[action.value, phase.value]
            if after:
                assert find(action, phase).after.value == after
            else:
                with pytest.raises(NoSuchMove) as refused:
                    find(action, phase)
                assert refused.value.facts == {"action": action.value, "before": phase.value}
    assert len(PHASES) == sum(bool(cell) for cell in STEPS.values())


@pytest.mark.parametrize("doing", Doing)
def test_every_phase_with_every_set_of_switches_permits_what_the_tables_say(doing: Doing) -> None:
    assert len(THROWN) == 16
    for phase in Phase:
        for thrown in THROWN:
            stopping = {switch.value for switch in thrown if STOPS[doing.value, switch.value]}
            reason = is_open(phase, thrown, doing)
            if stopping:
                assert reason.removeprefix("stopped_") in stopping
            elif OPEN[doing.value, phase.value]:
                assert reason == ""
            else:
                assert reason == f"phase_{phase.value}"


def test_a_thrown_switch_is_named_before_the_phase() -> None:
    """Who is asked to wait should know that it is the host's hand, not the clock."""
    assert is_open(Phase.ARCHIVED, frozenset({Switch.ASKING}), Doing.ASK) == "stopped_asking"


def test_voting_goes_on_while_asking_is_stopped() -> None:
    only_asking = frozenset({Switch.ASKING})
    assert is_open(Phase.LIVE, only_asking, Doing.ASK) == "stopped_asking"
    assert is_open(Phase.LIVE, only_asking, Doing.VOICE) == ""


def test_what_is_closed_is_refused_with_its_reason() -> None:
    require(event(phase=Phase.LIVE), Doing.ASK)
    with pytest.raises(Closed) as refused:
        require(event(phase=Phase.ANSWERING), Doing.ASK)
    assert refused.value.code == "phase_answering"
    with pytest.raises(Closed) as refused:
        require(event(stopped=frozenset({Switch.FROZEN})), Doing.VOICE)
    assert refused.value.code == "stopped_frozen"
