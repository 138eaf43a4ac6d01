"""`make pictures`: the README's pictures, taken of the running demonstration."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from playwright.sync_api import Browser, Page, sync_playwright

from qa import seeds
from qa.store.migrations.run import upgrade
from tests.chromium import launch
from tests.serving import Served, serving

FOLDER: Final = Path(__file__).resolve().parent.parent / ".readme"
EVENT: Final = "/@audreyt/open-government"
DESK: Final = "/desk/audreyt/open-government"
PHONES: Final = (("en-GB", "light"), ("he-IL", "light"), ("zh-CN", "dark"))

# The pictures of several browsers side by side are put together by a browser as well.
_SHEET: Final = """
<!doctype html><style>body{margin:0;padding:24px;display:flex;gap:24px;align-items:start;background:#dad8cf}
img{border-radius:14px;box-shadow:0 2px 10px #0003;height:720px}</style>
"""


@contextmanager
def demonstration() -> Iterator[tuple[Served, seeds.World]]:
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/qa.db"
        upgrade(url)
        with serving(url) as served:
            yield served, seeds.fill(served.site.database, served.site.settings)


def visit(browser: Browser, served: Served, path: str, width: int, height: int, **options: Any) -> Page:
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    page = context.new_page()
    page.goto(f"{served.url}{path}")
    page.wait_for_load_state("networkidle")
    return page


def side_by_side(browser: Browser, pictures: list[bytes], name: str) -> None:
    page = browser.new_page(viewport={"width": 2380, "height": 768})
    page.set_content(_SHEET)
    for picture in pictures:
        page.evaluate(
            "bytes => new Promise(done => { const image = new Image(); image.onload = done;"
            " image.src = URL.createObjectURL(new Blob([new Uint8Array(bytes)])); document.body.append(image); })",
            list(picture),
        )
    page.screenshot(path=FOLDER / name, full_page=True)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with demonstration() as (served, world), sync_playwright() as playwright, launch(playwright) as browser:
        taken = [
            visit(browser, served, EVENT, 360, 780, locale=locale, color_scheme=scheme).screenshot()
            for locale, scheme in PHONES
        ]
        taken.append(visit(browser, served, EVENT, 1440, 780, locale="en-GB").screenshot())
        side_by_side(browser, taken, "event.png")
        link = next(path for role, _, path in world.links if role == "Moderator")
        page = visit(browser, served, link, 1440, 900, locale="en-GB")
        page.click("main button")
        page.wait_for_selector(".row")
        page.keyboard.press("j")
        page.screenshot(path=FOLDER / "desk.png")


if __name__ == "__main__":
    main()
