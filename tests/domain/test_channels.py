"""Who sees what: every channel and state, and forms for everybody that have no place for anything private."""

from dataclasses import asdict, fields
from itertools import product
from typing import Any, Final

import pytest

from qa.domain import answers, channels, events
from qa.domain.channels import SEEN_BY, Channel, Sight, announcements, as_receipt
from qa.domain.questions import Action, Code, State
from qa.domain.views import (
    PublicAnswer,
    PublicEvent,
    PublicQuestion,
    Receipt,
    StaffAnswer,
    StaffEvent,
    StaffQuestion,
)
from tests.domain.cards import AT, LATER, answer, event, question
from tests.domain.tables import grid

SEEN: Final = grid("""
              public         staff         asker
  received    .              StaffQuestion Receipt
  in_review   .              StaffQuestion Receipt
  flagged     .              StaffQuestion Receipt
  approved    PublicQuestion StaffQuestion Receipt
  shortlisted PublicQuestion StaffQuestion Receipt
  answering   PublicQuestion StaffQuestion Receipt
  answered    .              StaffQuestion Receipt
  declined    .              StaffQuestion Receipt
  hidden      .              StaffQuestion Receipt
  withdrawn   .              StaffQuestion Receipt
""")

# All that may ever leave for everybody, word by word: a new field has to be written here first.
FOR_EVERYBODY: Final = {
    PublicQuestion: {"n", "text", "context", "name", "lang", "state", "edited", "place", "since"},
    PublicAnswer: {
        *("n", "question", "text", "lang", "how", "at", "version", "changed_at", "kind", "reason", "retracted_at"),
        *("questions", "people"),
    },
    PublicEvent: {
        *("handle", "slug", "short", "titles", "phase", "starts_at", "ends_at", "zone", "opened_at", "closed_at"),
        *("asking", "voting", "frozen", "notice", "rehearsal"),
    },
    Receipt: {
        *("n", "text", "context", "name", "lang", "label", "code", "why", "since", "asked_at", "can_withdraw"),
    },
}
# What stands in `tests.domain.cards` where only staff may read.
PRIVATE: Final = ("asker-pseudonym", "staff-why", "HO", "MK", "moved-key", "TEACHERS", "saved-by", "in_review")


def test_each_channel_sees_each_state_in_the_form_of_the_table() -> None:
    for state, channel in product(State, Channel):
        view = SEEN_BY[state][channel]
        assert (type(view(question(state=state))).__name__ if view else "") == SEEN[state.value, channel.value]
    assert len(SEEN) == len(State) * len(Channel)


@pytest.mark.parametrize("form", FOR_EVERYBODY, ids=lambda form: form.__name__)
def test_a_form_for_everybody_has_no_place_for_anything_private(form: type) -> None:
    assert {field.name for field in fields(form)} == FOR_EVERYBODY[form]
    assert "__slots__" in vars(form), "nothing can be hung onto it"


@pytest.mark.parametrize("state", State)
def test_nothing_private_is_in_what_everybody_sees(state: State) -> None:
    card = question(state=state)
    seen = repr((channels.public_question(card), channels.public_answer(card, answer())))
    assert not [word for word in PRIVATE if word in seen]
    # It is looked for in the right words: staff do read them.
    staff = repr((channels.as_staff(card), channels.staff_answer(answer())))
    assert {word for word in PRIVATE if word in staff} >= {"staff-why", "HO", "MK", "TEACHERS", "saved-by"}


def test_staff_tell_askers_apart_by_four_letters() -> None:
    assert channels.as_staff(question()).asker == "aske"


def test_a_question_for_everybody_is_what_stands_now() -> None:
    assert channels.public_question(question()) == PublicQuestion(
        n=214,
        text="What about teachers?",
        context="I teach.",
        name="Dina",
        lang="en",
        state="approved",
        edited=True,
        place=2,
        since="2026-11-27T15:22:00.000Z",
    )
    untouched = channels.public_question(question(original="What about teachers?"))
    assert untouched is not None
    assert not untouched.edited


def test_no_question_is_seen_by_nobody() -> None:
    assert channels.public_question(None) is None
    assert channels.public_answer(None, answer()) is None
    assert channels.public_answer(question(state=State.ANSWERED), None) is None


