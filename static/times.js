/** Times in the reader's zone (the server wrote the event's): `<time datetime data-when="clock|day|moment|ago">`. */
import { locale } from "./words.js";

const format = (options) => new Intl.DateTimeFormat(locale, options);
const FORMS = {
  clock: format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
  day: format({ weekday: "short", day: "numeric", month: "short" }),
  moment: format({
    weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
    timeZoneName: "short",
  }),
};
const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "short" });
const STEPS = [
  ["second", 60, 1],
  ["minute", 60, 60],
  ["hour", 24, 3600],
  ["day", 30, 86_400],
  ["month", 12, 2_592_000],
  ["year", Infinity, 31_536_000],
];

/** "6 min ago", "in 2 days". Under a minute: "now". */
export function ago(iso, now = Date.now()) {
  const seconds = (Date.parse(iso) - now) / 1000;
  if (Math.abs(seconds) < 60) return relative.format(0, "second");
  const [unit, , size] = STEPS.find(([, many, length]) => Math.abs(seconds) < many * length);
  return relative.format(Math.trunc(seconds / size), unit);
}

export const clock = (at) => FORMS.clock.format(new Date(at));
export const day = (at) => FORMS.day.format(new Date(at));

/** Write the times under `root`. Cheap enough to be called after each change. */
export function tell(root = document) {
  for (const node of root.querySelectorAll("time[data-when]")) {
    const iso = node.getAttribute("datetime");
    const at = new Date(iso);
    if (!iso || Number.isNaN(at.valueOf())) continue;
    const form = node.dataset.when;
    const text = form === "ago" ? ago(iso) : FORMS[form].format(at);
    if (node.textContent !== text) node.textContent = text;
    if (form === "clock") node.title = FORMS.moment.format(at);
  }
}

/** Whether the reader's clock differs from the zone's at that moment. */
export function elsewhere(iso, zone) {
  const wall = (timeZone) => format({ timeZone, dateStyle: "short", timeStyle: "short" }).format(new Date(iso));
  return wall(zone) !== wall(undefined);
}

tell();
setInterval(tell, 20_000, document);
