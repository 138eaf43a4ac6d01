/** My questions: asks for the states again while the page is looked at, and shows what only this device knows. */
import { fill, make } from "./cards.js";
import { kept } from "./kept.js";
import { clock, tell } from "./times.js";
import { link, number, say, words } from "./words.js";

const $ = (id) => document.getElementById(id);
const { base } = $("main").dataset;
const EVERY = 10_000;
const STEPS = { received: 1, with_moderators: 1, open: 2, chosen: 4, now: 5, answered: 6, not_taken: 1, withdrawn: 1 };
const mine = kept(base, "mine", { receipts: [], voices: [] });
let heardAt = Date.now();
let failures = 0;

/** What a receipt shows; the macro `receipt_card` writes the same. */
function view(receipt) {
  const reason = words.reasons[receipt.code];
  return {
    id: `q${receipt.n}`,
    label: receipt.label,
    number: say(words.no, { n: number(receipt.n) }),
    asked: receipt.asked_at,
    text: receipt.text,
    lang: receipt.lang,
    step: STEPS[receipt.label],
    icon: `#l-${receipt.label}`,
    title: reason ? say(words.notTaken, { reason }) : words.labels[receipt.label],
    since: receipt.since,
    next: words.next[receipt.code] ?? words.next[receipt.label],
    why: receipt.why,
    answer: link(receipt.answer),
    url: link(receipt.url),
    code: receipt.receipt_code,
  };
}

function draw(receipts) {
  for (const receipt of [...receipts].sort((a, b) => (a.since < b.since ? -1 : 1))) {
    const there = $(`q${receipt.n}`);
    const changed = there && there.dataset.label !== receipt.label;
    const card = fill(there ?? make("receipt-card"), view(receipt));
    if (!there || changed) $("receipts").prepend(card);
    if (changed) $("heard").textContent = say(words.changed, { n: number(receipt.n), state: view(receipt).title });
  }
  $("none").hidden = Boolean(receipts.length);
}

function drawKept(into, list, title, next) {
  const card = (one) =>
    fill(make("kept-card"), { title, next, text: one.text, lang: one.lang, code: one.receipt_code, url: link(one.url) });
  $(into).replaceChildren(...list.map(card));
}

/** Whether there is anything to ask for: who never asked here and never added a voice costs no request. */
function known() {
  const { receipts, voices } = mine.get();
  return receipts.length + voices.length + $("receipts").children.length > 0;
}

async function look() {
  if (!document.hidden) {
    if (known()) await renew();
    drawKept("kept", kept(base, "outbox", []).get(), words.keptTitle, words.keptNext);
    $("stale").hidden = !failures;
    $("stale").querySelector("span:last-child").textContent = say(words.stale, { time: clock(heardAt) });
    tell();
  }
  setTimeout(look, EVERY * Math.min(6, 1 + failures) * (0.75 + Math.random() / 2));
}

async function renew() {
  try {
    const response = await fetch(`${base}/mine.json`, { headers: { Accept: "application/json" } });
    if (!response.ok) throw new Error(response.status);
    const body = await response.json();
    const own = new Set(body.receipts.map((receipt) => receipt.n));
    draw(body.receipts);
    // Another cookie, the same browser: its receipts stay reachable by their codes.
    const others = mine.get().receipts.filter((receipt) => !own.has(receipt.n));
    drawKept("here", others, words.hereTitle, words.hereNext);
    mine.set({ receipts: [...body.receipts, ...others], voices: body.voices });
    heardAt = Date.now();
    failures = 0;
  } catch {
    failures += 1;
  }
}

look();
