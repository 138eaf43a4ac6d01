"""Writing an answer: draft, hold slot, Stop, publishing, and then only versions."""

from datetime import timedelta
from functools import partial
from typing import Any, Final

import pytest

from qa.actions import answers
from qa.domain.answers import Answer, State
from qa.domain.channels import Channel
from qa.domain.events import Action as Step
from qa.domain.events import Switch
from qa.domain.permissions import Role
from qa.domain.questions import Action
from qa.domain.questions import State as QuestionState
from qa.domain.refusals import Stale
from qa.domain.snapshot import Json
from qa.domain.views import stamp
from qa.store import accounts
from qa.store import answers as answer_store
from tests.actions.stage import PATHS, Stage, heads, refusal


def shown(stage: Stage, n: int) -> Json | None:
    """The answer's card on a page opened now."""
    return next((answer for answer in stage.present()["answers"] if answer["n"] == n), None)


def save(stage: Stage, n: int, rev: int, **fields: Any) -> Answer:
    given: dict[str, Any] = {"written": "A draft.", "how": "spoken", "lang": "en", **fields}
    return stage.act(answers.save, stage.staff[Role.EDITOR], stage.event_id, n, rev=rev, **given)


def hold(stage: Stage, n: int, rev: int, seconds: int = 20) -> Answer:
    return stage.act(answers.hold, stage.staff[Role.EDITOR], stage.event_id, n, rev=rev, seconds=seconds)


# Drafts


def test_a_draft_is_saved_again_and_again_and_only_its_beginning_is_told(stage: Stage) -> None:
    n = stage.answering()
    public, staff = heads(stage)
    saved = [save(stage, n, rev, written=f"Draft {rev}") for rev in range(4)]
    assert [draft.rev for draft in saved] == [1, 2, 3, 4]
    newest = stage.newest(n)
    assert newest == saved[-1]
    assert newest.text == "Draft 3"
    assert (newest.saved_at, newest.saved_by) == (stage.now, stage.staff[Role.EDITOR].initials)
    assert heads(stage) == (public, staff + 1)
    assert shown(stage, n) is None


def test_two_writers_do_not_write_over_each_other(stage: Stage) -> None:
    n = stage.answering()
    save(stage, n, 0)
    save(stage, n, 1, written="Mine.")
    before = stage.tables()
    with pytest.raises(Stale) as refused:
        save(stage, n, 1, written="Theirs.")
    assert refused.value.facts["current"]["text"] == "Mine."
    assert (refused.value.facts["current"]["rev"], refused.value.facts["by"]) == (2, stage.staff[Role.EDITOR].initials)
    assert stage.tables() == before
    assert refusal(lambda: save(stage, n, 0)) == "stale", "and nobody starts it a second time"


def test_a_draft_may_be_unfinished(stage: Stage) -> None:
    n = stage.answering()
    draft = save(stage, n, 0, written="  ", how=None, lang="")
    assert (draft.text, draft.how, draft.lang) == ("", None, stage.card(n).lang)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"written": "x" * 5_001}, "too_long"),
        ({"how": "by heart"}, "no_how"),
        ({"lang": "x" * 30}, "no_lang"),
        ({"lang": "en\x00"}, "no_lang"),
        ({"lang": chr(0xD800)}, "no_lang"),
        ({"lang": '"><script>'}, "no_lang"),
        ({"rev": 3}, "not_found"),
    ],
)
def test_what_can_not_be_a_draft_is_refused(fields: dict[str, Any], code: str, stage: Stage) -> None:
    n = stage.answering()
    assert refusal(lambda: save(stage, n, **{"rev": 0, **fields})) == code
    assert stage.newest(n) is None


@pytest.mark.parametrize("lang", ["en", "zh-Hant", "he", "es-419", "und"])
def test_a_draft_has_a_language(lang: str, stage: Stage) -> None:
    assert save(stage, stage.answering(), 0, lang=lang).lang == lang


def test_a_published_text_is_not_saved_over(stage: Stage) -> None:
    n = stage.published()
    assert refusal(lambda: stage.save(n)) == "no_such_move"


