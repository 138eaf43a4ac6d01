// What every staff page of an event has: the present, kept up to date; what the audience sees now; the connection.

import { put, rich, show } from "./desk_dom.js";
import { get } from "./desk_send.js";
import { beingAnswered, fold, fromSnapshot, lastAnswerAt } from "./desk_state.js";
import { clock, knows, now, number, say } from "./desk_words.js";
import { connect } from "./live.js";
import { words } from "./words.js";

const FIRST_RETRY = 2000;
const line = document.getElementById("line");
const cut = document.getElementById("cut");
const present = document.getElementById("present");
const phase = document.getElementById("phase");

/**
 * Load the event at `base` and follow it. Resolves with the state (see desk_state.js), which is then changed in place;
 * `changed(what, frame)` is called after each frame, `reloaded(state)` when a fresh snapshot took its place.
 */
export async function follow(base, { changed = () => {}, reloaded = () => {} }) {
  const state = fromSnapshot(await load(base));
  connect({
    base,
    after: state.seq,
    epoch: state.epoch,
    onFrame(frame) {
      const what = fold(state, frame);
      changed(what, frame);
      drawSoon(state);
    },
    onState: (link) => drawLink(link),
    onReload(snapshot) {
      Object.assign(state, fromSnapshot(snapshot));
      reloaded(state);
      drawSoon(state);
    },
  });
  draw(state);
  setInterval(draw, 15_000, state);
  return state;
}

async function load(base) {
  for (let pause = FIRST_RETRY; ; pause = Math.min(30_000, pause * 2)) {
    try {
      const snapshot = await get(`${base}/snapshot.json`);
      show(cut, false);
      return snapshot;
    } catch {
      announceCut(say("cut_loading"));
      await new Promise((done) => setTimeout(done, pause * (0.5 + Math.random())));
    }
  }
}

function announceCut(text) {
  show(cut, true);
  put(cut, "text", text);
}

// A connection that comes back at once is no news; one that is away for some seconds is.
const NEWS_AFTER = 3000;
let cutTimer = 0;

function drawLink({ state, heardAt, reason }) {
  if (state === "live" || state === "stopped") {
    clearTimeout(cutTimer);
    cutTimer = 0;
  }
  if (state === "live") return show(cut, false);
  if (state === "stopped") return reason === "closed" || announceCut(say("cut_access"));
  cutTimer ||= setTimeout(announceCut, NEWS_AFTER, say("cut", { time: clock(new Date(heardAt).toISOString()) }));
}

let drawing = 0;

function drawSoon(state) {
  drawing ||= requestAnimationFrame(() => {
    drawing = 0;
    draw(state);
  });
}

function draw(state) {
  const { event, presence } = state;
  drawPhase(event);
  const shown = audienceSees(state);
  put(line, "what", shown.what);
  put(line, "text", shown.question ? `“${shown.question.text}”` : "", shown.question?.lang ?? "");
  const since = shown.question?.moved_at;
  rich(line, "since", since && words.line_since, { time: since ? clock(since) : "" });
  line.classList.toggle("on", Boolean(shown.question));
  const last = lastAnswerAt(state);
  rich(line, "watching", presence && words.line_watching, { count: number(presence?.viewers ?? 0) });
  rich(line, "asking", words.line_asking, { state: say(openness(event.asking)) });
  rich(line, "voting", words.line_voting, { state: say(openness(event.voting)) });
  rich(line, "last", last && words.line_last, { time: last ? clock(last) : "" });
  show(present, presence !== null);
  if (presence) present.textContent = say("at_the_desk", { count: number(presence.staff) });
}

// The reason why something can't be done is empty, or names the switch or the phase.
const openness = (reason) => (reason === "" ? "open" : reason.startsWith("stopped_") ? "stopped" : "closed");

const INSTEAD = { draft: "line_draft", announced: "line_announced", closed: "line_closed", archived: "line_closed" };

function audienceSees(state) {
  if (state.event.frozen) return { what: say("line_frozen") };
  if (state.event.phase in INSTEAD) return { what: say(INSTEAD[state.event.phase]) };
  const question = beingAnswered(state);
  return { what: say(question ? "line_answering" : "line_nothing"), question };
}

/** The phase, and once the event is open for how long: "Live 00:24". */
function drawPhase({ phase: name, opened_at: opened }) {
  phase.dataset.phase = name;
  const running = opened && (name === "live" || name === "answering");
  const minutes = running ? Math.max(0, Math.floor((now() - Date.parse(opened)) / 60_000)) : 0;
  const two = (value) => String(value).padStart(2, "0");
  const time = `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
  const word = say(`phase_${name}`);
  phase.textContent = running ? say("phase_since", { phase: word, time }) : word;
}

/** A refusal in words: the server's sentence where it has one. */
export function refusal({ status, problem }) {
  if (problem.title) return problem.title;
  if (status === 0 || status >= 500) return say("not_sent");
  const name = `refused_${problem.code}`;
  return say(knows(name) ? name : "refused");
}
