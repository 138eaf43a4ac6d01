// The answer editor: what stands in the fields, what the server has, and what may be done with it now.

import { put, show } from "./desk_dom.js";
import { History } from "./desk_history.js";
import { follow, refusal } from "./desk_line.js";
import { post } from "./desk_send.js";
import { holding, versionsOf } from "./desk_state.js";
import { clock, clockSeconds, graphemes, langname, number, say, secondsLong } from "./desk_words.js";
import { offer } from "./editor_clash.js";
import { askReason, preview } from "./editor_dialogs.js";
import { Hold } from "./editor_hold.js";
import { Saver } from "./editor_save.js";
import { drawVersions } from "./editor_versions.js";

const LONGEST = 5000;
// From these states of its question an answer can go out; the server decides, this only says it beforehand.
const PUBLISHABLE = new Set(["shortlisted", "answering", "answered"]);

const root = document.getElementById("main");
const data = JSON.parse(document.getElementById("editor-data").textContent);
const { base, me } = data;
const n = data.question.n;
const url = `${base}/answers/${n}`;
const publicBase = base.replace("/desk/", "/@");
const form = document.getElementById("draft");
const area = document.getElementById("text");
const language = document.getElementById("lang");
const seconds = document.getElementById("seconds");
const acts = document.getElementById("acts");
const saved = document.getElementById("saved");
const spoken = document.getElementById("spoken");
const may = (permission) => me.can.includes(permission);

let { question, answer } = data;
let state = null;
const history = new History(root.querySelector(".history"), base);
const hold = new Hold(document.getElementById("holding"), stop);
const saver = new Saver({ url: `${url}/draft`, answer, read, says: saySaved, saved: keep, stale: clash });

const editable = () => may("write") && (!answer || answer.state === "draft");

function read() {
  return { text: area.value, how: form.elements.how.value || null, lang: language.value };
}

function saySaved(text, bad = false) {
  saved.textContent = text;
  saved.classList.toggle("bad", bad);
}

/** A save went through: the fields are ahead of or equal to it, so only the facts around them follow. */
function keep(now) {
  const first = !answer;
  answer = now;
  if (first) draw();
  drawVersions(versions());
}

/** The server's version takes the place of what stands in the fields. */
function adopt(now) {
  answer = now;
  saver.take(now);
  area.value = now.text;
  setLanguage(now.lang);
  form.elements.how.value = now.how ?? "";
  draw();
}

function setLanguage(tag) {
  if (![...language.options].some((option) => option.value === tag)) language.add(new Option(langname(tag), tag));
  language.value = tag;
}

// Drawing

function draw() {
  const now = answer?.state ?? "draft";
  root.dataset.state = now;
  for (const step of root.querySelectorAll("[data-step]")) {
    if (step.dataset.step === now) step.setAttribute("aria-current", "step");
    else step.removeAttribute("aria-current");
  }
  area.readOnly = !editable();
  language.disabled = !editable();
  for (const radio of form.elements.how) radio.disabled = !editable();
  drawFields();
  drawSaved(now);
  drawActs(now);
  drawShown();
  drawVersions(versions());
  drawHold();
}

function drawFields() {
  area.lang = language.value === "und" ? "" : language.value;
  const length = graphemes(area.value.trim());
  const count = document.getElementById("count");
  count.textContent = say("counted", { count: number(length), longest: number(LONGEST) });
  count.classList.toggle("bad", length > LONGEST);
  put(root, "text-error", length > LONGEST ? say("too_long", { over: number(length - LONGEST) }) : "");
  const tongue = langname(language.value);
  put(root, "tongue", tongue ? say("tongue", { language: tongue }) : "");
}

function drawSaved(now) {
  if (now === "holding") saySaved(say("fixed"));
  else if (now === "draft" && !saver.dirty) saySaved(answer ? say("saved", { time: clockSeconds(answer.saved_at) }) : say("not_yet"));
  else if (now === "retracted") saySaved(say("withdrawn_at", { time: clockSeconds(answer.retracted_at) }));
  else if (answer?.published_at) saySaved(say("published_at", { time: clockSeconds(answer.published_at) }));
}

function drawActs(now) {
  const draft = editable();
  const out = shownVersion();
  const ready = PUBLISHABLE.has(question.state);
  for (const part of acts.querySelectorAll("[data-part=publish]")) show(part, draft && may("publish"));
  acts.querySelector("[data-do=publish]").disabled = !ready;
  show(acts.querySelector("[data-do=correct]"), may("write") && (now === "published" || now === "retracted"));
  show(acts.querySelector("[data-do=retract]"), may("publish") && out?.state === "published");
  show(acts.querySelector("[data-part=link]"), out !== undefined);
  show(acts.querySelector("[data-do=preview]"), now === "draft");
  put(acts, "says", !may("write") ? say("says_read") : draft && !ready ? say("says_choose") : "");
  show(acts, now !== "holding");
  drawSeconds();
}

function drawSeconds() {
  const wanted = Number(seconds.value);
  put(acts, "publish", wanted ? say("publish_in", { time: secondsLong(wanted) }) : say("publish_now"));
}

const versions = () => (state ? versionsOf(state, n) : []);
const shownVersion = () => versions().find((version) => version.state === "published" || version.state === "retracted");

