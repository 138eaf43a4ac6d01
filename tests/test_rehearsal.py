"""The rehearsal: its checker finds what is wrong, it leaves real events alone, and a whole one comes out clean."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from qa import rehearsal
from qa.crowd import checking, script
from qa.crowd.checking import Findings, Heard, Part, Sent
from qa.crowd.report import Report
from qa.crowd.team import way
from qa.domain import snapshot
from qa.domain.events import Action, Phase
from qa.domain.questions import Action as Verb
from qa.domain.views import PublicEvent
from qa.store import events, staff
from tests.serving import Served, serving
from tests.world import World


def all_well() -> tuple[list[Sent], list[tuple[int, str]], list[int]]:
    sent = [Sent("a", {1}), Sent("b", {2}), Sent("c", {3})]
    return sent, [(1, "a"), (2, "b"), (3, "c")], [1, 2, 3]


def test_questions_that_are_all_there_are_no_finding() -> None:
    findings = Findings()
    checking.check_questions(findings, *all_well())
    assert findings.clean


def test_a_lost_question_is_found_in_the_log_and_at_the_desk() -> None:
    sent, logged, kept = all_well()
    findings = Findings()
    checking.check_questions(findings, sent, logged[:-1], kept)
    checking.check_questions(findings, sent, logged, kept[1:])
    assert findings.lost == [
        "c was acknowledged as 3 and is not in the log",
        "a is in the log as 1 and not at the desk",
    ]
    assert not findings.doubled


def test_a_doubled_question_is_found_wherever_it_shows() -> None:
    sent, logged, kept = all_well()
    sent[0].numbers.add(4)
    findings = Findings()
    checking.check_questions(findings, sent, [*logged, (4, "a")], [*kept, 4, 4])
    assert findings.doubled == [
        "a is in the log as [1, 4]",
        "number 4 is there 2 times",
        "a was acknowledged as [1, 4]",
    ]
    assert not findings.lost


def test_what_was_never_acknowledged_is_neither_lost_nor_doubled() -> None:
    findings = Findings()
    checking.check_questions(findings, [Sent("a"), Sent("b", refused="too_soon")], [(1, "a")], [1])
    assert findings.clean


@pytest.mark.parametrize(
    ("parts", "head", "fault", "said"),
    [
        ([Part(2, [3, 4, 5])], 5, None, ""),
        ([Part(2, [3, 5])], 5, "lost", "entries 4"),
        ([Part(2, [3, 4])], 5, "lost", "entries 5"),
        ([Part(2, [])], 5, "lost", "entries 3, 4, 5"),
        ([], 5, "lost", "never got in"),
        ([Part(2, [3, 4, 4, 5])], 5, "doubled", "entries 4"),
        ([Part(2, [2, 3, 4, 5])], 5, "doubled", "entries 2"),
        ([Part(2, [3, 5, 4])], 5, "disordered", "entries 4"),
        # A snapshot in between stands for what was not heard; what follows it must be whole again.
        ([Part(2, [3]), Part(8, [9])], 9, None, ""),
        ([Part(2, [3, 5]), Part(8, [9])], 9, "lost", "entries 4"),
        ([Part(2, [3]), Part(8, [10])], 10, "lost", "entries 9"),
    ],
)
def test_each_listener_heard_each_entry_once_and_in_order(
    parts: list[Part], head: int, fault: str | None, said: str
) -> None:
    findings = Findings()
    checking.check_heard(findings, [Heard("viewer 1", parts)], head)
    told = {name: getattr(findings, name) for name in ("lost", "doubled", "disordered")}
    assert {name for name, faults in told.items() if faults} == ({fault} if fault else set())
    assert fault is None or said in told[fault][0]


def test_many_missing_entries_are_one_finding() -> None:
    findings = Findings()
    checking.check_heard(findings, [Heard("viewer 1", [Part(0, [])])], 400)
    assert findings.lost == ["viewer 1 did not hear 400 entries (1, 2, 3, 4, 5, …)"]


def test_an_entry_counts_as_heard_by_all_in_a_frame_or_in_a_snapshot() -> None:
    first, second = Heard("1", [Part(0, [1, 2, 3])]), Heard("2", [Part(0, [1]), Part(2, [3])])
    assert checking.heard_by_all([first, second], 0, 3) == 3
    assert checking.heard_by_all([first, second, Heard("3", [Part(0, [1, 3])])], 0, 3) == 2


def test_voices_are_those_that_were_acknowledged() -> None:
    findings = Findings()
    checking.check_voices(findings, [(1, 7), (2, 7), (2, 8)], {7: 2, 8: 1, 9: 0})
    assert findings.clean
    checking.check_voices(findings, [(1, 7), (2, 7)], {7: 1, 8: 1})
    assert findings.lost == ["question 7 lost 1 voices"]
    assert findings.doubled == ["question 8 has 1 voices too many"]


EVENT = PublicEvent("h", "s", "0", {}, "live", "", "", "UTC", None, None, "", "", False, "", True)


def test_the_page_made_of_the_entries_must_be_the_servers() -> None:
    before = snapshot.snapshot("e", 1, EVENT, [], [])
    closed = {"seq": 2, "type": "event.changed", "data": {**before["event"], "phase": "closed"}}
    after = snapshot.snapshot("e", 2, replace(EVENT, phase="closed"), [], [])

    def lost(entries: list[dict[str, Any]], then: dict[str, Any]) -> list[str]:
        findings = Findings()
        checking.check_page(findings, before, entries, then)
        return findings.lost

    assert lost([closed], after) == []
    assert "has other event" in lost([closed], {**after, "event": before["event"]})[0]
    assert "nobody heard" in lost([{**closed, "seq": 3}], after)[0]


@pytest.mark.parametrize("seed", range(5))
def test_a_script_is_the_same_for_the_same_seed_and_keeps_to_its_time(seed: int) -> None:
    plot = script.write(seed, askers=20, seconds=60)
    assert plot == script.write(seed, askers=20, seconds=60)
    assert plot != script.write(seed + 1, askers=20, seconds=60)
    assert len(plot.asks) == 20 * script.EACH_A_MINUTE
    assert len({ask.key for ask in plot.asks}) == len({ask.mark for ask in plot.asks}) == len(plot.asks)
    assert {ask.asker for ask in plot.asks} == set(range(20))
    assert {ask.way for ask in plot.asks} == set(script.Way)
    assert {"en", "zh-Hant"} <= {ask.lang for ask in plot.asks}
    times = [ask.at for ask in plot.asks]
    assert times == sorted(times)
    assert (times[0], round(times[-1], 6)) == (0, 60)


def test_a_first_question_is_never_repeated() -> None:
    """Its answer brings the cookie: repeated before that, it would come from somebody else."""
    seen: set[int] = set()
    for ask in script.write(1, askers=50, seconds=60).asks:
        assert ask.asker in seen or ask.way is script.Way.ONCE
        seen.add(ask.asker)


@pytest.mark.parametrize(
    ("before", "after", "steps"),
    [
        (Phase.ANNOUNCED, Phase.LIVE, [Action.OPEN]),
        (Phase.LIVE, Phase.LIVE, []),
        (Phase.CLOSED, Phase.LIVE, [Action.REOPEN, Action.RESUME]),
        (Phase.ARCHIVED, Phase.LIVE, None),
    ],
)
def test_the_host_finds_the_shortest_way(before: Phase, after: Phase, steps: list[Action] | None) -> None:
    assert way(before, after) == steps


def rehearse(served: Served, **more: Any) -> Report:
    options = {"viewers": 12, "askers": 6, "minutes": 0.15, **more}
    return rehearsal.run(served.site.settings.database_url, url=served.url, **options)


@pytest.fixture
def refused() -> Callable[..., str]:
    """Why a rehearsal was refused."""

    def why(database_url: str, url: str, **more: Any) -> str:
        with pytest.raises(rehearsal.NotRehearsed) as caught:
            rehearsal.run(database_url, url=url, viewers=1, askers=1, minutes=0.1, **more)
        return str(caught.value)

    return why


@pytest.mark.timeout(120)
def test_a_rehearsal_over_real_sockets_is_clean_and_leaves_a_closed_event_without_access(database_url: str) -> None:
    shown: list[float] = []
    with serving(database_url) as served:
        report = rehearse(served, progress=lambda share, _: shown.append(share))
        database = served.site.database
        event = database.read(events.by_slug, *report.event.removeprefix("@").split("/"))
        assert event
        assert (event.phase, event.rehearsal) == (Phase.CLOSED, True)
        team = database.read(lambda conn: [staff.by_id(conn, n) for n in (1, 2, 3)])
        assert all(person and person.disabled_at for person in team)
    assert report.clean, "\n".join(report.lines())
    assert report.asked == report.acknowledged == report.logged == 6
    assert report.entries == report.heard > 5
    assert report.cuts == report.reconnects > 0
    assert report.desk["published"] > 0
    assert shown == sorted(shown)
    assert shown[-1] == 1


@pytest.mark.timeout(120)
def test_an_event_made_for_rehearsing_can_be_rehearsed_with_what_is_in_it(sqlite_url: str) -> None:
    with serving(sqlite_url) as served:
        world = World(served.site.database, served.site.writer)
        event = world.event("dry-run", rehearsal=True)
        card = world.move(world.ask(event, "What was asked before?"), Verb.APPROVE)
        world.voice(card, "somebody before")
        report = rehearse(served, event="@audrey/dry-run")
    assert report.clean, "\n".join(report.lines())


def test_a_real_event_is_never_rehearsed(sqlite_url: str, refused: Callable[..., str]) -> None:
    with serving(sqlite_url) as served:
        world = World(served.site.database, served.site.writer)
        event = world.event("sitting")
        before = world.database.read(events.by_id, event.id)
        assert "a real event" in refused(sqlite_url, served.url, event="@audrey/sitting")
        assert world.database.read(events.by_id, event.id) == before
        assert world.database.read(staff.of_event, event.id) == []


def test_an_event_that_is_not_there_is_named(sqlite_url: str, refused: Callable[..., str]) -> None:
    assert "there is no event @nobody/nothing" in refused(sqlite_url, "http://127.0.0.1:9", event="@nobody/nothing")


@pytest.mark.parametrize("url", ["http://192.0.2.1:8000", "https://example.org", "ftp://127.0.0.1", "127.0.0.1"])
def test_other_machines_are_left_alone(sqlite_url: str, refused: Callable[..., str], url: str) -> None:
    assert url in refused(sqlite_url, url)


def command(database_url: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """`qa rehearse` as a process of its own."""
    environ = {**os.environ, "DATABASE_URL": database_url}
    line = [sys.executable, "-m", "qa", "rehearse", *arguments]
    return subprocess.run(line, check=False, env=environ, capture_output=True, text=True)


def test_the_command_refuses_on_stderr_with_a_status_of_its_own(sqlite_url: str) -> None:
    done = command(sqlite_url, "--url", "http://192.0.2.1")
    assert (done.returncode, done.stdout) == (2, "")
    assert "is not this machine" in done.stderr


@pytest.mark.timeout(120)
def test_the_command_reports_as_json(sqlite_url: str) -> None:
    with serving(sqlite_url) as served:
        size = ("--viewers", "3", "--askers", "2", "--minutes", "0.1")
        done = command(sqlite_url, "--url", served.url, "--json", *size)
    report = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert (report["clean"], report["asked"], report["lost"]) == (True, 2, [])
    assert set(report["milliseconds"]) == {"ask", "seen"}


def test_a_server_that_does_not_answer_is_named(sqlite_url: str, refused: Callable[..., str]) -> None:
    assert "nobody answers at http://127.0.0.1:9" in refused(sqlite_url, "http://127.0.0.1:9")
