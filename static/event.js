/** The event's page: takes the entries of the live channel in and shows them without moving what is being read. */
import { answerView, fill, make, questionView, read } from "./cards.js";
import { kept } from "./kept.js";
import { connect } from "./live.js";
import { beingAnswered, doing, fold, nextUp, open, present } from "./present.js";
import { clock, day, elsewhere, tell } from "./times.js";
import { number, plural, say, words } from "./words.js";
import { startAsking } from "./ask.js";

const $ = (id) => document.getElementById(id);
const main = $("main");
const { base } = main.dataset;
const given = JSON.parse($("present").textContent);
// What is hidden later must not stay in the page's source.
$("present").remove();
const PAGE = 12;
const REMEMBERED = 1000;

// The page starts with the questions it shows, read off their cards; all others come with the snapshot, when somebody
// gets near the list.
let state = present({ ...given, questions: [...given.questions, ...[...$("open-questions").children].map(read)] });
let whole = false;
let recent = [];
let order = [];
let limit = PAGE;
const waiting = new Map();
const earlier = new Set(given.earlier);
const mine = kept(base, "mine", { receipts: [], voices: [] });

/* What a screen reader hears: one polite sentence at a time, the last one wins. */
let saying = 0;
function heard(text) {
  clearTimeout(saying);
  saying = setTimeout(() => ($("heard").textContent = text), 300);
}

/** What is taken away must not stay where it was said. */
const hush = () => heard("");

/* Answers */

const card = (n) => $(`a${n}`);

function insert(answer) {
  const made = fill(make("answer-card"), answerView(answer, base));
  const older = [...$("answers").children].find((other) => other.querySelector("time").dateTime < answer.at);
  $("answers").insertBefore(made, older ?? null);
  made.classList.add("arrived");
  return made;
}

function drawNews() {
  $("news").hidden = !waiting.size;
  if (waiting.size) $("news").querySelector("button span:last-child").textContent = plural("news", waiting.size);
}

function showNews() {
  const cards = [...waiting.values()].sort((a, b) => (a.at < b.at ? -1 : 1)).map(insert);
  waiting.clear();
  drawNews();
  $("no-answers").hidden = true;
  tell($("answers"));
  const newest = cards.at(-1).querySelector(".asked");
  newest.tabIndex = -1;
  newest.focus({ preventScroll: true });
  cards.at(-1).scrollIntoView({ block: "start", behavior: "smooth" });
}

function takeAnswer(answer) {
  const there = card(answer.n);
  if (there) fill(there, answerView(answer, base));
  else if (!earlier.has(answer.n)) waiting.set(answer.n, answer);
}

function dropAnswer(n) {
  card(n)?.remove();
  waiting.delete(n);
  earlier.delete(n);
  $("no-answers").hidden = Boolean($("answers").children.length);
}

/* The question being answered now, and the next */

function drawNow() {
  const now = beingAnswered(state);
  const next = nextUp(state);
  const hero = $("now");
  const changed = now && String(now.n) !== hero.dataset.n;
  fill(hero, {
    asked: now, idle: !now, text: now?.text, lang: now?.lang ?? "", name: now?.name, since: now?.since ?? "",
    next, nextText: next?.text, nextLang: next?.lang ?? "",
  });
  if (now) hero.dataset.n = now.n;
  else delete hero.dataset.n;
  if (!changed) return;
  hero.querySelector(".now-text").classList.remove("arrived");
  requestAnimationFrame(() => hero.querySelector(".now-text").classList.add("arrived"));
  heard(say(words.heardNow, { question: now.text }));
}

/* Phase, switches, notice */

function drawEvent() {
  const { event } = state;
  main.dataset.phase = event.phase;
  main.dataset.asking = event.asking ? "closed" : "open";
  main.dataset.voting = event.voting ? "closed" : "open";
  $("phase").lastElementChild.textContent = words.phases[event.phase];
  for (const node of document.querySelectorAll('[data-say="doing"]')) node.textContent = words.doing[doing(event)];
  $("notice").hidden = !event.notice;
  $("notice").querySelector("[dir]").textContent = event.notice;
  $("over").hidden = doing(event) !== "over";
  $("opened").hidden = !event.opened_at;
  if (event.opened_at) $("opened").querySelector("time").dateTime = event.opened_at;
}

