// The host's page: every control says what it does before it does it, and what stands now.

import { copy, put, show } from "./desk_dom.js";
import { isolated } from "./desk_history.js";
import { follow, refusal } from "./desk_line.js";
import { post } from "./desk_send.js";
import { beingAnswered, tally } from "./desk_state.js";
import { age, clock, clockSeconds, graphemes, now, number, say } from "./desk_words.js";

const LATE_MINUTES = 5;
const NOTICE_LONGEST = 500;
const ORDER_SHOWN = 5;

const root = document.getElementById("main");
const { base, steps } = JSON.parse(document.getElementById("host-data").textContent);
const phases = [...root.querySelectorAll("[data-phase]")];
const names = phases.map((cell) => cell.dataset.phase);
const notice = document.getElementById("notice");
const words = document.getElementById("notice-text");

// The rail

function drawRail() {
  const { event } = state;
  const at = names.indexOf(event.phase);
  phases.forEach((cell, index) => {
    cell.classList.toggle("past", index < at);
    if (index === at) cell.setAttribute("aria-current", "step");
    else cell.removeAttribute("aria-current");
    put(cell, "when", whenOf(cell.dataset.phase, event));
    const step = steps.find(({ before, after }) => before === event.phase && after === cell.dataset.phase);
    const button = cell.querySelector("[data-step]");
    show(button, step !== undefined);
    if (!step) return;
    const go = say(index > at ? "go_now" : "go_back");
    button.dataset.step = step.action;
    put(button, "go", go);
    button.setAttribute("aria-label", say("go_to", { go, phase: say(`phase_${cell.dataset.phase}`) }));
  });
  drawProgress();
}

function whenOf(phase, event) {
  const { opened_at: opened, closed_at: closed, starts_at: starts, ends_at: ends } = event;
  if (phase === "live") {
    if (!opened) return say("when_planned", { time: clock(starts) });
    const { done, all } = minutes(event);
    const time = clockSeconds(opened);
    return event.phase === "live" ? say("when_minutes", { done: number(done), all: number(all), time }) : say("when_opened", { time });
  }
  if (phase === "closed") return closed ? say("when_closed", { time: clock(closed) }) : say("when_planned", { time: clock(ends) });
  return "";
}

function minutes({ opened_at: opened, starts_at: starts, ends_at: ends }) {
  const all = Math.round((Date.parse(ends) - Date.parse(starts)) / 60_000);
  return { all, done: Math.max(0, Math.floor((now() - Date.parse(opened)) / 60_000)) };
}

function drawProgress() {
  const bar = root.querySelector('[data-phase="live"] progress');
  const running = state.event.phase === "live" && state.event.opened_at;
  show(bar, Boolean(running));
  if (!running) return;
  const { all, done } = minutes(state.event);
  bar.value = Math.min(100, (100 * done) / Math.max(1, all));
}

// Steps and stops

function confirm(action, carryOut) {
  const dialog = document.getElementById("step");
  for (const part of ["title", "says", "yes"]) put(dialog, part, say(`${part === "title" ? "step" : part}_${action}`));
  put(dialog, "error", "");
  dialog.querySelector("[type=submit]").classList.toggle("danger", action === "freeze");
  dialog.querySelector("form").onsubmit = async (event) => {
    event.preventDefault();
    const error = await carryOut();
    put(dialog, "error", error);
    if (!error) dialog.close();
  };
  dialog.querySelector("[data-close]").onclick = () => dialog.close();
  dialog.showModal();
}

/** POST and take the event in; returns what to tell, or "". */
async function send(path, body) {
  const result = await post(`${base}/${path}`, body);
  if (!result.ok && result.problem.code !== "stale") return refusal(result);
  take(result.ok ? result.data.event : result.problem.current);
  return result.ok ? "" : say("stale");
}

function take(event) {
  if (event.version >= state.event.version) state.event = event;
  draw();
}

async function tell(sending) {
  put(root, "error", await sending);
}

const goStep = (action) => confirm(action, () => send(`phase/${action}`, { seen: state.event.version }));

function throwSwitch(name, stopped) {
  const sending = () => send(`switches/${name}`, { stopped });
  if (name === "frozen" && stopped) confirm("freeze", sending);
  else tell(sending());
}

function drawStops() {
  for (const row of root.querySelectorAll("[data-switch]")) {
    const stopped = state.event.stopped.includes(row.dataset.switch);
    const focused = row.contains(document.activeElement);
    row.classList.toggle("on", stopped);
    show(row.querySelector(".stopped"), stopped);
    show(row.querySelector("[data-start]"), stopped);
    show(row.querySelector("[data-stop]"), !stopped);
    if (focused) row.querySelector("button:not([hidden])").focus();
  }
}

