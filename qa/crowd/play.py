"""One rehearsal, from the first connection to the verdict."""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import httpx2

from qa.crowd import checking
from qa.crowd.asking import Askers, Line
from qa.crowd.checking import Findings
from qa.crowd.listening import Channel, Frame, Frames, Listener
from qa.crowd.report import Report, delays
from qa.crowd.room import NotRehearsed, Room
from qa.crowd.script import Script
from qa.crowd.team import MODERATORS, Team
from qa.domain.channels import VOICES_IN
from qa.domain.events import Phase
from qa.domain.permissions import Role
from qa.domain.snapshot import Json

Progress = Callable[[float, str], None]

# One viewer in so many is cut off once.
CUT_OF: Final = 8
ANSWERS: Final = 40
QUICKEST_ANSWER: Final = 2.0
# How long the play waits for those who are still on the way.
GRACE: Final = 30.0


@dataclass(slots=True)
class Stage:
    """All who take part, with what they started from."""

    line: Line
    askers: Askers
    team: Team
    audience: list[Listener]
    desk: Listener
    public: Channel
    before: Json
    voices_before: dict[int, int]

    @property
    def listeners(self) -> list[Listener]:
        return [*self.audience, self.desk]


@dataclass(slots=True)
class Play:
    """`progress` is told a share of the whole and a sentence."""

    room: Room
    url: str
    script: Script
    viewers: int
    progress: Progress
    # The numbers that can be given a voice, as the viewers see them now.
    open: dict[int, None] = field(default_factory=dict)

    async def whole(self) -> Report:
        """Everybody comes, it is played, it closes, and what was sent and heard is compared."""
        script = self.script
        chance = random.Random(script.seed)  # noqa: S311 - a play, the same each time
        limits = httpx2.Limits(max_connections=max(64, 2 * script.askers))
        async with httpx2.AsyncHTTPTransport(limits=limits) as transport:
            line = Line(self.url, transport, chance, time.monotonic() + script.seconds + 3 * GRACE)
            stage = await self._set(line, chance)
            async with asyncio.TaskGroup() as hall:
                comings = [hall.create_task(self._come(listener, chance)) for listener in stage.listeners]
                started = time.monotonic()
                await self._perform(stage, chance, started)
                after, kept = await self._close(stage)
                for coming in comings:
                    coming.cancel()
            self.progress(1.0, "done")
            return self._report(stage, after, kept, time.monotonic() - started)

    async def _set(self, line: Line, chance: random.Random) -> Stage:
        """Look before anything is sent: it must be the event of our database, and a rehearsal."""
        before = await self._look(line)
        clients = {role: line.client() for role in self.room.links}
        for role, token in self.room.links.items():
            answer = await line.post(clients[role], f"/desk/enter/{token}", {})
            if answer is None or answer.status_code != httpx2.codes.SEE_OTHER:
                raise NotRehearsed(f"the {role.value} could not sign in at {self.url}")
        kept = await _get(clients[Role.MODERATOR], f"{self.room.desk}/snapshot.json")
        cards = {card["n"]: card for card in kept["questions"]}
        team = Team(line, self.room.desk, clients, chance, kept["event"], cards)
        askers = Askers(line, self.room.base, [line.client() for _ in range(self.script.askers)], lambda: [*self.open])
        for question in before["questions"]:
            self._note(question)
        public = self._channel(line.client(), self.room.base, self._hear, before, chance)
        desk = self._channel(clients[Role.MODERATOR], self.room.desk, team.hear, kept, chance)
        audience = [Listener(f"viewer {number}", public) for number in range(1, self.viewers + 1)]
        voices = {n: card["voices"] for n, card in cards.items()}
        return Stage(line, askers, team, audience, Listener("the desk", desk), public, before, voices)

    async def _look(self, line: Line) -> Json:
        try:
            answer = await line.client().get(f"{self.room.base}/snapshot.json")
        except httpx2.TransportError as error:
            raise NotRehearsed(f"nobody answers at {self.url} ({type(error).__name__}): is `qa run` up?") from error
        present: Json = answer.json() if answer.is_success else {}
        if present.get("epoch") != self.room.epoch:
            raise NotRehearsed(f"the server at {self.url} has another database: give both the same DATABASE_URL")
        if not present["event"]["rehearsal"]:
            raise NotRehearsed(f"{self.room.base} is a real event")
        return present

    def _channel(
        self, client: httpx2.AsyncClient, base: str, news: Callable[[Frame], None], present: Json, chance: random.Random
    ) -> Channel:
        cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        headers = {"Cookie": cookies} if cookies else {}
        snapshot = partial(_get, client, f"{base}/snapshot.json")
        url = f"{self.url.replace('http', 'ws', 1)}{base}/live"
        return Channel(url, headers, snapshot, Frames(news), present["epoch"], present["seq"], chance)

    def _hear(self, frame: Frame) -> None:
        """What the audience's entries say about what can be given a voice."""
        if frame.type == "question.shown":
            self._note(frame.body["data"])
        elif frame.type == "question.removed":
            self.open.pop(frame.body["data"]["n"], None)

    def _note(self, question: Json) -> None:
        if question["state"] in VOICES_IN:
            self.open[question["n"]] = None
        else:
            self.open.pop(question["n"], None)

    async def _come(self, listener: Listener, chance: random.Random) -> None:
        """Nobody comes at the very same moment."""
        await asyncio.sleep(chance.uniform(0, min(10.0, self.viewers / 100)))
        await listener.listen()

    async def _perform(self, stage: Stage, chance: random.Random, started: float) -> None:
        """The opening, then everything of the script at its time, and the team's work beside it."""
        async with asyncio.TaskGroup() as cast:
            telling = cast.create_task(self._tell(stage, started))
            await _until(lambda: all(listener.heard.parts for listener in stage.listeners), GRACE)
            await stage.team.run_to(Phase.LIVE)
            for _ in range(MODERATORS):
                cast.create_task(stage.team.moderate())
            end = time.monotonic() + self.script.seconds
            pace = max(QUICKEST_ANSWER, self.script.seconds / ANSWERS)
            async with asyncio.TaskGroup() as acts:
                acts.create_task(stage.team.answer_until(end, pace))
                for ask in self.script.asks:
                    acts.create_task(_later(ask.at, partial(stage.askers.ask, ask)))
                for say in self.script.voices:
                    acts.create_task(_later(say.at, partial(stage.askers.say, say)))
                for listener in chance.sample(stage.listeners, 1 + len(stage.listeners) // CUT_OF):
                    acts.create_task(_later(chance.uniform(0.2, 0.8) * self.script.seconds, listener.cut))
            await _until(stage.team.is_idle, GRACE / 3)
            stage.team.go_home()
            telling.cancel()

    async def _tell(self, stage: Stage, started: float) -> None:
        while True:
            share = min(0.95, (time.monotonic() - started) / (self.script.seconds + 5))
            inside = sum(1 for listener in stage.audience if listener.heard.parts)
            asked = f"{stage.askers.acknowledged} of {len(self.script.asks)} questions acknowledged"
            self.progress(share, f"{inside} viewers, {asked}, {stage.team.done['published']} answers")
            await asyncio.sleep(0.2)

    async def _close(self, stage: Stage) -> tuple[Json, Json]:
        """The event closes; then everybody gets the time to hear the last entry. The page, and the desk, at the end."""
        self.progress(0.97, "closing, and waiting for the last viewer")
        await stage.team.run_to(Phase.CLOSED)
        reader, host = stage.line.client(), stage.team.clients[Role.HOST]
        kept = await _get(host, f"{self.room.desk}/snapshot.json")
        deadline = time.monotonic() + GRACE
        after = await _get(reader, f"{self.room.base}/snapshot.json")
        while after["event"]["phase"] != kept["event"]["phase"] and time.monotonic() < deadline:
            await asyncio.sleep(0.2)
            after = await _get(reader, f"{self.room.base}/snapshot.json")
        await _until(lambda: all(listener.heard.cursor >= after["seq"] for listener in stage.audience), GRACE)
        await _until(lambda: stage.desk.heard.cursor >= kept["seq"], GRACE)
        return after, kept

    def _report(self, stage: Stage, after: Json, kept: Json, seconds: float) -> Report:
        asked, public = stage.askers, stage.public
        findings = Findings()
        checking.check_questions(findings, asked.sent, stage.team.logged, [card["n"] for card in kept["questions"]])
        counted = {card["n"]: card["voices"] - stage.voices_before.get(card["n"], 0) for card in kept["questions"]}
        sure = {n: count for n, count in counted.items() if n not in asked.unsure}
        checking.check_voices(findings, [voice for voice in asked.voices if voice[1] in sure], sure)
        audience = [listener.heard for listener in stage.audience]
        checking.check_heard(findings, audience, after["seq"])
        checking.check_heard(findings, [stage.desk.heard], kept["seq"])
        entries = [public.frames.entries[seq].body for seq in sorted(public.frames.entries)]
        checking.check_page(findings, stage.before, entries, after)
        start = stage.before["seq"]
        return Report(
            event=self.room.base.removeprefix("/"),
            url=self.url,
            seed=self.script.seed,
            seconds=round(seconds, 1),
            viewers=self.viewers,
            askers=self.script.askers,
            asked=len(asked.sent),
            acknowledged=asked.acknowledged,
            refused=asked.refused,
            logged=len(stage.team.logged),
            entries=after["seq"] - start,
            heard=checking.heard_by_all(audience, start, after["seq"]),
            voices=len(asked.voices),
            ask=delays(asked.waits),
            seen=delays(public.delays),
            repeats=asked.repeats,
            retries=stage.line.retries,
            cuts=public.cuts,
            reconnects=public.returns,
            reloads=public.reloads,
            desk=dict(stage.team.done),
            findings=findings,
        )


async def _get(client: httpx2.AsyncClient, path: str) -> Json:
    """A JSON body; a server that is away for a moment is asked again."""
    deadline = time.monotonic() + GRACE
    while True:
        try:
            answer = await client.get(path)
            answer.raise_for_status()
        except httpx2.HTTPError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(1)
        else:
            body: Json = answer.json()
            return body


async def _later(seconds: float, act: Callable[[], object]) -> None:
    await asyncio.sleep(seconds)
    done = act()
    if asyncio.iscoroutine(done):
        await done


async def _until(condition: Callable[[], bool], seconds: float) -> None:
    """Wait for a condition, but not longer than that; who asks looks again."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:  # noqa: ASYNC110 - what hundreds of tasks did has no one event
        await asyncio.sleep(0.05)