function drawTotals({ questions, people, answers }) {
  fill($("totals"), {
    questions: number(questions),
    questionsOf: say(plural("questionsOf", questions), { people: plural("people", people) }),
    answers: number(answers),
    answersSo: plural("answersSo", answers),
  });
}

/* Open questions: the order is the reader's own, and stands still while they are at the list */

const list = $("open-questions");
const voices = () => new Set(mine.get().voices);

function ranked() {
  const place = new Map(order.map((n, index) => [n, index]));
  return open(state).sort((a, b) => (place.get(a.n) ?? 1e9) - (place.get(b.n) ?? 1e9) || a.n - b.n);
}

function drawQuestion(question) {
  const there = $(`q${question.n}`);
  if (there) fill(there, questionView(question, base, voices().has(question.n)));
  else if (list.children.length < limit)
    list.append(fill(make("question-card"), questionView(question, base, voices().has(question.n))));
}

function drawOpen() {
  const now = open(state);
  const stay = new Set(now.map((question) => `q${question.n}`));
  for (const item of [...list.children]) if (!stay.has(item.id)) item.remove();
  for (const question of ranked()) drawQuestion(question);
  $("no-open").hidden = Boolean(list.children.length);
  $("more-open").hidden = (whole ? now.length : given.openCount) <= list.children.length;
}

const busy = () => list.matches(":focus-within, :hover");

function arrange() {
  if (busy()) return;
  const wanted = ranked().slice(0, limit);
  const keep = new Set(wanted.map((question) => `q${question.n}`));
  for (const item of [...list.children]) if (!keep.has(item.id)) item.remove();
  for (const question of wanted) {
    drawQuestion(question);
    list.append($(`q${question.n}`));
  }
  drawOpen();
}

function seed() {
  const store = kept(base, "seed", null);
  return store.get() ?? store.set(Math.floor(Math.random() * 64));
}

async function json(address, cache = "default") {
  const response = await fetch(address, { headers: { Accept: "application/json" }, cache });
  if (!response.ok) throw new Error(response.status);
  return response.json();
}

async function complete() {
  if (whole) return;
  const snapshot = await json(`${base}/snapshot.json`, "no-cache");
  // A cache on the way may still give one from before this page: what lies between the two would be missing.
  const from = recent[0]?.seq - 1 || state.seq;
  if (snapshot.epoch !== state.epoch || snapshot.seq < from) throw new Error("older than the page");
  become(snapshot, recent);
}

async function completeOpen() {
  try {
    const [mixed] = await Promise.all([json(`${base}/open.json?seed=${seed()}`), complete()]);
    order = mixed.order;
    arrange();
  } catch {
    // Without it the page's own order stands; the live channel goes on.
  }
}

list.addEventListener("submit", async (submit) => {
  submit.preventDefault();
  const form = submit.target;
  const n = Number(form.closest("li").dataset.n);
  const on = form.elements.on.value;
  form.querySelector("button").setAttribute("aria-disabled", "true");
  try {
    const response = await fetch(form.action, {
      method: "POST",
      headers: { Accept: "application/json" },
      body: new URLSearchParams({ on }),
    });
    const body = await response.json();
    if (!response.ok) return heard(body.title ?? words.voiceFailed);
    const held = mine.get();
    const others = held.voices.filter((other) => other !== n);
    mine.set({ ...held, voices: body.on ? [...others, n] : others });
    if (state.questions.has(n)) drawQuestion(state.questions.get(n));
  } catch {
    heard(words.voiceFailed);
  } finally {
    form.querySelector("button").removeAttribute("aria-disabled");
  }
});

/* What arrives */

const SAID = { "answer.corrected": "heardCorrected", "answer.retracted": "heardWithdrawn" };

function take(frame) {
  if (frame.type === "totals") drawTotals(frame.data);
  if (frame.seq === undefined) return;
  recent = [...recent.slice(1 - REMEMBERED), frame];
  fold(state, frame);
  const { type, data } = frame;
  if (type.startsWith("event.")) {
    drawEvent();
    if (type === "event.opened") heard(words.heardOpen);
  } else if (type.startsWith("question.")) {
    if (type === "question.removed") hush();
    drawNow();
    drawOpen();
  } else if (type === "answer.removed") {
    dropAnswer(data.n);
    hush();
  } else if (type.startsWith("answer.")) {
    takeAnswer(data);
    if (type === "answer.published") heard(plural("news", waiting.size));
    else if (SAID[type] && card(data.n)) heard(say(words[SAID[type]], { n: number(data.n) }));
  }
  drawNews();
  tell();
}