# The hold slot


def test_an_answer_waits_in_the_hold_slot_and_nobody_reads_it(stage: Stage) -> None:
    n = stage.drafted()
    public, staff = heads(stage)
    held = stage.hold(n, seconds=20)
    assert (held.state, held.publish_at) == (State.HOLDING, stage.now + timedelta(seconds=20))
    assert heads(stage) == (public, staff + 1)
    assert shown(stage, n) is None
    assert stage.card(n).state is QuestionState.ANSWERING


@pytest.mark.parametrize(
    ("fields", "seconds", "code"),
    [
        ({"written": " "}, 20, "empty"),
        ({"how": None}, 20, "no_how"),
        ({}, 61, "hold_range"),
        ({}, -1, "hold_range"),
    ],
)
def test_what_is_unfinished_is_not_sent(fields: dict[str, Any], seconds: int, code: str, stage: Stage) -> None:
    n = stage.answering()
    save(stage, n, 0, **fields)
    assert refusal(lambda: hold(stage, n, 1, seconds)) == code


def test_what_somebody_saved_since_is_not_sent_unseen(stage: Stage) -> None:
    n = stage.drafted()
    save(stage, n, 1, written="Changed.")
    with pytest.raises(Stale) as refused:
        hold(stage, n, 1)
    assert refused.value.facts["current"]["text"] == "Changed."
    assert refusal(lambda: hold(stage, stage.answering(), 0)) == "not_found"


def test_what_is_held_is_not_sent_again_and_not_written_on(stage: Stage) -> None:
    n = stage.held()
    assert refusal(lambda: stage.hold(n)) == "no_such_move"
    assert refusal(lambda: stage.save(n)) == "no_such_move"


SENT_FROM: Final = {"shortlisted", "answering"}


@pytest.mark.parametrize("state", PATHS)
def test_an_answer_is_sent_while_its_question_is_on_the_line(state: str, stage: Stage) -> None:
    n = stage.asked(*PATHS[state])
    stage.save(n)
    assert refusal(lambda: stage.hold(n)) == ("" if state in SENT_FROM else "no_such_move")


@pytest.mark.parametrize(
    ("switch", "reason"),
    [
        (Switch.PUBLISHING, "stopped_publishing"),
        (Switch.FROZEN, "stopped_frozen"),
        (Switch.ASKING, ""),
        (Switch.VOTING, ""),
    ],
)
def test_nothing_is_sent_while_publishing_is_stopped(switch: Switch, reason: str, stage: Stage) -> None:
    n = stage.drafted()
    stage.throw(switch)
    assert refusal(lambda: stage.hold(n)) == reason


def test_nothing_new_is_sent_after_the_event(stage: Stage) -> None:
    n = stage.drafted()
    stage.step(Step.LAST_QUESTIONS)
    with stage.undone():
        stage.hold(n)
    stage.step(Step.CLOSE)
    assert refusal(lambda: stage.hold(n)) == "phase_closed"


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.EDITOR, Role.APPROVER, Role.HOST, Role.OWNER])
def test_stop_makes_it_a_draft_again(role: Role, stage: Stage) -> None:
    n = stage.held()
    stopped = stage.stop(n, role)
    assert (stopped.state, stopped.publish_at) == (State.DRAFT, None)
    assert stage.publish_due(n) is None
    assert refusal(lambda: stage.stop(n, role)) == "no_such_move"
    stage.save(n)
    assert stage.hold(n).state is State.HOLDING


def test_stop_works_whatever_else_is_stopped(stage: Stage) -> None:
    n = stage.held()
    for switch in Switch:
        stage.throw(switch)
    stage.step(Step.CLOSE, Step.ARCHIVE)
    assert stage.stop(n).state is State.DRAFT


# Publishing


