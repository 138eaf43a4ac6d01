// The desk: brings lanes, list, card, verbs and keys together. What it knows is in desk_state.js.

import { Card } from "./desk_card.js";
import { Conflict } from "./desk_conflict.js";
import { put } from "./desk_dom.js";
import { sentence } from "./desk_history.js";
import { listen, switchKeys, switchedOn } from "./desk_keys.js";
import { drawLanes } from "./desk_lanes.js";
import { follow } from "./desk_line.js";
import { List } from "./desk_list.js";
import { KEYS, Moves } from "./desk_moves.js";
import { inLane, laneOf, LANES } from "./desk_state.js";
import { Strip } from "./desk_strip.js";
import { number, say } from "./desk_words.js";

const root = document.getElementById("main");
const { base, moves } = JSON.parse(document.getElementById("desk-data").textContent);
const phone = matchMedia("(max-width: 899px)");
const search = document.getElementById("search");
const order = document.getElementById("order");

const list = new List(root.querySelector(".list"), (n) => choose(n, true));
const card = new Card(root.querySelector(".card"), { moves, base });
const conflict = new Conflict(root.querySelector(".card"));
const strip = new Strip(root);
const place = { lane: "new", order: "oldest", query: "" };
let state = null;
let verbs = null;

// Where one is: the lane and the question stand in the address, so that Back works and a card can be passed on.

function address(n) {
  return n ? `#${place.lane}/${n}` : `#${place.lane}`;
}

function readAddress() {
  const [lane, n] = location.hash.slice(1).split("/");
  const known = LANES.some(({ id }) => id === lane);
  const found = Number(n) || null;
  return { lane: known ? lane : (laneOf(state, found) ?? "new"), n: found, named: known || found !== null };
}

// A step deeper on a phone is one for Back. Running down the list is not, and browsers allow only so many replacements.
const DEPTH = { lanes: 0, list: 1, card: 2 };
let noting = 0;

function go(view, n) {
  const deeper = DEPTH[view] > DEPTH[root.dataset.view];
  root.dataset.view = view;
  clearTimeout(noting);
  const note = (how) => address(n) !== location.hash && history[how]({ view }, "", address(n));
  if (phone.matches && deeper) note("pushState");
  else noting = setTimeout(note, 250, "replaceState");
}

function openLane(lane, n = null) {
  place.lane = lane;
  place.query = search.value;
  place.order = order.value;
  conflict.close();
  put(root.querySelector(".list"), "count", "");
  document.getElementById("list-title").textContent = laneName(lane);
  list.open(state, place, n);
  card.open(state, list.selected);
  draw();
}

const laneName = (lane) => root.querySelector(`[data-lane="${lane}"] .lane-name`).textContent;

/** Show question `n` in the card. `opening`: the person asked for it, so on a phone the card comes up. */
function choose(n, opening = false) {
  if (n === null || n === undefined) return false;
  conflict.close();
  list.select(n);
  card.open(state, n);
  if (opening && phone.matches) {
    go("card", n);
    card.root.focus();
  } else {
    go(root.dataset.view, n);
    if (root.dataset.view !== "card") list.focus();
  }
  drawWhere();
  return true;
}

function back(view) {
  conflict.close();
  go(view, null);
  if (view === "list") list.focus();
  else root.querySelector("[data-lane][aria-current]").focus();
}

// Moves

/** After one's own move: the next card of the lane if this one left it, else the same one as it is now. */
function settle(n, returned) {
  if (returned) {
    if (!inLane(state, place.lane, n)) place.lane = laneOf(state, n);
    openLane(place.lane, n);
    choose(n);
  } else if (card.n !== n) {
    list.patch([n]);
  } else if (inLane(state, place.lane, n)) {
    list.patch([n]);
    card.open(state, n);
  } else {
    const next = list.leave(n);
    card.open(state, next);
    go(next === null && phone.matches ? "list" : root.dataset.view, next);
    if (root.dataset.view === "card") card.root.focus();
    else list.focus();
  }
  draw();
}

// The present changes: fold entry by entry, draw once a frame.

const changed = new Set();
let drawing = 0;

function heard({ questions, event }, frame) {
  // My own move comes back as an entry, at times before its answer: that one shows it, when the keys are free again.
  const settling = verbs.busy && frame.data.move?.by === state.me.id;
  for (const n of settling ? [] : questions) changed.add(n);
  if (questions.includes(card.n) && !settling) card.changed(frame.seq ? frame : null);
  if (frame.type === "question.moved") tellOverruled(frame.data);
  if (questions.length || event) {
    drawing ||= requestAnimationFrame(() => {
      drawing = 0;
      list.patch(changed);
      changed.clear();
      draw();
    });
  }
}