/** Take a snapshot as the present; `later` are frames that this page has had since and the snapshot may not. */
function become(snapshot, later = []) {
  const next = present(snapshot);
  for (const frame of later) fold(next, frame);
  state = next;
  whole = true;
  const shown = [...$("answers").children].map((item) => Number(item.dataset.n));
  for (const n of [...shown, ...waiting.keys(), ...earlier]) if (!state.answers.has(n)) dropAnswer(n);
  for (const answer of state.answers.values()) takeAnswer(answer);
  if (snapshot.totals) drawTotals(snapshot.totals);
  drawEvent();
  drawNow();
  drawOpen();
  drawNews();
  tell();
}

/* The connection, in words */

let line = { state: "connecting", heardAt: Date.now(), nextAt: 0 };
let downSince = 0;

function drawLine() {
  const offline = $("offline");
  offline.hidden = !downSince || Date.now() - downSince < 4000;
  if (offline.hidden) return;
  const seconds = Math.ceil((line.nextAt - Date.now()) / 1000);
  offline.querySelector('[data-say="reading"]').textContent = say(words.reading, { time: clock(line.heardAt) });
  const trying = seconds > 0 ? plural("trying", seconds) : words.tryingNow;
  offline.querySelector('[data-say="trying"]').textContent = line.state === "stopped" ? "" : trying;
}

/* Clocks */

function drawCountdown() {
  const box = $("countdown");
  if (!box) return;
  let rest = Math.max(0, Math.floor((Date.parse(box.dataset.starts) - Date.now()) / 1000));
  box.querySelector(".soon").hidden = rest > 0;
  box.querySelector(".clock").hidden = rest <= 0;
  for (const [unit, size] of [["days", 86400], ["hours", 3600], ["minutes", 60], ["seconds", 1]]) {
    const text = String(Math.floor(rest / size)).padStart(unit === "days" ? 1 : 2, "0");
    const node = box.querySelector(`[data-unit="${unit}"]`);
    if (node.textContent !== text) node.textContent = text;
    rest %= size;
  }
}

function drawZones() {
  const yours = document.querySelector(".yours");
  const { starts, ends, zone } = yours.dataset;
  if (!elsewhere(starts, zone)) return;
  yours.hidden = false;
  yours.textContent = say(words.yours, { day: day(starts), start: clock(starts), end: clock(ends) });
  const too = document.querySelector(".yours-too");
  if (too) too.hidden = false;
}

async function recall() {
  const held = mine.get();
  if (!held.receipts.length && !held.voices.length) return;
  try {
    mine.set(await json(`${base}/mine.json`));
    for (const question of open(state)) if ($(`q${question.n}`)) drawQuestion(question);
    asking.count();
  } catch {
    // What this device kept is shown meanwhile.
  }
}

/* Start */

const asking = startAsking({ base, mine, heard });
const live = connect({
  base,
  after: given.seq,
  epoch: given.epoch,
  onFrame: take,
  onReload(snapshot) {
    recent = [];
    hush();
    become(snapshot);
  },
  onState(next) {
    line = next;
    downSince = next.state === "live" ? 0 : downSince || Date.now();
    drawLine();
  },
});

$("news").querySelector("button").addEventListener("click", showNews);
$("offline").querySelector("button").addEventListener("click", () => live.wake());
$("more-open").addEventListener("click", async () => {
  limit += PAGE;
  if (!whole) await completeOpen();
  const last = list.lastElementChild;
  drawOpen();
  const first = last?.nextElementSibling?.querySelector("button, a, summary");
  first?.focus();
});
$("earlier")?.addEventListener("click", async (click) => {
  click.preventDefault();
  try {
    await complete();
  } catch {
    return location.assign(click.target.closest("a").href);
  }
  const cards = [...earlier].filter((n) => state.answers.has(n)).map((n) => insert(state.answers.get(n)));
  earlier.clear();
  $("earlier").hidden = true;
  tell($("answers"));
  cards[0]?.querySelector("a").focus();
});
new IntersectionObserver((entries, observer) => {
  if (!entries.some((entry) => entry.isIntersecting)) return;
  observer.disconnect();
  completeOpen();
}, { rootMargin: "800px" }).observe(list);

drawZones();
drawCountdown();
drawOpen();
setInterval(() => {
  drawCountdown();
  drawLine();
}, 1000);
recall();
