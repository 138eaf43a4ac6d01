// The desk's dialogs. Each resolves with what was entered, or with null when it was closed.

import { put, show } from "./desk_dom.js";
import { digitOf } from "./desk_keys.js";
import { graphemes, number, say } from "./desk_words.js";

const NOTE_LONGEST = 500;
const QUESTION_LONGEST = 280;

/** Decline or hide: pick a code by its number, with a note if one is wanted. `{action, code, why}` */
export function pickCode(question, action, actions) {
  const dialog = document.getElementById("codes");
  const note = dialog.querySelector("textarea");
  head(dialog, say(`code_title_${action}`, { n: number(question.n) }), question);
  put(dialog, "note-label", say(action === "hide" ? "why_internal" : "why_told"));
  note.value = "";
  const buttons = numbered(dialog, action, actions);
  return run(dialog, buttons[0], (done) => {
    const pick = (button) => {
      const error = tooLong(note.value, NOTE_LONGEST);
      put(dialog, "error", error);
      if (!error) done({ action: button.dataset.action, code: button.dataset.code, why: note.value });
    };
    dialog.onclick = ({ target }) => target.closest("[data-code]") && pick(target.closest("[data-code]"));
    dialog.onkeydown = (event) => {
      if (event.target === note) return;
      const button = buttons[(digitOf(event) || 10) - 1];
      if (digitOf(event) !== null && button) pick(button);
    };
  });
}

// Codes that hide the text belong to hiding: in the decline picker they are offered to who may hide.
function numbered(dialog, action, actions) {
  for (const part of dialog.querySelectorAll("[data-part]")) {
    show(part, part.dataset.part === "hide" ? actions.includes("hide") : action === "decline");
  }
  const buttons = [...dialog.querySelectorAll("fieldset:not([hidden]) [data-code]")];
  buttons.forEach((button, index) => (button.querySelector("kbd").textContent = (index + 1) % 10));
  return buttons;
}

/** A note for a colleague: `{why}`. `by` names whom it is meant for, after a conflict. */
export function writeNote(question, by = "") {
  const dialog = document.getElementById("note");
  const title = say(by ? "note_title_by" : "note_title", { n: number(question.n), by });
  return ask(dialog, title, question.text, question, "", NOTE_LONGEST).then((why) => (why === null ? null : { why }));
}

/** A new wording: `{text}`. */
export function editWording(question) {
  const dialog = document.getElementById("edit");
  const title = say("edit_title", { n: number(question.n) });
  const written = ask(dialog, title, question.original, question, question.text, QUESTION_LONGEST);
  return written.then((text) => (text === null ? null : { text }));
}

function ask(dialog, title, quote, question, value, longest) {
  const area = dialog.querySelector("textarea");
  const form = dialog.querySelector("form");
  head(dialog, title, { ...question, text: quote });
  area.value = value;
  put(dialog, "error", "");
  return run(dialog, area, (done) => {
    const count = () => {
      const place = dialog.querySelector("[data-f=count]");
      if (place) place.textContent = say("count", { count: number(graphemes(area.value)), longest: number(longest) });
    };
    count();
    area.oninput = count;
    form.onsubmit = (event) => {
      event.preventDefault();
      const error = area.value.trim() ? tooLong(area.value, longest) : say("empty");
      put(dialog, "error", error);
      if (error) area.focus();
      else done(area.value);
    };
    area.onkeydown = (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) form.requestSubmit();
    };
  });
}

function head(dialog, title, question) {
  put(dialog, "title", title);
  put(dialog, "text", question.text, question.lang);
}

function tooLong(text, longest) {
  const over = graphemes(text.trim()) - longest;
  return over > 0 ? say("too_long", { over: number(over) }) : "";
}

function run(dialog, first, wire) {
  return new Promise((resolve) => {
    let result = null;
    wire((value) => {
      result = value;
      dialog.close();
    });
    dialog.onclose = () => resolve(result);
    for (const button of dialog.querySelectorAll("[data-close]")) button.onclick = () => dialog.close();
    dialog.showModal();
    first.focus();
  });
}
