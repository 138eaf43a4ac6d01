"""Events and accounts as they are kept and found."""

from qa.domain.events import Switch
from qa.store import accounts, events
from qa.store.writer import Tx
from tests.world import World


def test_an_event_is_found_by_each_of_its_names(world: World) -> None:
    event = world.event("open-government", short="0PEN27")
    read = world.database.read
    assert read(events.by_id, event.id) == event
    assert read(events.by_slug, "audrey", "open-government") == event
    assert read(events.by_short, "0PEN27") == event
    assert read(events.by_slug, "audrey", "another") is None
    assert read(events.by_slug, "another", "open-government") is None
    assert read(events.by_short, "0PEN28") is None
    assert read(events.by_id, event.id + 1) is None


def test_an_event_comes_back_with_every_field(world: World) -> None:
    topics = [{"title": "דיור", "about": "住房"}]
    event = world.event("all", topics=topics, abouts={"": "About", "he": "על"}, hold_seconds=30, rehearsal=True)
    found = world.database.read(events.by_id, event.id)
    assert found
    assert (found.topics, found.abouts, found.languages) == (
        tuple(topics),
        {"": "About", "he": "על"},
        ("en", "zh-Hant", "he"),
    )
    assert (found.hold_seconds, found.rehearsal, found.handle, found.demo) == (30, True, "audrey", False)
    assert found.starts_at.tzinfo == found.created_at.tzinfo == found.ends_at.tzinfo
    assert str(found.starts_at.tzinfo) == "UTC"


def test_an_event_is_changed_in_the_version_at_hand_only(world: World) -> None:
    event = world.event()
    stopped = frozenset({Switch.ASKING, Switch.FROZEN})

    def change(tx: Tx) -> tuple[bool, bool]:
        first = events.change(tx, event, stopped=stopped, notice="Soon.")
        return first is not None, events.change(tx, event, notice="Late.") is not None

    assert world.writer.run(change) == (True, False)
    found = world.database.read(events.by_id, event.id)
    assert found
    assert (found.stopped, found.notice, found.version) == (stopped, "Soon.", event.version + 1)


def test_events_are_listed_the_latest_first_and_by_account(world: World) -> None:
    first, second = world.event("first"), world.event("second")
    other = world.account("another")
    third = world.event("third")
    assert [event.slug for event in world.database.read(events.every)] == ["third", "second", "first"]
    assert [event.id for event in world.database.read(events.every, first.account_id)] == [second.id, first.id]
    assert [event.id for event in world.database.read(events.every, other)] == [third.id]


def test_who_asked_how_much_is_counted_by_event(world: World) -> None:
    event, other = world.event("one"), world.event("other")
    for who in ("ann", "bob", "ann"):
        world.ask(event, who=who)
    assert world.database.read(events.totals, event.id) == (3, 2)
    assert world.database.read(events.totals, other.id) == (0, 0)


def test_an_account_is_found_by_its_handle(world: World) -> None:
    world.account("audrey", names={"": "Audrey", "zh-Hant": "唐鳳"})
    world.account("un", kind="organisation", demo=True)
    found = world.database.read(accounts.by_handle, "audrey")
    assert found
    assert (found.names, found.kind, found.demo) == ({"": "Audrey", "zh-Hant": "唐鳳"}, "leader", False)
    assert world.database.read(accounts.by_handle, "nobody") is None
    assert [account.handle for account in world.database.read(accounts.every)] == ["audrey", "un"]


def test_posts_are_the_newest_first_and_each_answer_is_one(world: World) -> None:
    event = world.event()
    answered = [world.answer(event, question=f"Number {number}?") for number in range(3)]
    world.correct(answered[0], "Better.")
    posts = world.database.read(accounts.posts_of, event.account_id, 10)
    assert [(event_id, n) for event_id, n, _ in posts] == [(event.id, card.n) for card in reversed(answered)]
    assert [at for *_, at in posts] == sorted((at for *_, at in posts), reverse=True)
    assert len(world.database.read(accounts.posts_of, event.account_id, 2)) == 2
    assert world.database.read(accounts.posts_of, event.account_id + 1, 10) == []
