"""Every page at three widths, in both directions of writing, light and dark: it fits, and axe finds nothing."""

import pytest

from qa.domain.events import Action as Step
from qa.domain.permissions import Role
from qa.domain.questions import Action
from tests.journeys.visitors import DESKTOP, PHONE, PROJECTOR, Visitor, Visitors
from tests.world import TO_CLOSED, TO_LIVE, World

AUDIENCE = (
    "/",
    "/?q=Taiwan",
    "/@audrey",
    "/@audrey/live",
    "/@audrey/live/ask",
    "/@audrey/live/mine",
    "/@audrey/live/q/1",
    "/@audrey/live/q/2",
    "/@audrey/live/screen",
    "/@audrey/coming",
    "/@audrey/over",
    "/@audrey/over?show=all",
    "/how",
    "/q",
    "/j",
    "/nothing-here",
)
STAFF = (
    "/desk",
    "/desk/audrey/live",
    "/desk/audrey/live#approved/2",
    "/desk/audrey/live/answers",
    "/desk/audrey/live/answers/1",
    "/desk/audrey/live/answers/3",
    "/desk/audrey/live/host",
)
READERS = (("en-GB", "light", PHONE), ("he-IL", "dark", PHONE), ("he-IL", "light", DESKTOP), ("zh-CN", "dark", DESKTOP))
COMPLAINTS_EXPECTED = ("/nothing-here",)


@pytest.fixture
def peopled(world: World) -> World:
    """A live event in full swing, a coming one, one that is over; questions in three scripts."""
    live = world.event(steps=TO_LIVE)
    world.answer(
        live, "Yes, it will.\n\nAnd the profit adds to tax revenue.", "Won't opening data let some profit from it?"
    )
    world.move(world.ask(live, "ומה עם ציבור המורים?"), Action.APPROVE)
    world.move(
        world.ask(live, "對電腦操作不熟的人如何參與議題的討論？"), Action.APPROVE, Action.SHORTLIST, Action.ANSWER
    )
    world.move(
        world.ask(live, "What about Taiwan made this possible? It seems difficult."), Action.APPROVE, Action.SHORTLIST
    )
    world.ask(live, "Not read yet")
    world.event("coming", steps=(Step.ANNOUNCE, Step.COLLECT))
    over = world.event("over", steps=TO_LIVE)
    world.answer(over, "We asked.", "Why?")
    world.move(world.ask(over, "And when?"), Action.DECLINE, code="time_ran_out")
    for step in TO_CLOSED[len(TO_LIVE) :]:
        over = world.step(over, step)
    world.person("olga", live, Role.OWNER)
    return world


def look_at(visitor: Visitor, paths: tuple[str, ...]) -> None:
    for path in paths:
        visitor.go(path)
        visitor.page.wait_for_load_state("load")
        visitor.is_accessible()
        visitor.fits_the_width()
        if path not in COMPLAINTS_EXPECTED:
            assert not visitor.complaints, (visitor.name, path, visitor.complaints)
        visitor.complaints.clear()


@pytest.mark.timeout(240)
@pytest.mark.parametrize(("locale", "scheme", "viewport"), READERS)
def test_the_audiences_pages_fit_and_are_accessible(
    locale: str, scheme: str, viewport: dict[str, int], visitors: Visitors, peopled: World
) -> None:
    look_at(visitors.arrive(f"{locale} {scheme}", locale, viewport, color_scheme=scheme), AUDIENCE)


@pytest.mark.timeout(240)
@pytest.mark.parametrize(("locale", "scheme", "viewport"), READERS)
def test_the_staffs_pages_fit_and_are_accessible(
    locale: str, scheme: str, viewport: dict[str, int], visitors: Visitors, peopled: World
) -> None:
    visitor = visitors.sign_in("olga", "/desk", viewport, locale=locale, color_scheme=scheme)
    visitor.complaints.clear()
    look_at(visitor, STAFF)


def test_axe_would_have_found_a_picture_without_words(visitors: Visitors, peopled: World) -> None:
    visitor = visitors.arrive("a seeded fault", viewport=PROJECTOR)
    visitor.go("/how")
    visitor.page.evaluate("document.querySelector('main').append(document.createElement('img'))")
    with pytest.raises(AssertionError, match="image-alt"):
        visitor.is_accessible()