const mine = new Map();

/** Who did something else to a question than I had is told to me, once. */
function tellOverruled({ question, move: { by, initials, action } }) {
  if (by === state.me.id) return mine.set(question.n, action);
  if (!mine.delete(question.n) || question.n === card.n || !["approve", "decline", "hide", "undo"].includes(action)) return;
  const what = sentence({ action, code: question.code });
  strip.say(say("overruled", { by: initials || say("asker"), n: number(question.n), what }), { lasting: true });
}

function draw() {
  drawLanes(root.querySelector(".lanes"), state, place);
  put(root.querySelector(".list"), "count", number(list.count));
  drawWhere();
}

function drawWhere() {
  const { at, of } = list.place();
  put(card.root, "where", say("where", { lane: laneName(place.lane), at: number(at), of: number(of) }));
}

function reloaded() {
  openLane(place.lane, card.n);
}

// Hands

function step(by) {
  const n = list.neighbour(by);
  if (n !== null) choose(n);
}

function help() {
  const dialog = document.getElementById("keys");
  dialog.querySelector("#keys-on").checked = switchedOn();
  dialog.showModal();
}

const commands = {
  j: () => step(1),
  k: () => step(-1),
  u: () => strip.run(),
  z: () => strip.run(),
  "/": () => {
    if (phone.matches) go("list", null);
    search.focus();
    search.select();
  },
  "?": help,
  Escape: () => {
    if (conflict.open) conflict.go("keep");
    else if (strip.element) strip.clear();
    else if (phone.matches && root.dataset.view !== "lanes") back(root.dataset.view === "card" ? "list" : "lanes");
    else return false;
  },
  Enter: (event) => {
    if (!conflict.open || event.target.closest("[data-way]")) return false;
    conflict.go("keep");
  },
};
for (const [key, name] of Object.entries(KEYS)) {
  commands[key] = (event) => {
    if (!conflict.open) return event.shiftKey ? false : void verbs.press(name);
    if (key === "c" && !event.shiftKey) conflict.go("ask");
    else if (event.shiftKey && key === conflict.key) conflict.go("mine");
  };
}

function listenToHands() {
  listen(commands, ["j", "k"]);
  root.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-verb], [data-do]");
    if (!button) return;
    if (button.dataset.verb) return void verbs.press(button.dataset.verb);
    const acts = {
      lanes: () => back("lanes"),
      list: () => back("list"),
      next: () => step(1),
      undo: () => verbs.undo(card.n, card.version),
    };
    acts[button.dataset.do]();
  });
  root.querySelector(".lanes").addEventListener("click", (event) => {
    const link = event.target.closest("[data-lane]");
    if (!link) return;
    event.preventDefault();
    openLane(link.dataset.lane);
    go("list", null);
    list.focus();
  });
  let typing = 0;
  search.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(openLane, 120, place.lane);
  });
  search.addEventListener("keydown", (event) => {
    if (event.isComposing || !["Escape", "Enter"].includes(event.key)) return;
    if (event.key === "Escape" && search.value) search.value = "";
    event.preventDefault();
    openLane(place.lane);
    list.focus();
  });
  order.addEventListener("change", () => openLane(place.lane, card.n));
  window.addEventListener("popstate", ({ state: kept }) => {
    const { lane, n } = readAddress();
    if (lane !== place.lane) openLane(lane, n);
    else if (n) choose(n);
    root.dataset.view = kept?.view ?? "lanes";
  });
  document.getElementById("keys-button").addEventListener("click", help);
  document.getElementById("keys-on").addEventListener("change", ({ target }) => switchKeys(target.checked));
}

state = await follow(base, { changed: heard, reloaded });
const bring = (n) => (card.n === n ? card.open(state, n) : choose(n));
verbs = new Moves({ base, state, card, conflict, strip, choose: bring, settle });
const { lane, n, named } = readAddress();
openLane(lane, n);
history.replaceState({ view: "lanes" }, "", location.href);
if (named && phone.matches) root.dataset.view = n ? "card" : "list";
listenToHands();
setInterval(() => list.tickAll(), 15_000);
setInterval(() => {
  card.tick();
  draw();
}, 1000);
