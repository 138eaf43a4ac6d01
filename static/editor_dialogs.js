// The editor's dialogs: correct, withdraw, preview in both directions.

import { answerView, fill, make } from "./cards.js";
import { put } from "./desk_dom.js";
import { graphemes, number, say } from "./desk_words.js";
import { tell } from "./times.js";

const REASON_LONGEST = 500;

/** Ask for a reason, and for the kind of change where the dialog has it. `send(values)` returns an error or "". */
export function askReason(id, send) {
  const dialog = document.getElementById(id);
  const form = dialog.querySelector("form");
  const area = dialog.querySelector("textarea");
  put(dialog, "error", "");
  form.onsubmit = async (event) => {
    event.preventDefault();
    const { kind, reason } = Object.fromEntries(new FormData(form));
    const error = wrong(form, kind, reason) || (await send({ kind, reason }));
    put(dialog, "error", error);
    if (!error) {
      form.reset();
      dialog.close();
    }
  };
  form.onkeydown = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) form.requestSubmit();
  };
  for (const button of dialog.querySelectorAll("[data-close]")) button.onclick = () => dialog.close();
  dialog.showModal();
  (form.querySelector("input") ?? area).focus();
}

function wrong(form, kind, reason) {
  if (form.elements.kind && !kind) return say("no_kind");
  if (!reason.trim()) return say("no_reason");
  const over = graphemes(reason.trim()) - REASON_LONGEST;
  return over > 0 ? say("too_long", { over: number(over) }) : "";
}

/** The card as everybody will see it, on a page that reads from left to right and on one that reads the other way. */
export function preview(answer, question, publicBase) {
  const dialog = document.getElementById("preview");
  const view = answerView(asPublic(answer, question), publicBase);
  for (const side of dialog.querySelectorAll("[data-side]")) {
    const card = fill(make("answer-card"), view);
    card.removeAttribute("id");
    card.querySelector(".link").remove();
    side.replaceChildren(card);
  }
  tell(dialog);
  dialog.showModal();
}

function asPublic(answer, question) {
  const at = new Date().toISOString();
  return {
    ...answer,
    question: { ...question, edited: question.text !== question.original },
    at,
    changed_at: answer.kind ? at : null,
    retracted_at: null,
    questions: 1,
    people: question.voices + 1,
  };
}
