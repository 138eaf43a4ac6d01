// Filling the page's own templates: text as text, never as HTML.

/** Write a text into the field of that name; with `lang`, tag it, so that fonts and line breaks are the language's. */
export function put(root, field, text, lang) {
  const place = root.querySelector(`[data-f="${field}"]`);
  const value = text ?? "";
  if (place.textContent !== value) place.textContent = value;
  if (lang !== undefined) place.lang = lang === "und" ? "" : lang;
  if ("optional" in place.dataset) place.hidden = value === "";
}

/** Write a sentence whose `{facts}` stand out; no sentence: nothing is shown. */
export function rich(root, field, sentence, facts) {
  const place = root.querySelector(`[data-f="${field}"]`);
  show(place, Boolean(sentence));
  const parts = (sentence || "").split(/\{(\w+)\}/).map((part, index) => {
    if (index % 2 === 0) return part;
    const fact = document.createElement("b");
    fact.textContent = facts[part];
    return fact;
  });
  const text = parts.map((part) => part.textContent ?? part).join("");
  if (place.textContent !== text) place.replaceChildren(...parts);
}

export function show(element, on) {
  element.hidden = !on;
}

/** A copy of a template's one element. */
export function copy(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}

/** A copy of one of the page's icons. */
export function icon(name) {
  const drawing = document.getElementById("desk-icons").content.querySelector(`[data-icon="${name}"]`);
  return drawing.firstElementChild.cloneNode(true);
}
