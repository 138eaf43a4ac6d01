// What happened to a question and its answers, line by line.

import { put, show } from "./desk_dom.js";
import { get } from "./desk_send.js";
import { clock, knows, say } from "./desk_words.js";

const HISTORY_AFTER = 120;

/** A name inside a sentence, in its own direction. */
export const isolated = (text) => `\u2068${text}\u2069`;

/** What a move was, in words: "Declined: off the announced topics". */
export function sentence({ action, code }) {
  const name = `did_${action}`;
  return knows(name) ? say(name, { code: code ? say(`code_${code}`) : "" }) : action;
}

// Publishing moves the answer and its question: one act, one line.
const toldTwice = ({ type, action }) => type === "question.moved" && action === "publish";

/** The moves of a question, newest first, fetched when the card has stood for a moment. */
export class History {
  constructor(root, base) {
    this.root = root;
    this.base = base;
    this.list = root.querySelector("ol");
    this.template = document.getElementById("history-template");
    this.n = null;
  }

  open(n, me, mayUndo = false) {
    clearTimeout(this.timer);
    this.request?.abort();
    if (this.n !== n) {
      this.list.replaceChildren();
      put(this.root, "history", say("history_loading"));
    }
    this.n = n;
    this.timer = setTimeout(() => this.load(n, me, mayUndo), HISTORY_AFTER);
  }

  async load(n, me, mayUndo) {
    this.request = new AbortController();
    const { signal } = this.request;
    try {
      const { moves } = await get(`${this.base}/questions/${n}/history`, signal);
      const lines = moves.filter((move) => !toldTwice(move));
      this.list.replaceChildren(...lines.map((move, index) => this.line(move, me, mayUndo && index === 0)));
      put(this.root, "history", "");
    } catch {
      if (!signal.aborted) put(this.root, "history", say("history_failed"));
    }
  }

  line(move, me, undoable) {
    const line = this.template.content.firstElementChild.cloneNode(true);
    const at = line.querySelector("time");
    at.dateTime = move.at;
    put(line, "at", clock(move.at));
    put(line, "by", move.initials || "·");
    line.querySelector(".initials").classList.toggle("mine", move.initials === me.initials);
    put(line, "what", sentence(move));
    put(line, "why", move.why ? `“${move.why}”` : "");
    if (undoable) show(line.querySelector("[data-do=undo]"), true);
    return line;
  }
}
