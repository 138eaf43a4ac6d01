"""The demo's world: every state is in it, its logs are whole, and filling it again changes nothing."""

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from qa import samples, seeds
from qa.actions.staff import fingerprint
from qa.domain import answers as answer_rules
from qa.domain import chain, events, questions, text
from qa.domain.channels import Channel
from qa.domain.events import Event, Phase
from qa.domain.snapshot import being_answered, next_up
from qa.domain.views import stamp
from qa.settings import read
from qa.store import accounts, log, staff
from qa.store import answers as answer_store
from qa.store import events as event_store
from qa.store import questions as question_store
from qa.store.database import Database
from qa.web.present import Present, read_present

NOW = datetime(2026, 11, 27, 15, 24, 4, tzinfo=UTC)
SETTINGS = read({"SECRET_KEY": "a secret of the tests that is long enough"})
LANGUAGES = {"", "zh-Hans", "zh-Hant", "he"}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Database]:
    """One world for the tests that only look at it."""
    file = tmp_path_factory.mktemp("seeds") / "qa.db"
    shutil.copy(sqlite_template, file)
    database = Database(f"sqlite:///{file}")
    seeds.fill(database, SETTINGS, NOW)
    yield database
    database.close()


def event_in(database: Database, phase: Phase) -> Event:
    (event,) = (event for event in database.read(event_store.every) if event.phase is phase)
    return event


def present_in(database: Database, phase: Phase) -> Present:
    present = database.read(read_present, event_in(database, phase))
    assert present
    return present


def heads(database: Database) -> dict[log.Key, int]:
    return database.read(log.heads_of, [event.id for event in database.read(event_store.every)])


def test_filling_twice_adds_nothing_but_links(database_url: str) -> None:
    database = Database(database_url)
    try:
        first = seeds.fill(database, SETTINGS, NOW)
        before = heads(database)
        second = seeds.fill(database, SETTINGS, NOW)
        assert len(before) == 8
        assert heads(database) == before
        assert second.addresses == first.addresses
        tokens = [path.split("/")[3].split("?")[0] for world in (first, second) for _, _, path in world.links]
        assert len(set(tokens)) == 2 * len(first.links)
        assert all(database.read(staff.link_person, fingerprint(token), NOW) for token in tokens)
    finally:
        database.close()


def test_there_is_an_event_in_each_phase_that_people_meet(filled: Database) -> None:
    phases = {event.phase for event in filled.read(event_store.every)}
    assert phases == {Phase.ANNOUNCED, Phase.COLLECTING, Phase.LIVE, Phase.ARCHIVED}


def test_the_live_event_has_a_question_in_every_state(filled: Database) -> None:
    cards = filled.read(question_store.every, event_in(filled, Phase.LIVE).id)
    assert {card.state for card in cards} == set(questions.State)
    assert {"en", "he", "zh-Hant"} <= {card.lang for card in cards}
    assert {card.code for card in cards} >= set(questions.Code) - {
        questions.Code.COURT_CASE,
        questions.Code.INSULTING,
        questions.Code.UNLAWFUL,
        questions.Code.TIME_RAN_OUT,
    }


def test_its_answers_were_given_in_every_way_and_one_was_corrected(filled: Database) -> None:
    versions = filled.read(answer_store.every, event_in(filled, Phase.LIVE).id)
    assert {answer.how for answer in versions} == set(answer_rules.How)
    (second,) = (answer for answer in versions if answer.version == 2)
    assert (second.state, second.kind) == (answer_rules.State.PUBLISHED, answer_rules.Correction.CLARIFICATION)
    assert any(answer.people > 30 for answer in versions)


def test_the_audience_sees_what_is_answered_now_and_next_and_nothing_hidden(filled: Database) -> None:
    present = present_in(filled, Phase.LIVE)
    assert being_answered(present.snapshot)
    assert next_up(present.snapshot)
    assert len(present.open) > 40
    hidden = [row.question for row in samples.rows("live") if row.fate in {"hidden", "received", "withdrawn"}]
    assert hidden
    assert not [question for question in hidden if question in str(present.snapshot)]


