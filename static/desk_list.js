// The middle column: the questions of one lane. Rows never move under the focus: arrivals wait below, a question that
// a colleague moved stays as a faded row until the person's own next step sweeps it out.

import { put, show } from "./desk_dom.js";
import { inLane, listed, matcher, reach } from "./desk_state.js";
import { age, langname, number, plural, say, tenth } from "./desk_words.js";

const FIRST_ROWS = 60;
const ROWS_A_FRAME = 150;

export class List {
  /** `choose(n)`: a row was clicked or entered. */
  constructor(root, choose) {
    this.rows = root.querySelector("ol");
    this.scroller = root.querySelector(".list-scroll");
    this.empty = root.querySelector(".list-empty");
    this.below = root.querySelector(".list-below");
    this.template = document.getElementById("row-template");
    this.items = new Map();
    this.order = [];
    this.gone = new Set();
    this.arrived = new Set();
    this.known = new Set();
    this.selected = null;
    this.rows.addEventListener("click", (event) => {
      const row = event.target.closest("li");
      if (row) choose(Number(row.dataset.n));
    });
    this.below.addEventListener("click", () => choose([...this.arrived][0]));
    this.scroller.addEventListener("scroll", () => this.atEnd() && this.sawArrivals(), { passive: true });
  }

  /** Show a lane from the top, with question `n` selected, or the first. */
  open(state, { lane, order, query }, n) {
    this.state = state;
    this.lane = lane;
    this.matches = matcher(query);
    this.order = listed(state, lane, order, query);
    this.known = new Set(this.order);
    this.items.clear();
    this.gone.clear();
    this.sawArrivals();
    this.rows.replaceChildren();
    this.build(FIRST_ROWS);
    this.buildTheRest();
    this.select(this.known.has(n) ? n : (this.order[0] ?? null));
    show(this.empty, this.order.length === 0);
    put(this.empty, "what", say(query.trim() ? "nothing_found" : "lane_empty"));
  }

  /** Make rows until there are `count` of them. */
  build(count) {
    const made = document.createDocumentFragment();
    for (const n of this.order.slice(this.items.size, count)) made.append(this.row(n));
    this.rows.append(made);
  }

  buildTheRest() {
    cancelAnimationFrame(this.pending);
    if (this.items.size >= this.order.length) return;
    this.pending = requestAnimationFrame(() => {
      this.build(this.items.size + ROWS_A_FRAME);
      this.buildTheRest();
    });
  }

  row(n) {
    const row = this.template.content.firstElementChild.cloneNode(true);
    row.dataset.n = n;
    this.items.set(n, row);
    this.fill(n);
    return row;
  }

  fill(n) {
    const question = this.state.questions.get(n);
    const row = this.items.get(n);
    const views = reach(question);
    put(row, "n", number(n));
    put(row, "text", question.text, question.lang);
    put(row, "lang", langname(question.lang));
    show(row.querySelector("[data-f=edited]"), question.text !== question.original);
    put(row, "voices", number(question.voices));
    put(row, "voices-word", plural("voices", question.voices));
    put(row, "reach", views === null ? "–" : tenth(views));
    put(row, "holder", question.holder);
    row.classList.toggle("held", question.holder !== "");
    row.classList.toggle("mine", question.holder === this.state.me.initials);
    this.tick(n);
    const gone = this.gone.has(n);
    row.classList.toggle("gone", gone);
    const state = say(`state_${question.state}`);
    put(row, "gone", gone ? say("gone", { state, by: question.moved_by || say("asker") }) : "");
  }

  tick(n) {
    const question = this.state.questions.get(n);
    const row = this.items.get(n);
    put(row, "age", age(question.asked_at));
  }

  tickAll() {
    for (const n of this.items.keys()) this.tick(n);
  }

  /** After entries or tallies: fill what changed, fade what left, append what came. */
  patch(changed) {
    const fits = this.atEnd();
    let grown = false;
    for (const n of changed) {
      const belongs = inLane(this.state, this.lane, n);
      if (this.known.has(n)) {
        if (belongs) this.gone.delete(n);
        else this.gone.add(n);
        if (this.items.has(n)) this.fill(n);
      } else if (belongs && this.matches(this.state.questions.get(n))) {
        this.order.push(n);
        this.known.add(n);
        this.arrived.add(n);
        grown = true;
      }
    }
    if (!grown) return;
    this.build(this.items.size + this.arrived.size);
    show(this.empty, false);
    if (this.selected === null) this.select(this.order[0]);
    if (fits && this.atEnd()) this.sawArrivals();
    this.showArrivals();
  }

  atEnd() {
    return this.scroller.scrollTop + this.scroller.clientHeight >= this.scroller.scrollHeight - 40;
  }

  sawArrivals() {
    this.arrived.clear();
    this.showArrivals();
  }

  showArrivals() {
    show(this.below, this.arrived.size > 0);
    put(this.below, "count", number(this.arrived.size));
  }

  select(n) {
    this.mark(false);
    this.selected = n;
    if (n === null) return;
    this.build(this.order.indexOf(n) + 1);
    this.mark(true);
    this.arrived.delete(n);
    this.showArrivals();
  }

  mark(on) {
    const button = this.items.get(this.selected)?.firstElementChild;
    if (!button) return;
    button.tabIndex = on ? 0 : -1;
    if (on) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }

  focus() {
    const button = this.items.get(this.selected)?.firstElementChild;
    button?.focus({ preventScroll: true });
    button?.scrollIntoView({ block: "nearest" });
  }

  /** The number `by` places further among the questions still here, or null at the end. */
  neighbour(by) {
    const stays = (n) => n === this.selected || !this.gone.has(n);
    const here = this.order.filter(stays);
    return here[here.indexOf(this.selected) + by] ?? null;
  }

  /** How many questions the list holds, without those that a colleague moved on. */
  get count() {
    return this.order.length - this.gone.size;
  }

  /** "1 of 37": the place of the selected question and how many there are. */
  place() {
    const here = this.order.filter((n) => n === this.selected || !this.gone.has(n));
    return { at: here.indexOf(this.selected) + 1, of: here.length };
  }

  /**
   * The person moved question `n` on: its row and the faded ones go, the next one is selected, at the same height
   * where the list can be scrolled. Returns it.
   */
  leave(n) {
    const top = this.topOf(n);
    const next = this.neighbour(1) ?? this.neighbour(-1);
    for (const leaving of [...this.gone, n]) {
      if (leaving === next) continue;
      this.items.get(leaving)?.remove();
      this.items.delete(leaving);
      this.arrived.delete(leaving);
    }
    this.order = this.order.filter((other) => other === next || (other !== n && !this.gone.has(other)));
    this.known = new Set(this.order);
    this.gone.clear();
    this.select(next);
    show(this.empty, this.order.length === 0);
    if (next !== null) this.scroller.scrollTop += this.topOf(next) - top;
    return next;
  }

  topOf(n) {
    return this.items.get(n)?.getBoundingClientRect().top ?? 0;
  }
}
