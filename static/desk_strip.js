// The black strip that says what was just done, and lets it be taken back for ten seconds. It takes the place of the
// key line under the list; on a phone's card it stands above the verbs, so that they stay in one place.

import { copy, put, show } from "./desk_dom.js";
import { say, secondsShort } from "./desk_words.js";

const STAYS = 10;
const phone = matchMedia("(max-width: 899px)");

export class Strip {
  constructor(root) {
    this.root = root;
    this.element = null;
    this.act = null;
  }

  /** Say `text`; with `act`, offer it as a button of that name. `lasting`: it stays until something replaces it. */
  say(text, { act = null, label = say("undo"), lasting = false } = {}) {
    this.clear();
    this.act = act;
    this.element = copy("strip-template");
    put(this.element, "text", text);
    put(this.element, "do", label);
    const button = this.element.querySelector("button");
    show(button, act !== null);
    show(this.element.querySelector(".strip-bar"), !lasting);
    button.addEventListener("click", () => this.run());
    this.place().append(this.element);
    this.root.classList.add("has-strip");
    if (!lasting) this.count(STAYS);
  }

  place() {
    const card = phone.matches && this.root.dataset.view === "card";
    return this.root.querySelector(card ? ".card-slot" : ".list-foot");
  }

  count(left) {
    if (this.act) put(this.element, "left", secondsShort(left));
    this.timer = setTimeout(() => (left > 1 ? this.count(left - 1) : this.clear()), 1000);
  }

  /** Press its button; false if there is none. */
  run() {
    const { act } = this;
    if (!act) return false;
    this.clear();
    act();
    return true;
  }

  clear() {
    clearTimeout(this.timer);
    this.element?.remove();
    this.element = null;
    this.act = null;
    this.root.classList.remove("has-strip");
  }
}
