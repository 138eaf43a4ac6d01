// Which key was meant, and whether it was meant for the desk.

const SWITCH = "desk.keys";
const TYPING = "input:not([type=checkbox]), textarea, select, [contenteditable]";

/** The key as it stands on a Latin keyboard: a Hebrew, Arabic or Russian layout gives the same verbs. */
export function keyOf(event) {
  if (/^[a-z]$/i.test(event.key)) return event.key.toLowerCase();
  if (event.key === "?" || event.key === "/") return event.key;
  if (event.code?.startsWith("Key")) return event.code.slice(3).toLowerCase();
  if (event.code === "Slash") return event.shiftKey ? "?" : "/";
  return event.key;
}

/** 0–9 from either row of digits, or null. */
export function digitOf(event) {
  const digit = /^(?:Digit|Numpad)([0-9])$/.exec(event.code ?? "")?.[1] ?? (/^[0-9]$/.test(event.key) ? event.key : null);
  return digit === null || event.ctrlKey || event.metaKey || event.altKey ? null : Number(digit);
}

/** Typing, composing, a dialog or a chord with a modifier: the key is not the desk's. */
function elsewhere(event) {
  if (event.isComposing || event.key === "Process" || event.ctrlKey || event.metaKey || event.altKey) return true;
  if (document.querySelector("dialog[open]")) return true;
  return event.target instanceof Element && event.target.closest(TYPING) !== null;
}

export const switchedOn = () => localStorage.getItem(SWITCH) !== "off";
export const switchKeys = (on) => localStorage.setItem(SWITCH, on ? "on" : "off");

/**
 * Call `commands[key](event)` for each key meant for the desk; a command that returns false leaves the key alone. Held
 * keys repeat only for those in `repeating`. Single letters can be switched off (WCAG 2.1.4).
 */
export function listen(commands, repeating = []) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || elsewhere(event)) return;
    const key = keyOf(event);
    if (key.length === 1 && !switchedOn()) return;
    if (!(key in commands) || (event.repeat && !repeating.includes(key))) return;
    if (commands[key](event) !== false) event.preventDefault();
  });
}
