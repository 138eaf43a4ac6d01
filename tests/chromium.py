"""The system's Chromium, driven without asking anybody on the network."""

from typing import Final

from playwright.sync_api import Browser, Playwright

from tests.servers import program

ARGUMENTS: Final = (
    "--no-sandbox",  # it can't be had as root, and the pages are our own
    "--no-first-run",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_ON_MACOS: Final = "Applications/Google Chrome.app/Contents/MacOS/Google Chrome"


def launch(playwright: Playwright) -> Browser:
    """A headless Chromium; close it after use. RuntimeError if none is installed."""
    path = program("chromium", "google-chrome", "chromium-browser", places=(_ON_MACOS,))
    return playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
