"""The log: numbered without a gap by however many writers, sealed line by line, and nothing of what was rolled back."""

import random
from collections.abc import Callable
from functools import partial
from itertools import chain
from typing import Any, Final

import pytest
from sqlalchemy import delete, select, update

from qa.actions import questions
from qa.actions.questions import Asking
from qa.domain.chain import faults
from qa.domain.channels import Channel
from qa.domain.events import Event
from qa.domain.people import asker
from qa.domain.questions import Action
from qa.domain.refusals import Closed
from qa.domain.views import stamp
from qa.store import events, log
from qa.store.database import Database, Reading
from qa.store.tables import entries, heads
from qa.store.writer import Tx
from tests.store.worlds import at_once
from tests.world import SECRET, World, key

BOTH: Final = (Channel.PUBLIC, Channel.STAFF)


def wrong(conn: Reading, event: Event) -> list[str]:
    """What is wrong with an event's log: a number missing or twice, a head that is not the newest, a broken seal."""
    found = []
    for channel in BOTH:
        lines = log.after(conn, event.id, channel, 0, 100_000)
        if [entry.seq for entry in lines] != list(range(1, len(lines) + 1)):
            found.append(f"{channel}: {[entry.seq for entry in lines]}")
        if log.head(conn, event.id, channel) != len(lines):
            found.append(f"{channel}: the head is {log.head(conn, event.id, channel)} of {len(lines)}")
        found += faults(event.epoch, map(_archived, lines))
    return found


def _archived(entry: log.Entry) -> dict[str, Any]:
    line = {name: getattr(entry, name) for name in ("seq", "type", "digest", "hash", "data")}
    return {**line, "at": stamp(entry.at)}


def say(event: Event, words: str = "", channel: Channel = Channel.PUBLIC) -> Callable[[Tx], int]:
    def act(tx: Tx) -> int:
        events.locked(tx, event.id)
        return log.append(tx, event.id, channel, "question.removed", {"n": 1, "words": words})

    return act


def say_and_be_refused(event: Event) -> Callable[[Tx], int]:
    def act(tx: Tx) -> int:
        for channel in BOTH:
            say(event, "This was never said.", channel)(tx)
        raise Closed("stopped_asking")

    return act


