/** The public present of an event, and how each entry changes it: the same rules as `qa/domain/snapshot.py`. */

const byN = (records) => new Map(records.map((record) => [record.n, record]));

export const present = ({ epoch, seq, event, questions, answers = [] }) => ({
  epoch,
  seq,
  event,
  questions: byN(questions),
  answers: byN(answers),
});

/** Take one entry in. What the present holds already, and types it doesn't know, change nothing. */
export function fold(state, { seq, type, data }) {
  if (seq <= state.seq) return;
  state.seq = seq;
  if (type === "event.changed" || type === "event.opened") state.event = data;
  else if (type === "question.shown") state.questions.set(data.n, data);
  else if (type === "question.removed") state.questions.delete(data.n);
  else if (type === "answer.removed") state.answers.delete(data.n);
  else if (type.startsWith("answer.")) state.answers.set(data.n, data);
}

const inState = (state, name) => [...state.questions.values()].filter((question) => question.state === name);
const first = (list, before) => list.reduce((best, one) => (best && !before(one, best) ? best : one), null);

/** The question being answered now: the one that came to it last. */
export const beingAnswered = (state) =>
  first(inState(state, "answering"), (a, b) => a.since > b.since || (a.since === b.since && a.n > b.n));

/** The next of the chosen ones in the run order. */
export const nextUp = (state) =>
  first(inState(state, "shortlisted"), (a, b) => (a.place ?? 0) < (b.place ?? 0) || (a.place === b.place && a.n < b.n));

/** Those that others can add a voice to. */
export const open = (state) => inState(state, "approved");

/** The key of the sentence that says what can be done now; `_event.html` chooses by the same rule. */
export function doing({ phase, frozen, asking, voting }) {
  if (phase === "closed" || phase === "archived") return "over";
  if (frozen) return "frozen";
  if (!asking) return voting ? "ask" : "both";
  if (!voting) return "voice";
  return asking === "phase_announced" ? "announced" : "none";
}
