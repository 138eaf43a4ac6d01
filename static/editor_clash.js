// Two texts of one answer, side by side, to choose from.

import { copy, put } from "./desk_dom.js";
import { clockSeconds, say } from "./desk_words.js";

/** `theirs` is the version on the server, saved by `by` at `at`; `mine` the draft here. `take("theirs"|"mine", theirs, mine)`. */
export function offer({ title, by, at, theirs, mine }, take) {
  const place = document.getElementById("clash");
  const card = copy("clash-template");
  put(card, "title", title);
  put(card, "their-when", say("clash_when", { by, time: clockSeconds(at) }));
  put(card, "theirs", theirs.text, theirs.lang);
  put(card, "take-theirs", say("clash_take", { by }));
  put(card, "mine", mine.text, mine.lang);
  card.addEventListener("click", ({ target }) => {
    const taken = target.closest("[data-take]")?.dataset.take;
    if (!taken) return;
    place.replaceChildren();
    take(taken, theirs, mine);
  });
  place.replaceChildren(card);
  card.scrollIntoView({ block: "nearest" });
  card.querySelector("button").focus();
}
