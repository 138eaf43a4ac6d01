/** The page's sentences (`<script id="words">`), numbers and languages in its tongue. */
const lang = document.documentElement.lang || "en";
const source = document.getElementById("words");

export const words = source ? JSON.parse(source.textContent) : {};
// British dates and Latin digits, as the server writes them.
export const locale = new Intl.Locale(lang === "en" ? "en-GB" : lang, { numberingSystem: "latn" });

const figures = new Intl.NumberFormat(locale);
const rules = new Intl.PluralRules(locale);

export const number = (value) => figures.format(value);

// The language that this page's address names, if it names one: its links name it too.
const chosen = "chosen" in document.documentElement.dataset && lang;

/** One of our addresses, without a fragment, in that language; `link` in the templates writes the same. */
export const link = (path) => (chosen && path ? `${path}${path.includes("?") ? "&" : "?"}lang=${chosen}` : path);

/** `say("No. {n}", {n: 3})` */
export const say = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

// The order in which templates write the forms of a sentence; French and Spanish know "many" for millions only.
const CATEGORIES = { ar: ["zero", "one", "two", "few", "many", "other"], he: ["one", "two", "other"], ru: ["one", "few", "many"] };
const forms = CATEGORIES[lang] ?? ["one", "other"];

/** The sentence for a count: `words[name]` holds its forms for the plural categories of the language. */
export function plural(name, count) {
  const sentences = words[name];
  return say(sentences[forms.indexOf(rules.select(count))] ?? sentences.at(-1), { n: number(count) });
}

/** A language's name in the page's language; empty where the language isn't known. */
export function langname(tag) {
  if (!tag || tag === "und") return "";
  return words.languages?.[tag] ?? new Intl.DisplayNames([lang], { type: "language" }).of(tag);
}
