// Numbers and times as the desk says them, by the server's clock; the sentences themselves are the page's (words.js).

import { ago as agoAt } from "./times.js";
import { locale, say as fillIn, words } from "./words.js";

export { langname, number, plural } from "./words.js";

/** The sentence of that name, its `{facts}` filled in. */
export const say = (name, facts = {}) => fillIn(words[name], facts);

/** Whether the page has a sentence of that name. */
export const knows = (name) => name in words;

const tenths = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
export const tenth = (value) => tenths.format(value);

// Staff decide by the second, so ages and countdowns follow the server's clock, whatever this machine's says.
let ahead = 0;

/** Set the server's clock from the `Date` header of an answer; it has whole seconds, so less than two are no news. */
export function setClock(header) {
  const difference = header ? Date.parse(header) + 500 - Date.now() : 0;
  ahead = Math.abs(difference) < 2000 ? 0 : difference;
}

export const now = () => Date.now() + ahead;

/** "8 sec ago", "now" */
export const ago = (iso) => agoAt(iso, now());

const time = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const minutes = new Intl.DateTimeFormat(locale, time);
const exact = new Intl.DateTimeFormat(locale, { ...time, second: "2-digit" });
const dayAndMinutes = new Intl.DateTimeFormat(locale, { ...time, day: "numeric", month: "short" });

/** 16:22, with the day before it when that is not today. */
export function clock(iso) {
  const at = new Date(iso);
  const today = new Date(now()).toDateString() === at.toDateString();
  return (today ? minutes : dayAndMinutes).format(at);
}

/** 16:24:41 */
export const clockSeconds = (iso) => exact.format(new Date(iso));

const formats = new Map();

function inUnit(value, unit, unitDisplay) {
  const key = `${unit} ${unitDisplay}`;
  if (!formats.has(key)) formats.set(key, new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay }));
  return formats.get(key).format(Math.floor(value));
}

// From how many seconds on an age is said in this unit, and how long one of it is.
const UNITS = [
  ["day", 172_800, 86_400],
  ["hour", 5_400, 3_600],
  ["minute", 0, 60],
];

/** How long ago, in one unit: "9 min", "3 hr", "2 days". */
export function age(iso) {
  const seconds = Math.max(0, (now() - Date.parse(iso)) / 1000);
  const [unit, , length] = UNITS.find(([, from]) => seconds >= from);
  return inUnit(seconds / length, unit, "short");
}

export const secondsShort = (value) => inUnit(value, "second", "narrow");
export const secondsLong = (value) => inUnit(value, "second", "long");

const segments = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** How many characters a reader sees, as the server counts them. */
export function graphemes(text) {
  let count = 0;
  for (const _ of segments.segment(text)) count += 1;
  return count;
}