@pytest.mark.parametrize(
    ("state", "label"),
    [
        ("received", "received"),
        ("in_review", "with_moderators"),
        ("flagged", "with_moderators"),
        ("approved", "open"),
        ("shortlisted", "chosen"),
        ("answering", "now"),
        ("answered", "answered"),
        ("declined", "not_taken"),
        ("hidden", "not_taken"),
        ("withdrawn", "withdrawn"),
    ],
)
def test_the_asker_reads_their_own_words_and_what_happens_next(state: str, label: str) -> None:
    receipt = as_receipt(question(state=State(state)))
    assert receipt.text == "what about TEACHERS"
    assert receipt.label == label
    assert (receipt.code is not None) == (label == "not_taken")
    assert receipt.why == ("staff-why" if state == "declined" else "")
    assert receipt.can_withdraw == (state in {"received", "in_review", "flagged", "approved", "shortlisted"})
    assert not [word for word in PRIVATE if word not in {"TEACHERS", "staff-why"} and word in repr(receipt)]


def test_the_labels_never_scold() -> None:
    words = " ".join([*channels.LABELS.values(), *Code]).lower()
    assert not [word for word in ("spam", "reject", "delet", "hidden", "flag") if word in words]


# An answer's card: only of an answered question, only while it is published or retracted.
@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("version", answers.State)
def test_an_answer_is_seen_while_it_is_published_and_its_question_answered(
    state: State, version: answers.State
) -> None:
    card, given = question(state=state), answer(state=version)
    is_card = state == "answered" and version in {"published", "retracted"}
    assert (channels.public_answer(card, given) is not None) == is_card
    readable = state == "answered" and version in {"published", "retracted", "superseded"}
    assert (channels.public_version(card, given) is not None) == readable


@pytest.mark.parametrize("missing", [{"published_at": None}, {"how": None}])
def test_a_version_that_was_never_published_is_not_read(missing: dict[str, None]) -> None:
    assert channels.public_version(question(state=State.ANSWERED), answer(**missing)) is None


def test_an_answer_for_everybody_says_how_it_was_given_and_whom_it_covers() -> None:
    given = channels.public_answer(question(state=State.ANSWERED), answer())
    assert given is not None
    assert (given.text, given.how, given.questions, given.people) == ("Teachers were asked first.", "spoken", 1, 18)
    assert (given.at, given.changed_at, given.kind, given.reason) == ("2026-11-27T15:22:00.000Z", None, None, "")


def test_a_corrected_answer_says_what_was_changed_and_keeps_its_time() -> None:
    second = answer(version=2, kind=answers.Correction.TYPO, reason="A name.", first_at=AT, published_at=LATER)
    given = channels.public_answer(question(state=State.ANSWERED), second)
    assert given is not None
    assert (given.version, given.kind, given.reason) == (2, "typo", "A name.")
    assert (given.at, given.changed_at) == ("2026-11-27T15:00:00.250Z", "2026-11-27T15:22:00.000Z")


@pytest.mark.parametrize("state", [answers.State.RETRACTED, answers.State.SUPERSEDED])
def test_a_retracted_text_is_never_read_again(state: answers.State) -> None:
    """Not on its card, and not at its own address once a correction has taken its place."""
    withdrawn = answer(state=state, retracted_at=LATER, retract_reason="Wrong figure.")
    given = channels.public_version(question(state=State.ANSWERED), withdrawn)
    assert given is not None
    assert (given.text, given.reason, given.retracted_at) == ("", "Wrong figure.", "2026-11-27T15:22:00.000Z")


def test_an_event_in_draft_is_known_to_its_staff_only() -> None:
    for phase in events.Phase:
        assert (channels.public_event(event(phase=phase)) is None) == (phase == "draft")
        assert channels.staff_event(event(phase=phase)).phase == phase.value


