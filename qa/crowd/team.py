"""The rehearsal's moderators, editor and host: they work through the desk's own endpoints, as people do."""

import asyncio
import random
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any, Final
from uuid import UUID

import httpx2

from qa import samples
from qa.crowd.asking import Line
from qa.crowd.listening import Frame
from qa.domain.answers import Correction, How
from qa.domain.events import PHASES, Phase
from qa.domain.permissions import Role
from qa.domain.questions import Action, Code, State
from qa.domain.snapshot import Json

MODERATORS: Final = 4
HOLD_SECONDS: Final = 1
PUBLISHED_WITHIN: Final = 20.0
DECLINED_FOR: Final = (Code.NOT_A_QUESTION, Code.OFF_TOPIC, Code.OTHER_AUTHORITY, Code.DUPLICATE)

# What moderators do with a new question, and how often of a hundred.
TRIAGE: Final[dict[tuple[Action, ...], int]] = {
    (Action.APPROVE,): 78,
    (Action.TAKE, Action.APPROVE): 6,
    (Action.EDIT, Action.APPROVE): 4,
    (Action.FLAG, Action.APPROVE): 4,
    (Action.DECLINE,): 8,
}


def way(before: Phase, after: Phase) -> list[str] | None:
    """The shortest row of steps from one phase to another; None: there is none."""
    ways: list[tuple[Phase, list[str]]] = [(before, [])]
    reached = {before}
    for phase, steps in ways:
        if phase is after:
            return steps
        for step in PHASES:
            if step.before is phase and step.after not in reached:
                reached.add(step.after)
                ways.append((step.after, [*steps, step.action.value]))
    return None


