// The left column: how many wait in each lane, and since when.

import { put } from "./desk_dom.js";
import { matcher, tally } from "./desk_state.js";
import { age, clock, now, number, say, secondsShort } from "./desk_words.js";

// While the event runs, who asked should not wait longer than this for a moderator.
const LATE_AFTER = 5 * 60_000;
const RUNNING = new Set(["live", "answering"]);

/** With a search, each lane says how many it found. */
export function drawLanes(root, state, { lane: current, query }) {
  const searching = query.trim() !== "";
  const lanes = tally(state, searching ? matcher(query) : undefined);
  for (const link of root.querySelectorAll("[data-lane]")) {
    const id = link.dataset.lane;
    const late = !searching && isLate(id, lanes[id], state.event);
    put(link, "count", number(lanes[id].count));
    put(link, "age", searching ? say("lane_found") : says(id, lanes[id], late, state));
    link.classList.toggle("late", late);
    if (id === current) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

const isLate = (id, { oldest }, event) =>
  id === "new" && oldest !== null && RUNNING.has(event.phase) && now() - Date.parse(oldest) > LATE_AFTER;

function says(id, { count, oldest }, late, state) {
  if (id === "done") return say("lane_answers", { count: number(answered(state)) });
  if (count === 0) return say("lane_none");
  if (id === "shortlist") return say("lane_next");
  if (id === "answering") return say("lane_since", { time: clock(oldest) });
  if (id === "holding") {
    const left = Math.max(0, Math.ceil((Date.parse(oldest) - now()) / 1000));
    return say("lane_goes_out", { time: secondsShort(left) });
  }
  return say(late ? "lane_late" : "lane_oldest", { age: age(oldest) });
}

function answered(state) {
  let count = 0;
  for (const question of state.questions.values()) if (question.state === "answered") count += 1;
  return count;
}
