/**
 * Cards are clones of the page's own `<template>`s. A view (a flat object) fills one: `data-f` names its text, `data-if`
 * what must be there for the element to show, `data-set="href:url"` attributes. What anybody typed stays text.
 */
import { langname, link, number, plural, say, words } from "./words.js";

/** A fresh copy of the first element in `<template id>`. */
export const make = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);

/** Put a view into a card, new or already on the page; returns the card. */
export function fill(card, view) {
  for (const node of [card, ...card.querySelectorAll("[data-f],[data-if],[data-set]")]) {
    const { f, if: shown, set } = node.dataset;
    if (f !== undefined) put(node, view[f] ?? "");
    if (shown !== undefined) node.hidden = !view[shown];
    for (const pair of set?.split(" ") ?? []) {
      const [name, key] = pair.split(":");
      if (view[key] === null || view[key] === undefined) node.removeAttribute(name);
      else if (node.getAttribute(name) !== String(view[key])) node.setAttribute(name, view[key]);
    }
  }
  return card;
}

// Text that stands already is left alone: a selection, or a screen reader in the middle of it, would be lost.
function put(node, text) {
  if (node.textContent !== String(text)) node.textContent = text;
}

/** What an answer's card shows; the macro `answer_card` writes the same. */
export function answerView(answer, base) {
  const { question } = answer;
  const count = (name) => plural(name, answer[name]);
  return {
    id: `a${answer.n}`,
    n: answer.n,
    at: answer.at,
    question: question.text,
    questionLang: question.lang,
    context: question.context,
    name: question.name,
    edited: question.edited,
    covers: answer.questions ? say(words.covers, { questions: count("questions"), people: count("people") }) : "",
    text: answer.text,
    lang: answer.lang,
    changed: answer.changed_at && !answer.retracted_at,
    changedAt: answer.changed_at ?? "",
    kind: words.kinds[answer.kind] ?? "",
    reason: answer.reason,
    before: link(`${base}/q/${answer.n}?version=${answer.version - 1}`),
    retracted: answer.retracted_at,
    retractedAt: answer.retracted_at ?? "",
    given: !answer.retracted_at,
    icon: `#i-${answer.how}`,
    how: words.how[answer.how] ?? "",
    language: langname(answer.lang),
    link: link(`${base}/q/${answer.n}`),
    label: say(words.linkTo, { n: number(answer.n) }),
  };
}

/** What a question in the open list shows; the macro `question_card` writes the same. `mine`: my voice is in. */
export function questionView(question, base, mine = false) {
  return {
    id: `q${question.n}`,
    n: question.n,
    text: question.text,
    lang: question.lang,
    context: question.context,
    name: question.name,
    language: langname(question.lang),
    edited: question.edited,
    voice: link(`${base}/questions/${question.n}/voice`),
    label: `q${question.n}-text`,
    on: mine,
    off: !mine,
    next: mine ? 0 : 1,
  };
}

/** The open question that a card of the page shows. */
export function read(item) {
  const field = (name) => item.querySelector(`[data-f="${name}"]`);
  const text = field("text");
  return {
    n: Number(item.dataset.n),
    text: text.textContent,
    lang: text.lang,
    context: field("context").textContent,
    name: field("name").textContent,
    edited: !item.querySelector('[data-if="edited"]').hidden,
    state: "approved",
    place: null,
  };
}