def test_many_writers_of_two_processes_leave_no_gap(two_worlds: tuple[World, World]) -> None:
    """Some ask, some move, some are refused after they have already written."""
    one, other = two_worlds
    event = one.event()
    cards = [one.ask(event) for _ in range(6)]

    def keep_busy(world: World, seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 - no secret
        for turn in range(12):
            acts: list[Callable[[Tx], Any]] = [
                say(event, f"{seed} {turn}"),
                say_and_be_refused(event),
                lambda tx: questions.ask(tx, asker(f"asker-{seed}"), event.id, Asking(key(), "And?"), SECRET),
            ]
            futures = [world.writer.submit(act) for act in chance.sample(acts, 3)]
            assert sum(isinstance(future.exception(30), Closed) for future in futures) == 1
            world.move(cards[seed], *[Action.TAKE, Action.RELEASE] if turn == 0 else [])

    at_once([partial(keep_busy, world, seed) for seed, world in enumerate([one, other] * 3)])
    assert one.database.read(wrong, event) == []
    public = one.database.read(log.after, event.id, Channel.PUBLIC, 0, 10_000)
    said = {entry.data["words"] for entry in public if entry.type == "question.removed"}
    assert said == {f"{seed} {turn}" for seed in range(6) for turn in range(12)}


def test_what_was_rolled_back_leaves_no_hole(world: World) -> None:
    event = world.event()
    before = world.database.read(log.head, event.id, Channel.PUBLIC)
    for _ in range(3):
        with pytest.raises(Closed):
            world.writer.run(say_and_be_refused(event))
    assert world.writer.run(say(event)) == before + 1
    assert world.database.read(wrong, event) == []


@pytest.mark.parametrize("channel", BOTH)
def test_a_line_taken_out_behind_the_logs_back_is_found(channel: Channel, world: World) -> None:
    event = world.event()
    world.answer(event)
    here = (entries.c.event_id == event.id, entries.c.channel == channel.value, entries.c.seq == 3)
    _behind_its_back(world.database, delete(entries).where(*here))
    assert world.database.read(wrong, event) != []


def test_a_changed_word_is_found(world: World) -> None:
    event = world.event()
    world.answer(event)
    here = (entries.c.event_id == event.id, entries.c.channel == "public", entries.c.type == "answer.published")
    data = world.database.read(lambda conn: conn.execute(select(entries.c.data).where(*here)).scalar_one())
    _behind_its_back(world.database, update(entries).where(*here).values(data={**data, "text": "No, it won't."}))
    assert any("its data was changed" in fault for fault in world.database.read(wrong, event))


def test_a_number_taken_outside_of_the_transaction_would_leave_a_hole(world: World) -> None:
    """The seeded fault: a number that is taken first and used later, as a sequence of the database does it."""
    event = world.event()
    here = (heads.c.event_id == event.id, heads.c.channel == "public")
    _behind_its_back(world.database, update(heads).where(*here).values(seq=heads.c.seq + 1))
    with pytest.raises(Closed):
        world.writer.run(say_and_be_refused(event))
    world.writer.run(say(event))
    assert world.database.read(wrong, event) != []


def _behind_its_back(database: Database, statement: Any) -> None:
    with database.writing.connect() as conn, conn.begin():
        assert conn.execute(statement).rowcount == 1


def test_each_event_and_channel_counts_for_itself(world: World) -> None:
    one, other = world.event("one"), world.event("other")
    heads_before = world.database.read(log.heads_of, [one.id, other.id])
    world.writer.run(say(one))
    after = world.database.read(log.heads_of, [one.id, other.id])
    assert {key for key in after if after[key] != heads_before[key]} == {(one.id, Channel.PUBLIC)}
    assert set(after) == {(event.id, channel) for event in (one, other) for channel in BOTH}


def test_the_log_is_read_from_any_place(world: World) -> None:
    event = world.event()
    for number in range(10):
        world.writer.run(say(event, str(number)))
    head = world.database.read(log.head, event.id, Channel.PUBLIC)

    def numbers(found: list[log.Entry]) -> list[int]:
        return [entry.seq for entry in found]

    assert numbers(world.database.read(log.after, event.id, Channel.PUBLIC, head - 3, 10)) == [head - 2, head - 1, head]
    assert numbers(world.database.read(log.after, event.id, Channel.PUBLIC, 0, 2)) == [1, 2]
    assert world.database.read(log.after, event.id, Channel.PUBLIC, head, 10) == []
    top, newest = world.database.read(log.newest, event.id, Channel.PUBLIC, 4)
    assert (top, numbers(newest)) == (head, [head - 3, head - 2, head - 1, head])
    assert newest[-1].data == {"n": 1, "words": "9"}


def test_what_has_grown_is_read_for_several_channels_in_one_go(world: World) -> None:
    one, other = world.event("one"), world.event("other")
    cursors = world.database.read(log.heads_of, [one.id, other.id])
    assert world.database.read(log.grown, cursors, 100) == []
    for event, channel in [(one, Channel.PUBLIC), (other, Channel.STAFF), (one, Channel.PUBLIC)]:
        world.writer.run(say(event, channel=channel))
    grown = world.database.read(log.grown, cursors, 100)
    public, staff = (one.id, Channel.PUBLIC), (other.id, Channel.STAFF)
    assert [(entry.event_id, entry.channel, entry.seq) for entry in grown] == [
        (*public, cursors[public] + 1),
        (*public, cursors[public] + 2),
        (*staff, cursors[staff] + 1),
    ]
    assert len(world.database.read(log.grown, cursors, 1)) == 2, "a channel's share is bounded"


def test_a_questions_history_is_its_own(world: World) -> None:
    event = world.event()
    card, other = world.answer(event), world.ask(event)
    history = world.database.read(log.about, event.id, card.n)
    assert [entry.data["move"]["action"] for entry in history] == [
        *("ask", "approve", "shortlist", "answer"),
        *("start", "hold", "publish", "publish"),
    ]
    assert {entry.n for entry in history} == {card.n}
    assert len(world.database.read(log.about, event.id, other.n)) == 1


def test_the_time_of_a_line_is_in_utc_and_that_of_its_transaction(world: World) -> None:
    event = world.event()
    lines = list(chain.from_iterable(world.database.read(log.after, event.id, channel, 0, 100) for channel in BOTH))
    assert lines
    assert {str(entry.at.tzinfo) for entry in lines} == {"UTC"}
    opened = next(entry for entry in lines if entry.type == "event.opened")
    assert stamp(opened.at) == opened.data["opened_at"]


def test_the_bell_rings_for_events_whose_log_grew(world: World) -> None:
    event = world.event()
    grown = world.writer.run(lambda tx: (say(event)(tx), tx.grown))[1]
    assert grown == {event.id}