def test_at_the_end_of_the_slot_it_is_published_and_not_before(stage: Stage) -> None:
    n = stage.drafted()
    stage.hold(n, seconds=20)
    assert stage.publish_due(n, seconds=18) is None, "the act itself takes the nineteenth"
    published = stage.publish_due(n, seconds=0)
    assert published
    assert (published.state, published.published_at, published.publish_at) == (State.PUBLISHED, stage.now, None)
    assert stage.card(n).state is QuestionState.ANSWERED


def test_what_is_due_is_published_once(stage: Stage) -> None:
    n = stage.held()
    assert stage.publish_due(n)
    before = stage.tables()
    assert stage.publish_due(n) is None
    assert stage.act(answers.publish_due, stage.event_id, n, 2) is None
    assert stage.act(answers.publish_due, stage.event_id, 9_999, 1) is None
    assert stage.tables() == before


def test_what_is_due_is_found_the_longest_over_first(stage: Stage) -> None:
    late, early, not_yet = stage.drafted(), stage.drafted(), stage.drafted()
    for n, seconds in [(late, 40), (early, 10), (not_yet, 60)]:
        stage.hold(n, seconds=seconds)
    stage.pass_time(45)
    due = [held.n for held in answer_store.due(stage.conn, stage.now) if held.event_id == stage.event_id]
    assert due == [early, late]


@pytest.mark.parametrize("switch", [Switch.PUBLISHING, Switch.FROZEN])
def test_what_is_held_waits_while_publishing_is_stopped(switch: Switch, stage: Stage) -> None:
    n = stage.held()
    stage.throw(switch)
    assert stage.publish_due(n) is None
    assert shown(stage, n) is None
    stage.throw(switch, stopped=False)
    assert stage.publish_due(n)
    assert shown(stage, n)


def test_with_no_hold_slot_it_is_published_at_once(stage: Stage) -> None:
    n = stage.drafted()
    public, _ = heads(stage)
    assert stage.hold(n, seconds=0).state is State.PUBLISHED
    told = stage.entries(Channel.PUBLIC, public)
    assert [entry["type"] for entry in told] == ["question.removed", "answer.published"]
    assert told[1]["data"] == shown(stage, n)


def test_an_answer_covers_the_asker_and_everybody_with_a_voice(stage: Stage) -> None:
    n = stage.asked(Action.APPROVE)
    for who in ("a", "b", "c"):
        stage.voice(n, who)
    stage.voice(n, "b", on=False)
    stage.move(n, Action.ANSWER)
    stage.save(n)
    stage.hold(n, seconds=0)
    answer = shown(stage, n)
    assert answer
    assert (answer["questions"], answer["people"]) == (1, 3)


def test_a_published_answer_is_a_post_on_the_accounts_page_once(stage: Stage) -> None:
    n = stage.published()
    stage.correct(n)
    stage.hold(n, seconds=0)
    posts = [post for post in accounts.posts_of(stage.conn, stage.event.account_id, 1_000) if post[1] == n]
    assert len(posts) == 1


# After publishing


def test_a_correction_is_a_version_with_its_kind_and_reason(stage: Stage) -> None:
    n = stage.published()
    first = shown(stage, n)
    draft = stage.correct(n, kind="clarification")
    assert (draft.version, draft.state, draft.rev, draft.published_at) == (2, State.DRAFT, 1, None)
    assert shown(stage, n) == first, "the draft of a correction changes nothing yet"
    stage.save(n)
    stage.hold(n, seconds=0)
    second = shown(stage, n)
    assert second
    assert (second["version"], second["kind"], second["reason"]) == (2, "clarification", draft.reason)
    assert first
    assert (second["at"], first["changed_at"]) == (first["at"], None), "it keeps its time and its place"
    assert second["changed_at"] == stamp(stage.now)
    versions = answer_store.versions(stage.conn, stage.event_id, n)
    assert [(answer.version, answer.state) for answer in versions] == [(2, State.PUBLISHED), (1, State.SUPERSEDED)]
    assert versions[1].text == first["text"], "the old version stays as it was"


