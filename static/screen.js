/** The projector: the question being answered, the next one, how to join. Nothing else moves. */
import { connect } from "./live.js";
import { beingAnswered, doing, fold, nextUp, present } from "./present.js";
import { words } from "./words.js";

const $ = (id) => document.getElementById(id);
const { base } = $("main").dataset;
const given = JSON.parse($("present").textContent);
// What is hidden later must not stay in the page's source.
$("present").remove();
// About as many letters as fit in four lines; Chinese needs twice the width for each.
const LONG = 140;

let state = present(given);
let down = 0;

const width = (text) => [...text].reduce((sum, letter) => sum + (letter > "\u2e80" ? 2 : 1), 0);

function put(node, text, lang) {
  if (node.textContent === text) return;
  node.textContent = text;
  node.lang = lang;
}

function draw() {
  const { event } = state;
  const now = beingAnswered(state);
  const next = nextUp(state);
  const text = now?.text ?? words.title;
  put($("label"), now ? words.now : words.account, words.lang);
  put($("text"), text, now?.lang ?? words.lang);
  $("text").className = width(text) > LONG ? "long" : "";
  $("up").hidden = !next;
  put($("up").querySelector("p"), next?.text ?? "", next?.lang ?? "");
  $("notice").hidden = !event.notice;
  put($("notice"), event.notice, "");
  put($("doing"), words.doing[doing(event)], words.lang);
  $("main").dataset.phase = event.phase;
  $("main").dataset.asking = event.asking ? "closed" : "open";
}

connect({
  base,
  after: given.seq,
  epoch: given.epoch,
  onFrame(frame) {
    if (frame.seq === undefined) return;
    fold(state, frame);
    draw();
  },
  onReload(snapshot) {
    state = present(snapshot);
    draw();
  },
  // A hall must not read of a cut that mends itself in a moment.
  onState({ state: line }) {
    clearTimeout(down);
    if (line === "live") $("cut").hidden = true;
    else down = setTimeout(() => ($("cut").hidden = false), 10_000);
  },
});
draw();
document.addEventListener("visibilitychange", () => document.hidden || awake());

// A projector's computer must not go to sleep; where the browser can't promise that, nothing is lost.
function awake() {
  navigator.wakeLock?.request("screen").catch(() => {});
}
awake();
