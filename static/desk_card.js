// The right column: one question with all the desk knows of it, its history, and its verbs.

import { icon, put, show } from "./desk_dom.js";
import { History, isolated, sentence } from "./desk_history.js";
import { LANES, holding, offered, reach } from "./desk_state.js";
import { age, ago, clock, langname, now, number, say, secondsLong, tenth } from "./desk_words.js";

// In the order of the buttons; the first one offered that leads the question on is the filled one.
export const VERBS = ["approve", "shortlist", "answer", "take", "release", "flag", "edit", "decline", "hide"];
const LEADING = new Set(["approve", "shortlist", "answer", "write"]);
const WRITABLE = new Set(["approved", "shortlisted", "answering", "answered"]);
const ICONS = Object.fromEntries(LANES.flatMap((lane) => lane.states.map((state) => [state, lane.icon])));
// A card that changes under the eyes counts as read only after this long: until then a verb carries the version
// before, and the server's conflict card says what happened.
const READ_AFTER = 900;

export class Card {
  constructor(root, { moves, base }) {
    this.root = root;
    this.moves = moves;
    this.base = base;
    this.one = root.querySelector(".card-one");
    this.none = root.querySelector(".card-none");
    this.body = root.querySelector(".card-body");
    this.history = new History(root.querySelector(".history"), base);
    this.n = null;
  }

  /** Show question `n`, or nothing. */
  open(state, n) {
    this.state = state;
    const other = this.n !== n;
    this.n = n;
    const question = state.questions.get(n);
    show(this.one, question !== undefined);
    show(this.none, question === undefined);
    if (!question) return;
    this.read(question.version);
    put(this.root, "moved", "");
    show(this.root.querySelector(".moved"), false);
    this.fill();
    // With the next frame, not now: a scroll makes the browser lay the page out at once.
    if (other) requestAnimationFrame(() => (this.body.scrollTop = 0));
    this.history.open(question.n, state.me, this.mayUndo());
  }

  /** The shown question was changed; `frame` is the entry that did it, if one did, and says who. */
  changed(frame) {
    const question = this.state.questions.get(this.n);
    if (frame?.type === "question.moved" && frame.data.move.by !== this.state.me.id) this.tellMoved(frame);
    else if (question.version !== this.version) this.read(question.version);
    this.fill();
    if (frame) this.history.open(question.n, this.state.me, this.mayUndo());
  }

  tellMoved({ at, data: { question, move } }) {
    clearTimeout(this.reading);
    this.reading = setTimeout(() => this.read(question.version), READ_AFTER);
    const what = sentence(move);
    const by = move.initials || say("asker");
    put(this.root, "moved", say("moved_live", { by, what, time: clock(at) }));
    show(this.root.querySelector(".moved"), true);
  }

  /** The version the person has before them: what their verbs are about. */
  read(version) {
    clearTimeout(this.reading);
    this.version = version;
  }

  fill() {
    const question = this.state.questions.get(this.n);
    const put_ = (field, text, lang) => put(this.root, field, text, lang);
    put_("title", say("title", { n: number(question.n) }));
    this.fillState(question);
    put_("text", question.text, question.lang);
    this.part("original", question.text !== question.original ? question.original : "", question.lang);
    this.part("context", question.context, question.lang);
    put_("language", langname(question.lang));
    put_("name", question.name ? say("from_name", { name: isolated(question.name) }) : "");
    put_("asker", say("from_asker", { mark: question.asker }));
    put_("asked", say("asked_at", { time: clock(question.asked_at), ago: ago(question.asked_at) }));
    this.part("why", whyNot(question));
    const views = reach(question);
    put_("voices", number(question.voices));
    put_("reach", views === null ? "–" : tenth(views));
    put_("views", number(question.impressions));
    put_("version", say("version", { version: number(question.version) }));
    this.tick();
    this.offer(question);
  }

  fillState(question) {
    const chip = this.root.querySelector(".state");
    const word = say(`state_${question.state}`);
    if (chip.textContent !== word) chip.replaceChildren(icon(ICONS[question.state]), word);
    chip.dataset.state = question.state;
    const holder = this.root.querySelector(".holder");
    const mine = question.holder === this.state.me.initials;
    show(holder, question.holder !== "");
    put(holder, "holder", question.holder);
    put(holder, "holds", say(mine ? "holds_me" : "holds"));
    holder.classList.toggle("mine", mine);
  }

  part(name, text, lang) {
    show(this.root.querySelector(`[data-part="${name}"]`), text !== "");
    put(this.root, name, text, lang);
  }

  /** What follows the clock. */
  tick() {
    const question = this.state?.questions.get(this.n);
    if (!question) return;
    put(this.root, "age", age(question.asked_at));
    const held = holding(this.state, this.n);
    show(this.root.querySelector(".card-hold"), held !== undefined);
    if (!held) return;
    const left = Math.max(0, Math.ceil((Date.parse(held.publish_at) - now()) / 1000));
    put(this.root, "hold", say("hold", { time: secondsLong(left) }));
  }

  /** The verbs for the question as it stands, as names. */
  verbs() {
    const question = this.state?.questions.get(this.n);
    if (!question) return [];
    const can = this.state.me.can;
    const verbs = offered(this.moves, can, question.state, VERBS);
    if (WRITABLE.has(question.state) && can.includes("write")) verbs.splice(verbs.indexOf("answer") + 1, 0, "write");
    if (holding(this.state, this.n) && can.includes("stop")) verbs.unshift("stop");
    return verbs;
  }

  offer() {
    const verbs = this.verbs();
    const leading = verbs.includes("stop") ? "stop" : verbs.find((verb) => LEADING.has(verb));
    for (const button of this.root.querySelectorAll(".verbs [data-verb]")) {
      show(button, verbs.includes(button.dataset.verb));
      button.classList.toggle("primary", button.dataset.verb === leading);
    }
    // Where the last row of two, or of three on a phone, would hold one alone, the filled button takes a row.
    const { classList } = this.root.querySelector(".verbs");
    classList.toggle("odd", verbs.length % 2 === 1);
    classList.toggle("over", verbs.length % 3 === 1);
  }

  /** Whether the last move of the shown question is one the person may take back. */
  mayUndo() {
    const question = this.state.questions.get(this.n);
    const { can } = this.state.me;
    return this.moves.some(
      (move) => VERBS.includes(move.action) && move.action === question.last_action && move.after === question.state && can.includes(move.needs),
    );
  }

  setBusy(on) {
    this.root.querySelector(".verbs").toggleAttribute("data-busy", on);
  }
}

function whyNot(question) {
  if (question.state !== "declined" && question.state !== "hidden" && question.state !== "flagged") return "";
  const code = question.code ? say(`code_${question.code}`) : "";
  return [code, question.why && `“${isolated(question.why)}”`].filter(Boolean).join(": ");
}
