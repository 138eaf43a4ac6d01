// Writes go out by POST and say what became of them. A repeat carries the same key, so the server does it once.

import { setClock } from "./desk_words.js";

const TRIES = 4;
const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/**
 * POST JSON. `{ok: true, data}`, or `{ok: false, status, problem}` with the server's refusal; `status` 0 means that no
 * answer came. Lost connections and an overloaded server are tried again, with the waits the server asks for.
 */
export async function post(url, body, tries = TRIES) {
  let outcome = { ok: false, status: 0, problem: {} };
  for (let attempt = 0; attempt < tries; attempt += 1) {
    if (attempt > 0) await wait(Math.max(outcome.retryAfter ?? 0, 400 * 2 ** attempt * (0.5 + Math.random())));
    outcome = await once(url, body);
    if (outcome.ok || (outcome.status !== 0 && outcome.status !== 503)) return outcome;
  }
  return outcome;
}

async function once(url, body) {
  let response;
  try {
    response = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify(body),
    });
  } catch {
    return { ok: false, status: 0, problem: {} };
  }
  setClock(response.headers.get("Date"));
  const data = await response.json().catch(() => ({}));
  if (response.ok) return { ok: true, status: response.status, data };
  const seconds = Number(response.headers.get("Retry-After") ?? 0);
  return { ok: false, status: response.status, problem: data, retryAfter: seconds * 1000 };
}

/** GET JSON, or throw. */
export async function get(url, signal) {
  const response = await fetch(url, { headers: { Accept: "application/json" }, signal });
  if (!response.ok) throw new Error(`${response.status} from ${url}`);
  setClock(response.headers.get("Date"));
  return response.json();
}