// The notice

let typed = false;

function drawNotice() {
  if (!typed) words.value = state.event.notice;
  show(notice.querySelector("[data-do=clear]"), state.event.notice !== "");
  const changed = words.value.trim() !== state.event.notice;
  document.getElementById("notice-state").textContent = say(
    changed ? "notice_changed" : state.event.notice ? "notice_shown" : "notice_none",
  );
}

async function showNotice(text) {
  const over = graphemes(text.trim()) - NOTICE_LONGEST;
  const error = over > 0 ? say("too_long", { over: number(over) }) : await send("notice", { text });
  put(notice, "error", error);
  if (error) return words.focus();
  typed = false;
  drawNotice();
}

// Figures, the opening, the run order, the staff

function drawFigures() {
  const { oldest } = tally(state).new;
  const late = oldest !== null && now() - Date.parse(oldest) > LATE_MINUTES * 60_000;
  put(root, "watching", state.presence ? number(state.presence.viewers) : "–");
  put(root, "asked", number(state.questions.size));
  put(root, "oldest", oldest ? age(oldest) : say("nobody"));
  put(root, "late", !oldest ? "" : late ? say("late", { goal: number(LATE_MINUTES) }) : say("in_time"));
  root.querySelector("[data-f=late]").classList.toggle("late", late);
  const answered = [...state.questions.values()].filter((question) => question.state === "answered");
  put(root, "answers", number(answered.length));
}

function drawOpening() {
  const { event } = state;
  const panel = root.querySelector(".opening");
  const open = steps.some(({ action, before }) => action === "open" && before === event.phase);
  put(panel, "time", event.opened_at ? clockSeconds(event.opened_at) : clock(event.starts_at));
  put(panel, "says", say(event.opened_at ? "opening_done" : open ? "opening_planned" : "opening_early"));
  show(panel.querySelector("[data-do=open]"), open);
  show(panel.querySelector(".opened"), event.opened_at !== null);
}

function drawOrder() {
  const current = beingAnswered(state);
  const chosen = [...state.questions.values()]
    .filter((question) => question.state === "shortlisted")
    .sort((a, b) => (a.place ?? 0) - (b.place ?? 0) || a.n - b.n);
  const lines = [current, ...chosen].filter(Boolean).slice(0, ORDER_SHOWN + 1);
  const list = root.querySelector(".order ol");
  list.replaceChildren(...lines.map((question) => orderLine(question, current, chosen)));
  show(root.querySelector(".order-none"), lines.length === 0);
}

function orderLine(question, current, chosen) {
  const line = copy("order-template");
  const place = chosen.indexOf(question) + 1;
  line.querySelector("a").href = `${base}#/${question.n}`;
  put(line, "place", place ? number(place) : "");
  put(line, "n", say("n", { n: number(question.n) }));
  put(line, "text", question.text, question.lang);
  put(line, "turn", question === current ? say("turn_now") : place === 1 ? say("turn_next") : "");
  return line;
}

function drawStaff() {
  const people = new Map();
  for (const { name, initials, role } of state.staff) {
    const key = `${initials} ${name}`;
    people.set(key, { name, initials, roles: [...(people.get(key)?.roles ?? []), say(`role_${role}`)] });
  }
  const list = root.querySelector(".people ul");
  list.replaceChildren(
    ...[...people.values()].map(({ name, initials, roles }) => {
      const line = copy("person-template");
      put(line, "initials", initials);
      put(line, "name", isolated(name));
      put(line, "roles", roles.join(", "));
      return line;
    }),
  );
}

function draw() {
  drawing = 0;
  drawRail();
  drawStops();
  drawNotice();
  drawFigures();
  drawOpening();
  drawOrder();
}

let drawing = 0;

root.addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (!button) return;
  if (button.dataset.step) goStep(button.dataset.step);
  else if (button.dataset.do === "open") goStep("open");
  else if (button.dataset.do === "clear") showNotice("");
  const row = button.closest("[data-switch]");
  if (row) throwSwitch(row.dataset.switch, "stop" in button.dataset);
});
words.addEventListener("input", () => {
  typed = true;
  drawNotice();
});
notice.addEventListener("submit", (event) => {
  event.preventDefault();
  showNotice(words.value);
});

const state = await follow(base, {
  changed: () => {
    drawing ||= requestAnimationFrame(draw);
  },
  reloaded: () => draw(),
});
draw();
drawStaff();
setInterval(draw, 15_000);
