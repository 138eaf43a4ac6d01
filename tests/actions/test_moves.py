"""Every verb of the desk: what it does, what it leaves behind, and how it is taken back."""

from dataclasses import asdict
from functools import partial
from typing import Final

import pytest

from qa.domain.channels import as_staff
from qa.domain.events import Switch
from qa.domain.permissions import Role
from qa.domain.questions import Action, State
from qa.domain.refusals import NoSuchMove, Stale
from tests.actions.stage import Stage, refusal


def test_a_move_says_who_when_and_keeps_what_it_replaced(stage: Stage) -> None:
    n = stage.asked(Action.TAKE)
    card = stage.move(n, Action.APPROVE, Role.MODERATOR, why="Good one.")
    assert card == stage.card(n)
    assert (card.state, card.version, card.moved_at, card.why) == (State.APPROVED, 3, stage.now, "Good one.")
    assert (card.moved_by, card.last_action) == (stage.staff[Role.MODERATOR].initials, Action.APPROVE)


def test_a_stale_move_is_refused_with_the_card_as_it_stands_and_who_moved_it(stage: Stage) -> None:
    n = stage.asked()
    stage.move(n, Action.APPROVE, Role.MODERATOR)
    before = stage.tables()
    with pytest.raises(Stale) as refused:
        stage.move(n, Action.DECLINE, seen=1)
    current = refused.value.facts["current"]
    assert current == asdict(as_staff(stage.card(n)))
    assert (current["state"], current["version"]) == ("approved", 2)
    assert refused.value.facts["by"] == stage.staff[Role.MODERATOR].initials
    assert refused.value.facts["at"] == current["moved_at"]
    assert stage.tables() == before


def test_a_repeat_of_a_move_is_answered_with_the_card_and_is_no_second_move(stage: Stage) -> None:
    n = stage.asked()
    key = stage.key()
    first = stage.move(n, Action.APPROVE, key=key, seen=1)
    before = stage.tables()
    assert stage.move(n, Action.APPROVE, key=key, seen=1) == first
    assert stage.tables() == before
    stage.move(n, Action.SHORTLIST)
    assert refusal(lambda: stage.move(n, Action.APPROVE, key=key, seen=1)) == "stale", "others have moved it since"


@pytest.mark.parametrize("key", ["not a key", "x" * 300])
def test_a_moves_key_is_a_key(key: str, stage: Stage) -> None:
    n = stage.asked()
    assert refusal(lambda: stage.move(n, Action.APPROVE, key=key)) == "no_key"


@pytest.mark.parametrize("action", [Action.ASK, Action.PUBLISH, Action.WITHDRAW])
def test_what_has_a_door_of_its_own_is_no_verb_of_the_desk(action: Action, stage: Stage) -> None:
    n = stage.asked(Action.APPROVE, Action.ANSWER)
    assert refusal(lambda: stage.move(n, action)) == "not_found"


def test_asking_a_colleague_needs_a_word_and_putting_away_a_code(stage: Stage) -> None:
    n = stage.asked()
    assert refusal(lambda: stage.move(n, Action.FLAG, why="  ")) == "empty"
    assert refusal(lambda: stage.move(n, Action.DECLINE, code=None)) == "no_code"
    assert refusal(lambda: stage.move(n, Action.HIDE, code="off_topic")) == "no_code"
    assert refusal(lambda: stage.move(n, Action.DECLINE, why="x" * 501)) == "too_long"
    declined = stage.move(n, Action.DECLINE, code="off_topic", why="See the programme.")
    assert (declined.code, declined.why) == ("off_topic", "See the programme.")
    assert stage.move(n, Action.APPROVE).code is None


def test_an_edit_keeps_what_the_asker_wrote(stage: Stage) -> None:
    n = stage.asked(Action.APPROVE)
    original = stage.card(n).original
    for words in ("Once", "Twice"):
        card = stage.move(n, Action.EDIT, edited=words)
        assert (card.text, card.original, card.state) == (words, original, State.APPROVED)
    shown = next(question for question in stage.present()["questions"] if question["n"] == n)
    assert (shown["text"], shown["edited"]) == ("Twice", True)
    assert refusal(lambda: stage.move(n, Action.EDIT, edited=" ")) == "empty"
    assert refusal(lambda: stage.move(n, Action.EDIT, edited="x" * 281)) == "too_long"


def test_who_takes_a_question_holds_it_until_it_moves_on(stage: Stage) -> None:
    n = stage.asked()
    initials = stage.staff[Role.MODERATOR].initials
    assert stage.move(n, Action.TAKE, Role.MODERATOR).holder == initials
    assert stage.move(n, Action.EDIT).holder == initials, "an edit by a colleague takes it out of nobody's hands"
    assert stage.move(n, Action.APPROVE).holder == ""
    n = stage.asked(Action.TAKE)
    assert stage.move(n, Action.RELEASE).holder == ""


