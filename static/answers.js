// The list of answers, by where each is. A question appears once: by the version of its answer that matters now.

import { copy, put, show } from "./desk_dom.js";
import { follow } from "./desk_line.js";
import { versionsOf } from "./desk_state.js";
import { clock, now, number, say, secondsLong } from "./desk_words.js";
import { words } from "./words.js";

const root = document.getElementById("main");
const { base } = JSON.parse(document.getElementById("answers-data").textContent);
const TO_WRITE = new Set(["shortlisted", "answering"]);
const NEWEST_FIRST = new Set(["draft", "published", "retracted"]);
let drawing = 0;

/** Per group the `{question, answer}` in it; `answer` is undefined where nothing is written. */
function grouped() {
  const groups = { holding: [], to_write: [], draft: [], published: [], retracted: [] };
  for (const question of state.questions.values()) {
    const answer = versionsOf(state, question.n)[0];
    if (answer) groups[answer.state]?.push({ question, answer, at: momentOf(answer), order: momentOf(answer) });
    else if (TO_WRITE.has(question.state)) groups.to_write.push({ question, at: question.moved_at, order: turn(question) });
  }
  return groups;
}

// What is being answered comes first, then the shortlist in its run order.
const turn = ({ state: now, place }) => (now === "answering" ? "" : String(place ?? 0).padStart(6, "0"));

const momentOf = (answer) =>
  ({ holding: answer.publish_at, published: answer.published_at, retracted: answer.retracted_at })[answer.state] ?? answer.saved_at;

function draw() {
  drawing = 0;
  const groups = grouped();
  for (const [id, items] of Object.entries(groups)) {
    const group = root.querySelector(`[data-group="${id}"]`);
    const sign = NEWEST_FIRST.has(id) ? -1 : 1;
    items.sort((a, b) => sign * a.order.localeCompare(b.order));
    show(group, items.length > 0);
    put(group, "count", number(items.length));
    fill(group.querySelector("ol"), id, items);
  }
  show(root.querySelector(".nothing"), Object.values(groups).every((items) => items.length === 0));
}

/** Rows are kept by their question, so that the focus stays where it is. */
function fill(list, id, items) {
  const rows = new Map([...list.children].map((row) => [Number(row.dataset.n), row]));
  const wanted = items.map((item) => {
    const row = rows.get(item.question.n) ?? copy("answer-template");
    write(row, id, item);
    return row;
  });
  for (const row of rows.values()) if (!wanted.includes(row)) row.remove();
  wanted.forEach((row, index) => list.children[index] !== row && list.insertBefore(row, list.children[index] ?? null));
}

function write(row, id, { question, answer, at }) {
  row.dataset.n = question.n;
  row.querySelector("a").href = `${base}/answers/${question.n}`;
  put(row, "n", say("n", { n: number(question.n) }));
  put(row, "question", question.text, question.lang);
  put(row, "text", answer ? answer.text || say("empty_draft") : "", answer?.lang ?? "");
  put(row, "how", answer ? (words.how[answer.how] ?? say("how_none")) : "");
  put(row, "version", answer && answer.version > 1 ? say("version", { version: number(answer.version) }) : "");
  put(row, "when", id === "holding" ? left(at) : say(`when_${id}`, { time: clock(at), by: answer?.saved_by }));
}

function left(at) {
  const seconds = Math.ceil((Date.parse(at) - now()) / 1000);
  return seconds > 0 ? say("goes_out", { time: secondsLong(seconds) }) : say("goes_any");
}

const state = await follow(base, {
  changed: ({ questions }) => {
    if (questions.length) drawing ||= requestAnimationFrame(draw);
  },
  reloaded: () => draw(),
});
draw();
setInterval(() => {
  if (!root.querySelector("[data-group=holding]").hidden) draw();
}, 1000);