@pytest.mark.parametrize(("kind", "reason", "code"), [("", "Why", "no_kind"), ("typo", " ", "empty")])
def test_a_correction_says_what_it_is_and_why(kind: str, reason: str, code: str, stage: Stage) -> None:
    n = stage.published()
    editor = stage.staff[Role.EDITOR]
    act = partial(stage.act, answers.correct, editor, stage.event_id, n, kind=kind, reason=reason)
    assert refusal(act) == code


def test_one_correction_at_a_time(stage: Stage) -> None:
    n = stage.published()
    stage.correct(n)
    assert refusal(lambda: stage.correct(n)) == "no_such_move"
    assert refusal(lambda: stage.correct(stage.answering())) == "not_found"


def test_the_record_can_be_corrected_after_the_event(stage: Stage) -> None:
    n = stage.published()
    stage.step(Step.CLOSE, Step.ARCHIVE)
    stage.correct(n)
    stage.save(n)
    stage.hold(n)
    assert stage.publish_due(n)
    answer = shown(stage, n)
    assert answer
    assert answer["version"] == 2


def test_a_retracted_answer_keeps_its_place_and_the_reason_and_loses_its_text(stage: Stage) -> None:
    n = stage.published()
    public, staff = heads(stage)
    stage.retract(n)
    answer = shown(stage, n)
    assert answer
    assert answer["text"] == ""
    assert answer["reason"]
    assert answer["retracted_at"]
    assert heads(stage) == (public + 1, staff + 1)
    assert refusal(lambda: stage.retract(n)) == "no_such_move"


def test_retracting_always_works(stage: Stage) -> None:
    n = stage.published()
    stage.correct(n)
    for switch in Switch:
        stage.throw(switch)
    stage.step(Step.CLOSE, Step.ARCHIVE)
    stage.retract(n)
    answer = shown(stage, n)
    assert answer
    assert answer["text"] == ""


def test_a_retraction_needs_a_reason_and_something_published(stage: Stage) -> None:
    n, draft = stage.published(), stage.drafted()
    who = stage.staff[Role.EDITOR]
    assert refusal(lambda: stage.act(answers.retract, who, stage.event_id, n, reason=" ")) == "empty"
    assert refusal(lambda: stage.retract(draft)) == "no_such_move"
    assert refusal(lambda: stage.retract(stage.answering())) == "not_found"


def test_a_retracted_answer_can_be_corrected_and_stands_again(stage: Stage) -> None:
    n = stage.published()
    stage.retract(n)
    stage.correct(n)
    stage.save(n)
    stage.hold(n, seconds=0)
    answer = shown(stage, n)
    assert answer
    assert (answer["version"], answer["retracted_at"]) == (2, None)
    assert answer["text"]


def test_what_is_hidden_is_retracted_without_a_word_to_the_audience(stage: Stage) -> None:
    n = stage.published()
    stage.move(n, Action.HIDE)
    public, staff = heads(stage)
    stage.retract(n)
    assert heads(stage) == (public, staff + 1)
    assert shown(stage, n) is None
    stage.move(n, Action.UNDO)
    answer = shown(stage, n)
    assert answer
    assert answer["text"] == ""


def test_hiding_takes_a_held_correction_out_of_its_slot(stage: Stage) -> None:
    n = stage.published()
    stage.correct(n)
    stage.hold(n)
    stage.move(n, Action.HIDE)
    newest = stage.newest(n)
    assert newest
    assert (newest.version, newest.state) == (2, State.DRAFT)
    assert shown(stage, n) is None
    stage.move(n, Action.UNDO)
    again = shown(stage, n)
    assert again
    assert again["version"] == 1


def test_answers_that_stand_are_counted(stage: Stage) -> None:
    before = answer_store.count_shown(stage.conn, stage.event_id)
    kept, hidden, retracted, corrected = (stage.published() for _ in range(4))
    assert answer_store.count_shown(stage.conn, stage.event_id) == before + 4
    stage.move(hidden, Action.HIDE)
    stage.retract(retracted)
    stage.correct(corrected)
    stage.hold(corrected, seconds=0)
    stage.held()
    assert answer_store.count_shown(stage.conn, stage.event_id) == before + 2
    assert shown(stage, kept)
