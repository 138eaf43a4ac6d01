// What a verb does: ask what it needs, send the move with the version that was read, and say what became of it.

import { editWording, pickCode, writeNote } from "./desk_dialogs.js";
import { refusal } from "./desk_line.js";
import { post } from "./desk_send.js";
import { keepAnswer, keepQuestion } from "./desk_state.js";
import { number, say } from "./desk_words.js";

// What is asked before it is sent. Each resolves with the facts of the move, or null.
const ASKED = {
  flag: (question) => writeNote(question),
  edit: (question) => editWording(question),
  decline: (question, verbs) => pickCode(question, "decline", verbs),
  hide: (question, verbs) => pickCode(question, "hide", verbs),
};

export const KEYS = {
  a: "approve", c: "flag", d: "decline", e: "edit", h: "hide", l: "answer", r: "release", s: "shortlist", t: "take",
  w: "write", x: "stop",
};
const keyFor = (verb) => Object.keys(KEYS).find((key) => KEYS[key] === verb) ?? "z";

export class Moves {
  /** `choose(n)` brings a question into the card; `settle(n, returned)` goes on after a move of one's own. */
  constructor({ base, state, card, conflict, strip, choose, settle }) {
    Object.assign(this, { base, state, card, conflict, strip, choose, settle, busy: false });
  }

  async press(verb) {
    if (this.busy || this.conflict.open || !this.card.verbs().includes(verb)) return;
    const question = this.state.questions.get(this.card.n);
    if (verb === "write") return location.assign(`${this.base}/answers/${question.n}`);
    if (verb === "stop") return this.stop(question.n);
    const seen = this.card.version;
    const more = verb in ASKED ? await ASKED[verb](question, this.card.verbs()) : {};
    if (more) await this.send(question.n, { action: verb, seen, ...more });
  }

  /** Send one move: `{action, seen, code, why, text}`. A repeat after a failure is the same move, with the same key. */
  async send(n, made) {
    const sent = { at: new Date().toISOString(), key: crypto.randomUUID(), ...made };
    const { action, seen, key, why = "", code = null, text = null } = sent;
    const result = await this.wait(post(`${this.base}/questions/${n}/${action}`, { seen, key, why, code, text }));
    if (result.ok) return this.done(n, sent, result.data.question);
    if (result.problem.code === "stale") return this.stale(n, sent, result.problem);
    // The move came through and only its answer was lost: it is shown as it stands.
    if (this.state.questions.get(n).version !== seen) this.settle(n, false);
    this.failed(result, () => this.send(n, sent));
  }

  undo(n, seen) {
    return this.send(n, { action: "undo", seen });
  }

  async stop(n) {
    const result = await this.wait(post(`${this.base}/answers/${n}/stop`, {}));
    if (!result.ok) return this.failed(result, () => this.stop(n));
    keepAnswer(this.state, result.data.answer);
    this.strip.say(say("done_stop", { n: number(n) }));
    this.settle(n, false);
  }

  async wait(sending) {
    this.busy = true;
    this.card.setBusy(true);
    const slow = setTimeout(() => this.strip.say(say("sending"), { lasting: true }), 600);
    try {
      return await sending;
    } finally {
      this.busy = false;
      this.card.setBusy(false);
      clearTimeout(slow);
    }
  }

  failed(result, again) {
    const unsure = result.status === 0 || result.status >= 500;
    this.strip.say(refusal(result), { act: unsure ? again : null, label: say("try_again"), lasting: true });
  }

  done(n, { action, code }, question) {
    keepQuestion(this.state, question);
    const undo = action === "undo" ? null : () => this.undo(n, question.version);
    const text = say(`done_${action}`, { n: number(n), code: code ? say(`code_${code}`) : "" });
    this.strip.say(text, { act: undo });
    this.settle(n, action === "undo");
  }

  /** Somebody was first. Theirs stands until the person chooses. */
  stale(n, sent, { current, by, at }) {
    keepQuestion(this.state, current);
    this.strip.clear();
    this.choose(n);
    const verbs = this.card.verbs();
    const { action, code, why, text } = sent;
    this.conflict.show({
      by: by || say("asker"),
      at,
      current,
      mine: { ...sent, key: keyFor(action) },
      ways: {
        keep: () => this.settle(n, false),
        ask: verbs.includes("flag") ? () => this.askAbout(n, by) : null,
        mine: verbs.includes(action) ? () => this.send(n, { action, code, why, text, seen: current.version }) : null,
      },
    });
  }

  async askAbout(n, by) {
    const question = this.state.questions.get(n);
    const note = await writeNote(question, by);
    if (note) await this.send(n, { action: "flag", seen: question.version, ...note });
  }
}