@dataclass(slots=True)
class Team:
    """`cards` is the desk as the staff's socket tells it; `logged` every (number, context) asked meanwhile."""

    line: Line
    base: str
    clients: dict[Role, httpx2.AsyncClient]
    chance: random.Random
    event: Json
    cards: dict[int, Json]
    logged: list[tuple[int, str]] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    new: "asyncio.Queue[int | None]" = field(default_factory=asyncio.Queue)
    deciding: int = 0
    _home: bool = False
    _published: dict[tuple[int, int], asyncio.Event] = field(default_factory=lambda: defaultdict(asyncio.Event))

    def hear(self, frame: Frame) -> None:
        """An entry of the staff's channel."""
        data = frame.body["data"]
        if frame.type == "question.moved":
            card, move = data["question"], data["move"]
            self._keep(card)
            if move["action"] == Action.ASK:
                self.logged.append((card["n"], card["context"]))
                self.new.put_nowait(card["n"])
        elif frame.type == "answer.moved" and data["move"]["action"] == "publish":
            self._published[data["answer"]["n"], data["answer"]["version"]].set()
        elif frame.type == "event.moved":
            self.event = data["event"]

    def _keep(self, card: Json) -> None:
        known = self.cards.get(card["n"])
        if known is None or known["version"] < card["version"]:
            self.cards[card["n"]] = card

    def is_idle(self) -> bool:
        """Nothing new waits for a decision."""
        return self.new.empty() and not self.deciding

    def go_home(self) -> None:
        """Whoever moderates finishes the question at hand; what still waits stays received."""
        self._home = True
        for _ in range(MODERATORS):
            self.new.put_nowait(None)

    async def run_to(self, after: Phase) -> None:
        """The host takes the event to a phase, step by step."""
        for step in way(Phase(self.event["phase"]), after) or ():
            body = {"seen": self.event["version"]}
            answer = await self._post(Role.HOST, f"phase/{step}", body)
            if answer:
                self.event = answer["event"]

    async def moderate(self) -> None:
        """Decide on new questions as they come, until the team goes home."""
        while (n := await self.new.get()) and not self._home:
            self.deciding += 1
            (actions,) = self.chance.choices([*TRIAGE], [*TRIAGE.values()])
            for action in actions:
                await asyncio.sleep(self.chance.uniform(0.02, 0.2))
                await self._move(Role.MODERATOR, n, action)
            self.deciding -= 1

    async def answer_until(self, end: float, pace: float) -> None:
        """One answer after the other; the first is corrected, the second withdrawn, the third hidden."""
        texts = cycle([row.answer for story in samples.STORIES for row in samples.rows(story) if row.answer])
        after = iter((self._correct, self._retract, self._hide))
        while time.monotonic() < end:
            started = time.monotonic()
            n = self._choice()
            if n is not None and await self._answer(n, next(texts)):
                self.done["published"] += 1
                more = next(after, None)
                if more:
                    await more(n)
            await asyncio.sleep(max(0.1, started + pace - time.monotonic()))

    def _choice(self) -> int | None:
        approved = [n for n, card in self.cards.items() if card["state"] == State.APPROVED]
        return self.chance.choice(approved) if approved else None

    async def _answer(self, n: int, text: str) -> bool:
        for action in (Action.SHORTLIST, Action.ANSWER):
            if not await self._move(Role.EDITOR, n, action):
                return False
        draft = {"text": text, "how": self.chance.choice(list(How)).value, "lang": self.cards[n]["lang"], "rev": 0}
        return await self._publish(n, draft)

    async def _publish(self, n: int, draft: dict[str, Any]) -> bool:
        """Save the draft, hold it, and wait until the log says that everybody can read it."""
        saved = await self._post(Role.EDITOR, f"answers/{n}/draft", draft)
        hold = {"rev": saved["answer"]["rev"], "seconds": HOLD_SECONDS} if saved else {}
        held = await self._post(Role.EDITOR, f"answers/{n}/hold", hold) if hold else None
        if not held:
            return False
        try:
            async with asyncio.timeout(PUBLISHED_WITHIN):
                await self._published[n, held["answer"]["version"]].wait()
        except TimeoutError:
            self.done["not published in time"] += 1
            return False
        return True

    async def _correct(self, n: int) -> None:
        reason = {"kind": Correction.TYPO.value, "reason": "A rehearsed correction."}
        begun = await self._post(Role.EDITOR, f"answers/{n}/correct", reason)
        if begun:
            answer = begun["answer"]
            draft = {name: answer[name] for name in ("how", "lang", "rev")} | {"text": f"{answer['text']} ."}
            self.done["corrected"] += await self._publish(n, draft)

    async def _retract(self, n: int) -> None:
        done = await self._post(Role.EDITOR, f"answers/{n}/retract", {"reason": "A rehearsed withdrawal."})
        self.done["withdrawn"] += done is not None

    async def _hide(self, n: int) -> None:
        self.done["hidden"] += await self._move(Role.MODERATOR, n, Action.HIDE)

    async def _move(self, role: Role, n: int, action: Action) -> bool:
        """One verb on the card as it is known."""
        card = self.cards[n]
        body = {"key": str(UUID(int=self.chance.getrandbits(128), version=4)), "why": "", "code": None, "text": None}
        if action is Action.DECLINE:
            body["code"] = self.chance.choice(DECLINED_FOR).value
        elif action is Action.HIDE:
            body["code"] = Code.PRIVATE_PERSON.value
        elif action is Action.FLAG:
            body["why"] = "A rehearsed question to a colleague."
        elif action is Action.EDIT:
            body["text"] = card["text"].rstrip("?？") + "?"
        answer = await self._post(role, f"questions/{n}/{action.value}", {**body, "seen": card["version"]})
        if answer:
            self._keep(answer["question"])
            self.done[action.value] += 1
        return answer is not None

    async def _post(self, role: Role, path: str, body: dict[str, Any]) -> Json | None:
        """The answer of the desk, or None if it refused."""
        answer = await self.line.post(self.clients[role], f"{self.base}/{path}", body)
        if answer is not None and answer.is_success:
            told: Json = answer.json()
            return told
        self.done["refused at the desk"] += 1
        return None