def test_an_event_tells_everybody_why_they_cannot_ask() -> None:
    stopped = channels.public_event(event(stopped=frozenset({events.Switch.ASKING}), notice="Back at five."))
    assert stopped is not None
    assert (stopped.asking, stopped.voting, stopped.frozen) == ("stopped_asking", "", False)
    assert stopped.notice == "Back at five."
    frozen = channels.public_event(event(stopped=frozenset({events.Switch.FROZEN})))
    assert frozen is not None
    assert (frozen.asking, frozen.voting, frozen.frozen) == ("stopped_frozen", "stopped_frozen", True)
    assert channels.staff_event(event(stopped=frozenset({events.Switch.FROZEN}))).stopped == ["frozen"]


def test_staff_see_every_fact_of_the_event_that_everybody_sees() -> None:
    public, staff = channels.public_event(event()), channels.staff_event(event())
    assert public is not None
    assert asdict(staff) == {**asdict(public), "version": 3, "stopped": []}
    assert isinstance(staff, StaffEvent)


def test_staff_see_a_draft() -> None:
    draft = channels.staff_answer(answer(state=answers.State.DRAFT, how=None, published_at=None, publish_at=AT))
    assert isinstance(draft, StaffAnswer)
    assert (draft.state, draft.how, draft.text) == ("draft", None, "Teachers were asked first.")
    assert (draft.publish_at, draft.published_at) == ("2026-11-27T15:00:00.250Z", None)
    assert isinstance(channels.as_staff(question()), StaffQuestion)


ASKED: Final[dict[str, PublicQuestion | None]] = {
    "none": None,
    "open": channels.public_question(question(place=None)),
    "now": channels.public_question(question(state=State.ANSWERING)),
}
ANSWERED: Final[dict[str, PublicAnswer | None]] = {
    "none": None,
    "first": channels.public_answer(question(state=State.ANSWERED), answer()),
    "second": channels.public_answer(question(state=State.ANSWERED), answer(version=2, kind=answers.Correction.TYPO)),
    "withdrawn": channels.public_answer(
        question(state=State.ANSWERED), answer(state=answers.State.RETRACTED, retracted_at=LATER)
    ),
}

# What the page is told when it goes from the row to the column.
TOLD_OF_QUESTION: Final = grid("""
         none             open           now
  none   .                question.shown question.shown
  open   question.removed .              question.shown
  now    question.removed question.shown .
""")
TOLD_OF_ANSWER: Final = grid("""
            none           first            second           withdrawn
  none      .              answer.published answer.published answer.retracted
  first     answer.removed .                answer.corrected answer.retracted
  second    answer.removed answer.corrected .                answer.retracted
  withdrawn answer.removed answer.corrected answer.corrected .
""")


def test_every_change_before_the_audience_is_told_as_the_tables_say() -> None:
    seen = 0
    for (asked, answered), (then_asked, then_answered) in product(product(ASKED, ANSWERED), repeat=2):
        before = Sight(ASKED[asked], ANSWERED[answered])
        after = Sight(ASKED[then_asked], ANSWERED[then_answered])
        told = [TOLD_OF_QUESTION[asked, then_asked], TOLD_OF_ANSWER[answered, then_answered]]
        entries = announcements(before, after)
        assert [type_ for type_, _ in entries] == [type_ for type_ in told if type_]
        assert [data for _, data in entries] == [_data(type_, after) for type_, _ in entries]
        seen += 1
    assert seen == 144


def _data(type_: str, after: Sight) -> dict[str, Any]:
    if type_.endswith(".removed"):
        return {"n": 214}
    whole = after.question if type_ == "question.shown" else after.answer
    assert whole is not None
    return asdict(whole)


def test_a_voice_can_be_added_to_what_is_open_or_chosen() -> None:
    assert {State.APPROVED, State.SHORTLISTED} == channels.VOICES_IN


def test_a_question_that_can_have_a_voice_is_seen_by_everybody() -> None:
    assert all(SEEN[state.value, "public"] for state in channels.VOICES_IN)


def test_hiding_and_withdrawing_take_a_question_from_everybodys_sight() -> None:
    for action in (Action.HIDE, Action.WITHDRAW, Action.DECLINE, Action.FLAG):
        exits = {"hide": "hidden", "withdraw": "withdrawn", "decline": "declined", "flag": "flagged"}
        assert channels.public_question(question(state=State(exits[action]))) is None