def test_the_record_says_for_most_questions_that_time_ran_out(filled: Database) -> None:
    event = event_in(filled, Phase.ARCHIVED)
    codes = Counter(card.code for card in filled.read(question_store.every, event.id) if card.code)
    assert codes.most_common(1)[0][0] is questions.Code.TIME_RAN_OUT
    states = {answer.state for answer in filled.read(answer_store.every, event.id)}
    assert states == {answer_rules.State.PUBLISHED, answer_rules.State.RETRACTED}


def test_many_questions_wait_for_the_event_to_come(filled: Database) -> None:
    present = present_in(filled, Phase.COLLECTING)
    assert len(present.open) >= 40
    assert (present.event.starts_at - NOW).days == 2


@pytest.mark.parametrize("channel", [Channel.PUBLIC, Channel.STAFF])
def test_every_log_is_whole_and_in_the_order_of_time(filled: Database, channel: Channel) -> None:
    for event in filled.read(event_store.every):
        entries = filled.read(log.after, event.id, channel, 0, 10_000)
        lines = [asdict(entry) | {"at": stamp(entry.at)} for entry in entries]
        assert lines
        assert chain.faults(event.epoch, lines) == []
        times = [entry.at for entry in entries]
        assert times == sorted(times)
        assert times[-1] <= NOW


def test_staff_work_in_every_event_in_every_role(filled: Database) -> None:
    for event in filled.read(event_store.every):
        roles = Counter(role.value for _, role in filled.read(staff.of_event, event.id))
        assert roles == {"moderator": 3, "editor": 1, "host": 1, "approver": 1, "owner": 1}


def test_every_account_says_that_it_is_a_demonstration(filled: Database) -> None:
    found = filled.read(accounts.every)
    assert len(found) == 4
    for account in found:
        assert account.demo
        assert account.verified.startswith("A sample of the mark")
        assert set(account.names) == set(account.abouts) == LANGUAGES


def test_every_event_is_told_in_four_languages(filled: Database) -> None:
    for event in filled.read(event_store.every):
        assert set(event.titles) == set(event.abouts) == LANGUAGES
        for topic in event.topics:
            expected = {f"{part}:{tag}".removesuffix(":") for part in ("title", "about") for tag in LANGUAGES}
            assert set(topic) == expected


def test_questions_of_the_samples_are_taken_as_they_are() -> None:
    asked = [line.question for line in samples.questions()]
    assert len(asked) > 350
    assert [text.take(text.QUESTION, question) for question in asked] == asked


def test_answers_of_the_samples_are_taken_as_they_are() -> None:
    given = [row.answer for story in samples.STORIES for row in samples.rows(story) if row.answer]
    assert len(given) > 20
    assert [text.take(text.ANSWER, answer) for answer in given] == given


def test_petitions_came_in_order_and_few_were_signed_by_many() -> None:
    seconds = [second for second, _ in samples.arrivals()]
    signatures = sorted(count for _, count in samples.arrivals())
    assert len(seconds) == 400
    assert seconds == sorted(seconds)
    assert signatures[-1] > 100 * signatures[200]


def test_notice_names_every_source() -> None:
    notice = (Path(__file__).parent.parent / "NOTICE").read_text(encoding="utf-8")
    for source in (
        "audreyt/transcript",
        "brian14708/wh-briefings",
        "omilab/Neural-Sentiment-Analyzer-for-Modern-Hebrew",
        "jakubfiala/ukpetitions.info",
        "Contains Parliamentary information licensed under the Open Parliament Licence v3.0",
    ):
        assert source in notice


def test_an_event_may_be_asked_when_the_demo_says_so(filled: Database) -> None:
    for event in filled.read(event_store.every):
        asking = events.is_open(event.phase, event.stopped, events.Doing.ASK)
        assert (asking == "") is (event.phase in {Phase.LIVE, Phase.COLLECTING})