function drawShown() {
  const note = document.getElementById("shown");
  const out = shownVersion();
  const text = !out
    ? ""
    : answer.version > out.version
      ? say("shown_correcting", { version: number(out.version), kind: say(`kind_${answer.kind}`), reason: answer.reason })
      : out.retracted_at
        ? say("shown_retracted", { time: clock(out.retracted_at), reason: out.retract_reason })
        : "";
  show(note, text !== "");
  put(note, "text", text);
  put(root, "version", answer && answer.version > 1 ? say("version", { version: number(answer.version) }) : "");
}

function drawHold() {
  if (answer?.state === "holding") {
    const { stopped } = state?.event ?? { stopped: [] };
    const waits = stopped.includes("publishing") || stopped.includes("frozen");
    hold.show(answer, { full: Number(seconds.value), stopped: waits, mayStop: may("stop") });
  } else if (hold.hide()) {
    const next = answer.state === "published" ? acts.querySelector("[data-part=link]") : area;
    next.focus();
  }
}

function drawReach() {
  const { presence } = state;
  put(root, "reaches", presence ? say("reaches", { count: number(presence.viewers) }) : say("reaches_all"));
}

// Two writers, or a text that only this device had. Nothing is typed or saved until one of the two is taken.

function clash({ current, by, at }) {
  const title = say("clash", { by });
  saySaved(title, true);
  area.readOnly = true;
  offer({ title, by, at, theirs: current, mine: read() }, take);
}

function take(taken, theirs, mine) {
  saver.forget();
  adopt(theirs);
  if (taken === "mine") putBack(mine);
  area.focus();
}

function putBack(mine) {
  area.value = mine.text;
  setLanguage(mine.lang);
  form.elements.how.value = mine.how ?? "";
  saver.touch();
  draw();
}

/** What this device kept when a visit ended without the server: put back, or shown beside what was saved since. */
function takeUpKept() {
  const mine = editable() ? saver.kept() : null;
  if (!mine) return;
  if (mine.rev === saver.rev) {
    putBack(mine);
    saySaved(say("restored"));
  } else if (answer) {
    area.readOnly = true;
    offer({ title: say("clash_device"), by: answer.saved_by, at: answer.saved_at, theirs: answer, mine }, take);
  }
}

// Steps

async function publish() {
  const { text, how } = read();
  put(root, "how-error", how ? "" : say("no_how"));
  put(root, "text-error", text.trim() ? "" : say("empty"));
  if (!text.trim()) return area.focus();
  if (!how) return form.querySelector("[name=how]").focus();
  if (!(await saver.flush())) return;
  await step("hold", { rev: saver.rev, seconds: Number(seconds.value) });
}

async function stop() {
  await step("stop", {});
  if (answer.state === "draft") spoken.textContent = say("stopped_out");
}

/** One step of the answer's life; returns what to tell, or "". */
async function step(name, body) {
  const result = await post(`${url}/${name}`, body);
  if (result.ok) {
    arrived(result.data.answer);
    return "";
  }
  if (result.problem.code === "stale") clash(result.problem);
  const text = refusal(result);
  put(acts, "says", text);
  spoken.textContent = text;
  if (answer?.state === "holding") hold.show(answer, { full: 1, stopped: hold.stopped, mayStop: may("stop") });
  return text;
}

/** A version after a step, from an answer to a request or from an entry; entries may come first or late. */
function arrived(now) {
  if (answer && (now.version < answer.version || (now.version === answer.version && now.rev < answer.rev))) return draw();
  const went = answer?.state === "holding" && now.state === "published";
  if (now.state === "draft" && answer?.state === "draft" && answer.version === now.version && saver.dirty) return;
  adopt(now);
  if (went) spoken.textContent = say("out");
}

function changed({ questions, event, presence }, frame) {
  if (presence) drawReach();
  if (event) draw();
  if (!questions.includes(n)) return;
  question = state.questions.get(n);
  root.querySelector("h1").textContent = question.text;
  if (frame.type === "answer.moved") arrived(holding(state, n) ?? versions()[0]);
  else draw();
  if (frame.seq) history.open(n, me);
}

// Hands

form.addEventListener("input", () => {
  saver.touch();
  drawFields();
  if (form.elements.how.value) put(root, "how-error", "");
});
form.addEventListener("submit", (event) => event.preventDefault());
area.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) publish();
});
seconds.addEventListener("change", drawSeconds);
acts.addEventListener("click", ({ target }) => {
  const steps = {
    publish,
    correct: () => askReason("correct", (body) => step("correct", body)),
    retract: () => askReason("retract", (body) => step("retract", body)),
    preview: () => preview({ n, version: 1, kind: null, reason: "", ...answer, ...read() }, question, publicBase),
  };
  steps[target.closest("[data-do]")?.dataset.do]?.();
});
addEventListener("beforeunload", (event) => {
  if (!saver.dirty) return;
  saver.flush();
  event.preventDefault();
});

document.getElementById("to-desk").href = `${base}#/${n}`;
draw();
state = await follow(base, { changed, reloaded: () => adoptNewest() });
adoptNewest();
takeUpKept();

function adoptNewest() {
  question = state.questions.get(n) ?? question;
  const newest = versions()[0];
  if (newest && !(saver.dirty && newest.rev === saver.rev)) arrived(newest);
  draw();
  drawReach();
  history.open(n, me);
}
