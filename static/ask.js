/**
 * Asking. What is typed is kept on the device. A sent question stays in the outbox, with a key that makes repeats the
 * same question, until the server has acknowledged it; only that empties the box.
 */
import { fill } from "./cards.js";
import { kept } from "./kept.js";
import { link, number, plural, say, words } from "./words.js";

const FIELDS = ["text", "context", "name"];
const LONGEST_PAUSE = 60_000;
const segmenter = Intl.Segmenter && new Intl.Segmenter();

/** The text as the server stores it: line ends, no control characters, NFC, no outer space. */
export const clean = (text) =>
  text
    .replace(/\r\n?|[\u0085\u2028\u2029]/g, "\n")
    .replace(/\t/g, " ")
    .replace(/[^\P{Cc}\n]|[\u202a-\u202e\u2066-\u2069]/gu, "")
    .normalize("NFC")
    .trim();

/** How many characters a reader sees. */
export const graphemes = (text) => [...(segmenter ? segmenter.segment(text) : text)].length;

// crypto.randomUUID exists on secure pages only; a demo in a local network is none.
function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** `mine`: what this device keeps of receipts and voices; `heard(text)` says it aloud. Returns {count}. */
export function startAsking({ base, mine, heard }) {
  const $ = (id) => document.getElementById(id);
  const form = $("ask");
  const field = Object.fromEntries(FIELDS.map((name) => [name, form.elements[name]]));
  const error = { text: $("ask-error"), context: $("ask-context-error"), name: $("ask-name-error") };
  const button = $("ask-send");
  const sheet = $("sheet");
  const draft = kept(base, "draft", {});
  const outbox = kept(base, "outbox", []);
  let pause = 0;
  let timer = 0;
  let busy = false;

  /* The text and its length */

  const longest = (name) => Number(name === "text" ? $("ask-left").dataset.longest : field[name].dataset.longest);
  const over = (name) => graphemes(clean(field[name].value)) - longest(name);

  function drawCount() {
    const much = over("text");
    $("ask-left").textContent = plural("left", 0 - much); // -0 would be said with its sign
    $("ask-left").classList.toggle("error", much > 0);
    form.querySelector('[data-say="saved"]').hidden = !field.text.value;
  }

  function complain(name, text) {
    error[name].textContent = text;
    error[name].classList.remove("care");
    error[name].hidden = !text;
    if (text) field[name].setAttribute("aria-invalid", "true");
    else field[name].removeAttribute("aria-invalid");
  }

  function restore(from) {
    for (const name of FIELDS) field[name].value = from[name] ?? "";
    if (from.context || from.name) form.querySelector(".more").open = true;
    drawCount();
  }

  const typed = () => Object.fromEntries(FIELDS.map((name) => [name, field[name].value]));

  form.addEventListener("input", (event) => {
    draft.set(typed());
    $("ask-sent").hidden = true;
    if (error[event.target.name] && !button.matches("[aria-disabled]")) complain(event.target.name, "");
    drawCount();
  });

  // Enter that confirms a word of an input method must never send; in the box it makes a line.
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    const composing = event.isComposing || event.keyCode === 229;
    if (composing && event.target === field.name) event.preventDefault();
    else if (!composing && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });

  /* Sending */

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (button.matches("[aria-disabled]")) return;
    if (!outbox.get().length && !enqueue()) return;
    pause = 0;
    flush();
  });

  function enqueue() {
    const wrong = FIELDS.find((name) => over(name) > 0);
    const empty = !/[^\p{Z}\p{C}]/u.test(field.text.value);
    if (wrong || empty) {
      complain(wrong ?? "text", wrong ? plural("over", over(wrong)) : words.empty);
      if (wrong && wrong !== "text") form.querySelector(".more").open = true;
      field[wrong ?? "text"].focus();
      return false;
    }
    const item = { key: uuid(), lang: form.elements.lang.value };
    for (const name of FIELDS) item[name] = clean(field[name].value);
    outbox.set([...outbox.get(), item]);
    return true;
  }

  async function flush() {
    const [item] = outbox.get();
    if (!item || busy) return;
    clearTimeout(timer);
    busy = true;
    lock(true);
    try {
      const response = await fetch(form.action, {
        method: "POST",
        headers: { Accept: "application/json" },
        body: new URLSearchParams(item),
        keepalive: true,
      });
      if (response.status >= 500 || response.status === 408) return again(Number(response.headers.get("Retry-After")));
      const body = await response.json();
      outbox.set(outbox.get().filter((other) => other.key !== item.key));
      if (response.ok) received(item, body);
      else refused(body, response.status);
    } catch {
      again(0);
    } finally {
      busy = false;
    }
  }

  function again(seconds) {
    pause = Math.min(LONGEST_PAUSE, Math.max(2000, pause * 2));
    $("ask-kept").hidden = false;
    show("keep");
    button.removeAttribute("aria-disabled");
    timer = setTimeout(flush, Math.max(seconds * 1000, pause * (0.5 + Math.random() / 2)));
  }

  function received(item, body) {
    lock(false);
    pause = 0;
    const held = mine.get();
    const others = held.receipts.filter((other) => other.n !== body.n);
    mine.set({ ...held, receipts: [{ ...item, n: body.n, receipt_code: body.code, url: body.url }, ...others] });
    if (clean(field.text.value) === item.text) {
      restore({});
      draft.set({});
    }
    const title = say(words.received, { n: number(body.n) });
    fill($("ask-sent"), { title, code: body.code, url: link(body.url) });
    $("ask-sent").hidden = false;
    if (form.contains(document.activeElement)) $("ask-sent").focus();
    else heard(title);
    count();
    if (outbox.get().length) flush();
  }

  function refused(body, status) {
    lock(false);
    if (status === 429 && body.seconds) return waitFor(body.seconds);
    const name = error[body.field] ? body.field : "text";
    complain(name, body.title ?? words.notTaken);
    if (name !== "text") form.querySelector(".more").open = true;
    if (form.contains(document.activeElement)) field[name].focus();
    else heard(body.title ?? words.notTaken);
  }

  function waitFor(seconds) {
    const until = Date.now() + seconds * 1000;
    button.setAttribute("aria-disabled", "true");
    heard(plural("wait", seconds));
    error.text.classList.add("care");
    const tick = () => {
      const rest = Math.ceil((until - Date.now()) / 1000);
      error.text.hidden = rest <= 0;
      error.text.textContent = rest > 0 ? plural("wait", rest) : "";
      if (rest > 0) return setTimeout(tick, 1000);
      button.removeAttribute("aria-disabled");
      heard(words.ready);
    };
    tick();
  }

  function show(what) {
    for (const node of button.querySelectorAll("[data-say]")) node.hidden = node.dataset.say !== what;
  }

  // While a question is on its way its text can't change: a repeat with the same key would be another text.
  function lock(on) {
    for (const name of FIELDS) field[name].readOnly = on;
    button.toggleAttribute("aria-disabled", on);
    if (on) button.setAttribute("aria-disabled", "true");
    if (!on) {
      $("ask-kept").hidden = true;
      show("send");
      complain("text", "");
    }
  }

  $("ask-change").addEventListener("click", () => {
    clearTimeout(timer);
    outbox.set(outbox.get().slice(1));
    lock(false);
    field.text.focus();
  });
  window.addEventListener("online", () => flush());
  document.addEventListener("visibilitychange", () => document.hidden || flush());

  /* The sheet: on a narrow screen the same form, over the page; or the words that stand for it once asking stops */

  const panel = $("ask-panel");
  const stopped = panel.querySelector(".stopped-asking");
  $("ask-open").addEventListener("click", (event) => {
    event.preventDefault();
    $("ask-close").hidden = false;
    sheet.append(form, stopped);
    sheet.showModal();
    field.text.focus();
  });
  $("ask-close").addEventListener("click", () => sheet.close());
  sheet.addEventListener("click", (event) => event.target === sheet && sheet.close());
  sheet.addEventListener("close", () => {
    $("ask-close").hidden = true;
    panel.prepend(form, stopped);
    $("ask-open").focus();
  });

  function count() {
    const { receipts } = mine.get();
    for (const badge of document.querySelectorAll(".badge")) {
      badge.hidden = !receipts.length;
      badge.textContent = number(receipts.length);
    }
  }

  restore(outbox.get()[0] ?? draft.get());
  count();
  flush();
  return { count };
}
