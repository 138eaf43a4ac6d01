"""The browser, and a served world. The browser keeps an event loop for itself, so journeys run apart."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.chromium import launch
from tests.journeys.visitors import Visitors
from tests.serving import Served
from tests.world import World


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the session. Each test makes its own context, which is a visitor with cookies of their own."""
    with sync_playwright() as playwright, launch(playwright) as chromium:
        yield chromium


@pytest.fixture
def world(served: Served) -> World:
    return World(served.site.database, served.site.writer)


@pytest.fixture
def visitors(browser: Browser, served: Served, world: World) -> Iterator[Visitors]:
    """Browser contexts by name, each with everything that reached it over the network."""
    here = Visitors(browser, served, world)
    yield here
    here.leave()