def test_the_chosen_ones_stand_in_the_order_of_choosing(stage: Stage) -> None:
    chosen = [stage.asked(Action.APPROVE, Action.SHORTLIST) for _ in range(3)]
    first = stage.card(chosen[0]).place
    assert first is not None
    assert [stage.card(n).place for n in chosen] == [first, first + 1, first + 2]
    assert stage.move(chosen[0], Action.ANSWER).place == first
    assert stage.move(chosen[1], Action.RELEASE).place is None
    assert stage.move(chosen[0], Action.RELEASE).place == first, "back in the line where it stood"


RESTORABLE: Final[dict[Action, tuple[Action, ...]]] = {
    Action.TAKE: (),
    Action.RELEASE: (Action.TAKE,),
    Action.APPROVE: (Action.DECLINE,),
    Action.FLAG: (Action.TAKE,),
    Action.DECLINE: (Action.APPROVE, Action.SHORTLIST),
    Action.HIDE: (Action.APPROVE, Action.SHORTLIST),
    Action.EDIT: (Action.APPROVE, Action.EDIT),
    Action.SHORTLIST: (Action.APPROVE,),
    Action.ANSWER: (Action.APPROVE, Action.SHORTLIST),
}


@pytest.mark.parametrize("action", RESTORABLE)
def test_undo_puts_everything_back_but_the_version(action: Action, stage: Stage) -> None:
    n = stage.asked(*RESTORABLE[action])
    before = stage.card(n)
    stage.move(n, action)
    undone = stage.move(n, Action.UNDO)
    for name in ("state", "text", "original", "code", "why", "holder", "place", "voices"):
        assert getattr(undone, name) == getattr(before, name), name
    assert (undone.version, undone.last_action) == (before.version + 2, Action.UNDO)
    assert refusal(lambda: stage.move(n, Action.UNDO)) == "no_such_move", "once"


def test_there_is_an_undo_for_every_verb_of_the_desk() -> None:
    assert set(RESTORABLE) == set(Action) - {Action.ASK, Action.WITHDRAW, Action.PUBLISH, Action.UNDO}


def test_what_the_asker_took_back_stays_taken_back(stage: Stage) -> None:
    n = stage.asked(Action.APPROVE)
    stage.withdraw(n)
    assert refusal(lambda: stage.move(n, Action.UNDO)) == "no_such_move"


def test_an_undo_needs_what_the_move_needed(stage: Stage) -> None:
    n = stage.asked(Action.APPROVE, Action.SHORTLIST)
    assert refusal(lambda: stage.move(n, Action.UNDO, Role.MODERATOR)) == "not_allowed"
    assert stage.move(n, Action.UNDO, Role.EDITOR).state is State.APPROVED


@pytest.mark.parametrize(
    ("path", "action"),
    [
        ((Action.ANSWER,), Action.HIDE),
        ((Action.SHORTLIST,), Action.RELEASE),
        ((Action.SHORTLIST,), Action.DECLINE),
        ((Action.ANSWER,), Action.UNDO),
    ],
)
def test_what_leaves_the_line_leaves_the_hold_slot(path: tuple[Action, ...], action: Action, stage: Stage) -> None:
    """An answer in its hold slot goes back to a draft with the question it belongs to."""
    n = stage.asked(Action.APPROVE, *path)
    stage.save(n)
    stage.hold(n)
    stage.move(n, action)
    newest = stage.newest(n)
    assert newest
    assert (newest.state, newest.publish_at) == ("draft", None)
    assert stage.publish_due(n) is None
    assert stage.card(n).state is not State.ANSWERED


def test_a_frozen_page_loses_what_must_go_and_gains_nothing(stage: Stage) -> None:
    received, shown, chosen = stage.asked(), stage.asked(Action.APPROVE), stage.asked(Action.APPROVE, Action.SHORTLIST)
    hidden, answered = stage.asked(Action.APPROVE, Action.HIDE), stage.published()
    stage.throw(Switch.FROZEN)
    page = stage.present()
    for n, action in [
        (received, Action.APPROVE),
        (shown, Action.EDIT),
        (shown, Action.SHORTLIST),
        (shown, Action.ANSWER),
        (chosen, Action.RELEASE),
        (hidden, Action.UNDO),
    ]:
        assert refusal(partial(stage.move, n, action)) == "stopped_frozen", action
    assert stage.present() == page
    stage.move(received, Action.DECLINE)
    stage.move(shown, Action.DECLINE)
    stage.move(chosen, Action.HIDE)
    stage.move(answered, Action.HIDE)
    gone = {question["n"] for question in stage.present()["questions"]} & {received, shown, chosen, hidden}
    assert not gone
    assert refusal(lambda: stage.move(answered, Action.UNDO)) == "stopped_frozen", (
        "an answer is no less than a question"
    )
    assert answered not in [answer["n"] for answer in stage.present()["answers"]]
    stage.throw(Switch.FROZEN, stopped=False)
    stage.move(answered, Action.UNDO)
    assert answered in [answer["n"] for answer in stage.present()["answers"]]


def test_every_verb_is_refused_where_the_table_has_no_row(stage: Stage) -> None:
    n = stage.asked(Action.APPROVE, Action.ANSWER)
    for action in (Action.TAKE, Action.APPROVE, Action.DECLINE, Action.EDIT, Action.SHORTLIST, Action.ANSWER):
        with pytest.raises(NoSuchMove):
            stage.move(n, action)
