"""People with browsers: phones in several languages, one without script, staff, the projector."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Final

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from qa.domain.questions import Question
from tests.eventually import WITHIN
from tests.recorder import Recorder, recording
from tests.serving import Served
from tests.world import World

PHONE: Final = {"width": 360, "height": 780}
DESKTOP: Final = {"width": 1440, "height": 900}
PROJECTOR: Final = {"width": 1920, "height": 1080}
# What a state visit's page is measured by: WCAG 2.2, levels A and AA.
RULES: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
# What moves and comes to an end has done so.
AT_REST: Final = """async () => {
  const ends = ({ effect }) => isFinite(effect.getComputedTiming().endTime);
  await Promise.allSettled(document.getAnimations().filter(ends).map((animation) => animation.finished));
}"""


@dataclass(slots=True)
class Visitor:
    """One context with one page; `heard` is what came to it, `complaints` what the browser found wrong."""

    name: str
    context: BrowserContext
    page: Page
    url: str
    recorder: Recorder
    complaints: list[str] = field(default_factory=list)

    def listen(self) -> None:
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)

    def heard(self) -> bytes:
        """Every byte that the server sent to this browser."""
        return self.recorder.heard()

    def go(self, path: str) -> None:
        self.page.goto(f"{self.url}{path}")

    def loses_the_network(self) -> None:
        """Everything that is open breaks off, and the browser knows that it is offline."""
        self.recorder.cut()
        self.context.set_offline(True)

    def has_the_network_again(self) -> None:
        self.recorder.mend()
        self.context.set_offline(False)

    def sees(self, text: str, within: float = WITHIN) -> None:
        """Wait until a text can be read on the page."""
        self.page.get_by_text(text).first.wait_for(state="visible", timeout=within * 1000)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def tab_to(self, selector: str, most: int = 80) -> None:
        """Walk there with the Tab key alone; AssertionError if it can't be reached so."""
        for _ in range(most):
            if self.page.evaluate("(selector) => document.activeElement?.matches(selector) ?? false", selector):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{self.name}: Tab does not lead to {selector}")

    def is_accessible(self) -> None:
        """axe finds nothing on the page as it stands, once what has just arrived has faded in."""
        self.page.evaluate(AT_REST)
        found: dict[str, Any] = Axe().run(self.page, options={"runOnly": list(RULES)}).response
        told = [
            f"{rule['id']}: {rule['help']} {[node['html'][:160] for node in rule['nodes'][:3]]}"
            for rule in found["violations"]
        ]
        assert not told, f"{self.name} at {self.page.url}: {told}"

    def fits_the_width(self) -> None:
        """Nothing makes the page scroll sideways."""
        wide = self.page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{self.name} at {self.page.url} is {wide} px too wide"


@dataclass(slots=True)
class Visitors:
    """`readable`: who arrives from now on is sent nothing compressed, so that every byte can be looked through."""

    browser: Browser
    served: Served
    world: World
    readable: bool = False
    here: list[Visitor] = field(default_factory=list)
    wires: ExitStack = field(default_factory=ExitStack)

    def arrive(self, name: str, locale: str = "en-GB", viewport: dict[str, int] = PHONE, **options: Any) -> Visitor:
        """A new person with a browser of their own."""
        context = self.browser.new_context(locale=locale, viewport=viewport, **options)  # type: ignore[arg-type]
        context.set_default_timeout(WITHIN * 1000)
        recorder = self.wires.enter_context(recording(self.served.url, readable=self.readable))
        visitor = Visitor(name, context, context.new_page(), recorder.url, recorder)
        visitor.listen()
        self.here.append(visitor)
        return visitor

    def sign_in(self, login: str, path: str, viewport: dict[str, int] = DESKTOP, **options: Any) -> Visitor:
        """Somebody of the staff, signed in by their one-time link with the keyboard alone."""
        visitor = self.arrive(login, viewport=viewport, **options)
        visitor.go(f"/desk/enter/{self.world.link(login)}?next={path}")
        visitor.tab_to("main button")
        with visitor.page.expect_navigation():
            visitor.press("Enter")
        return visitor

    def write(self, login: str, card: Question) -> Visitor:
        """The same in the editor of the answer to a question, once it is ready."""
        visitor = self.sign_in(login, f"/desk/audrey/live/answers/{card.n}")
        expect(visitor.page.locator("#saved")).not_to_be_empty()
        return visitor

    def leave(self) -> None:
        for visitor in self.here:
            visitor.context.close()
        self.wires.close()
