/** The page's own sentences (`<script type="application/json" id="words">`), and numbers and languages in its tongue. */
const lang = document.documentElement.lang || "en";
const source = document.getElementById("words");

export const words = source ? JSON.parse(source.textContent) : {};
// Latin digits, as the server writes them.
export const locale = new Intl.Locale(lang, { numberingSystem: "latn" });

const figures = new Intl.NumberFormat(locale);
const rules = new Intl.PluralRules(locale);

export const number = (value) => figures.format(value);

/** `say("No. {n}", {n: 3})` */
export const say = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

/** The sentence for a count: `words[name]` holds one form for each plural category of the language. */
export function plural(name, count) {
  const forms = words[name];
  return say(forms[rules.select(count)] ?? forms.other, { n: number(count) });
}

/** A language's name in the page's language; empty where the language isn't known. */
export function langname(tag) {
  if (!tag || tag === "und") return "";
  return words.languages?.[tag] ?? new Intl.DisplayNames([lang], { type: "language" }).of(tag);
}
