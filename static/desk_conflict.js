// Somebody was first: theirs, yours, and the ways on. It stands in the card in place of the figures and the verbs.

import { copy, put, show } from "./desk_dom.js";
import { sentence } from "./desk_history.js";
import { clockSeconds, knows, number, say } from "./desk_words.js";

const TOLD = new Set(["declined", "hidden", "approved", "answering", "shortlisted"]);

export class Conflict {
  constructor(root) {
    this.root = root;
    this.place = root.querySelector(".card-conflict");
    this.ways = null;
  }

  get open() {
    return this.ways !== null;
  }

  /**
   * `by`, `at`, `current`: the decision that stands. `mine`: `{action, seen, at, key}` of what was not done.
   * `ways`: `{keep, ask, mine}`, functions; null where the table has no such move.
   */
  show({ by, at, current, mine, ways }) {
    this.close();
    this.ways = ways;
    this.key = mine.key;
    const card = copy("conflict-template");
    const verb = say(`verb_${mine.action}`);
    put(card, "title", say("conflict_title", { by }));
    put(card, "their-when", say("conflict_their_when", { by, time: clockSeconds(at) }));
    const theirs = `verb_${current.last_action}`;
    put(card, "their-what", knows(theirs) ? say(theirs) : sentence({ action: current.last_action }));
    put(card, "their-code", current.code ? say(`code_${current.code}`) : "");
    put(card, "their-why", current.why ? `“${current.why}”` : "");
    const told = TOLD.has(current.state) ? "conflict_told" : "conflict_their_version";
    put(card, "their-version", say(told, { version: number(current.version) }));
    put(card, "my-when", say("conflict_my_when", { time: clockSeconds(mine.at) }));
    put(card, "my-what", verb);
    put(card, "my-version", say("conflict_my_version", { version: number(mine.seen) }));
    put(card, "keep", say("conflict_keep", { by }));
    put(card, "ask", say("conflict_ask", { by }));
    put(card, "mine", say("conflict_mine", { verb, by }));
    put(card, "mine-key", mine.key.toUpperCase());
    for (const button of card.querySelectorAll("[data-way]")) {
      show(button, ways[button.dataset.way] !== null);
      button.addEventListener("click", () => this.go(button.dataset.way));
    }
    this.place.replaceChildren(card);
    this.root.classList.add("in-conflict");
    card.querySelector("[data-way=keep]").focus();
  }

  /** Go one of the ways; false where it isn't open. */
  go(way) {
    const step = this.ways?.[way];
    if (!step) return false;
    this.close();
    step();
    return true;
  }

  close() {
    this.ways = null;
    this.place.replaceChildren();
    this.root.classList.remove("in-conflict");
  }
}
