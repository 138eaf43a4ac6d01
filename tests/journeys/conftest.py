"""The browser. It keeps an event loop for itself, so journeys run apart: `pytest tests/journeys`."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.chromium import launch


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the session. Each test makes its own context, which is a visitor with cookies of their own."""
    with sync_playwright() as playwright, launch(playwright) as chromium:
        yield chromium
