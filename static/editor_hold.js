// The hold slot: a strip over the whole window with the time left and one button, Stop.

import { put, show } from "./desk_dom.js";
import { now, number, say, secondsLong } from "./desk_words.js";

// A key that was held down to publish must not stop at once.
const DEAF = 400;

export class Hold {
  /** `stop()` is called at most once for each time the strip is shown. */
  constructor(root, stop) {
    this.root = root;
    this.button = root.querySelector("#stop");
    this.left = root.querySelector(".left");
    this.answer = null;
    this.button.addEventListener("click", (event) => {
      if (event.detail === 0 && performance.now() - this.since < DEAF) return;
      this.pressed(stop);
    });
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.isComposing || root.hidden) return;
      event.preventDefault();
      this.pressed(stop);
    });
  }

  pressed(stop) {
    if (this.stopping) return;
    this.stopping = true;
    stop();
  }

  /** Show the strip for a held answer; `full` is the length of the slot in seconds, `stopped` whether nothing goes out. */
  show(answer, { full, stopped, mayStop }) {
    const opening = this.answer === null;
    this.answer = answer;
    this.stopped = stopped;
    this.full = Math.max(full, this.seconds());
    this.stopping = false;
    show(this.root, true);
    show(this.button, mayStop);
    put(this.root, "who", say(stopped ? "held_stopped" : "held_who", { n: number(answer.n) }));
    this.tick();
    if (!opening) return;
    this.since = performance.now();
    this.timer = setInterval(() => this.tick(), 200);
    this.button.focus();
  }

  /** Take the strip away. True: the focus was in it. */
  hide() {
    const inside = this.root.contains(document.activeElement);
    clearInterval(this.timer);
    this.answer = null;
    show(this.root, false);
    return inside;
  }

  seconds() {
    return Math.max(0, (Date.parse(this.answer.publish_at) - now()) / 1000);
  }

  tick() {
    const left = this.seconds();
    const whole = Math.ceil(left);
    put(this.root, "left", whole > 0 ? number(whole) : "");
    put(this.root, "title", whole > 0 ? say("goes_out", { time: secondsLong(whole) }) : say("goes_any"));
    this.left.style.strokeDashoffset = String(100 - (100 * left) / this.full);
  }
}
