// Saving while one types: within two seconds on the server, at once on this device until the server has it.

import { refusal } from "./desk_line.js";
import { post } from "./desk_send.js";
import { clockSeconds, say } from "./desk_words.js";

const PAUSE = 700;
const LONGEST = 1700;
const LONGEST_RETRY = 10_000;

export class Saver {
  /**
   * `url` takes the draft; `read()` gives `{text, how, lang}` as it stands in the fields; `says(text, bad)` shows how it
   * stands; `saved(answer)` and `stale({current, by, at})` hear from the server.
   */
  constructor({ url, answer, read, says, saved, stale }) {
    Object.assign(this, { url, read, says, saved, stale });
    this.take(answer);
    this.failures = 0;
    this.key = `draft ${url}`;
  }

  /** The version the fields were filled from: what is saved next builds on it. */
  take(answer) {
    this.rev = answer?.rev ?? 0;
    this.held = JSON.stringify(answer ? { text: answer.text, how: answer.how, lang: answer.lang } : null);
    this.since = 0;
    clearTimeout(this.timer);
  }

  get dirty() {
    return this.since > 0;
  }

  /** A field was changed. */
  touch() {
    this.since ||= Date.now();
    localStorage.setItem(this.key, JSON.stringify({ ...this.read(), rev: this.rev }));
    this.after(Math.max(0, Math.min(PAUSE, this.since + LONGEST - Date.now())));
  }

  after(milliseconds) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), milliseconds);
  }

  /** Save what is not saved. True: the server has all of it. */
  async flush() {
    while (this.dirty || this.sending) if (!(await this.save())) return false;
    return true;
  }

  save() {
    clearTimeout(this.timer);
    this.sending ??= this.send().finally(() => (this.sending = null));
    return this.sending;
  }

  async send() {
    if (!this.dirty) return true;
    const draft = this.read();
    this.since = 0;
    this.says(say("saving"));
    const result = await post(this.url, { ...draft, rev: this.rev }, 1);
    if (result.ok) return this.done(result.data.answer);
    this.since ||= Date.now();
    if (result.problem.code === "stale") this.stale(result.problem);
    else if (result.status === 0 || result.status >= 500) this.again();
    else this.says(refusal(result), true);
    return false;
  }

  done(answer) {
    this.rev = answer.rev;
    this.failures = 0;
    if (this.dirty) this.after(PAUSE);
    else localStorage.removeItem(this.key);
    this.says(say("saved", { time: clockSeconds(answer.saved_at) }));
    this.saved(answer);
    return true;
  }

  again() {
    this.failures += 1;
    this.says(say("unsaved"), true);
    this.after(Math.min(LONGEST_RETRY, 500 * 2 ** this.failures));
  }

  /** What this device kept of an earlier visit, unless the server has the very same: `{text, how, lang, rev}`. */
  kept() {
    const kept = JSON.parse(localStorage.getItem(this.key) ?? "null");
    if (!kept) return null;
    const { rev, ...draft } = kept;
    if (JSON.stringify(draft) !== this.held && (draft.text || draft.how)) return { rev, ...draft };
    this.forget();
    return null;
  }

  forget() {
    localStorage.removeItem(this.key);
    this.since = 0;
    clearTimeout(this.timer);
  }
}
