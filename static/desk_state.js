// What the desk knows: the staff snapshot, folded entry by entry. No DOM, no clock, no network.

export const LANES = [
  { id: "new", icon: "inbox", states: ["received"] },
  { id: "review", icon: "eye", states: ["in_review"] },
  { id: "flagged", icon: "flag", states: ["flagged"] },
  { id: "approved", icon: "check", states: ["approved"] },
  { id: "shortlist", icon: "list", states: ["shortlisted"] },
  { id: "answering", icon: "mic", states: ["answering"] },
  { id: "holding", icon: "clock", states: [] },
  { id: "done", icon: "file-text", states: ["answered", "declined", "hidden", "withdrawn"] },
];

const LANE_OF = new Map(LANES.flatMap((lane) => lane.states.map((state) => [state, lane.id])));

/** The desk's whole knowledge, from `snapshot.json`. `questions`: n → card. `answers`: n → version → answer. */
export function fromSnapshot(snapshot) {
  const state = {
    epoch: snapshot.epoch,
    seq: snapshot.seq,
    event: snapshot.event,
    me: snapshot.me,
    staff: snapshot.staff ?? [],
    questions: new Map(snapshot.questions.map((question) => [question.n, question])),
    answers: new Map(),
    presence: null,
  };
  for (const answer of snapshot.answers) keepAnswer(state, answer);
  keepVoices(state, snapshot.voices ?? {});
  return state;
}

/**
 * Take one frame in. Returns what it changed: `{questions: [n…], event: bool, presence: bool}`.
 * An entry already held changes nothing; a gap throws a RangeError: take the snapshot again.
 */
export function fold(state, frame) {
  if (frame.seq !== undefined) {
    if (frame.seq <= state.seq) return nothing();
    if (frame.seq !== state.seq + 1) throw new RangeError(`entry ${frame.seq} after ${state.seq}`);
    state.seq = frame.seq;
  }
  return (FOLDS[frame.type] ?? nothing)(state, frame.data);
}

const nothing = () => ({ questions: [], event: false, presence: false });

const FOLDS = {
  "question.moved": (state, { question }) => {
    keepQuestion(state, question);
    return { ...nothing(), questions: [question.n] };
  },
  "answer.moved": (state, { answer }) => {
    keepAnswer(state, answer);
    return { ...nothing(), questions: [answer.n] };
  },
  "event.moved": (state, { event }) => {
    state.event = event;
    return { ...nothing(), event: true };
  },
  voices: (state, { voices }) => ({ ...nothing(), questions: keepVoices(state, voices) }),
  presence: (state, data) => {
    state.presence = data;
    return { ...nothing(), presence: true };
  },
};

/** A card as a reply or an entry brought it, unless a newer one is held already. */
export function keepQuestion(state, question) {
  const held = state.questions.get(question.n);
  if (!held || held.version <= question.version) state.questions.set(question.n, question);
}

/** The same for a version of an answer: a later save, or a later step of its life, replaces an earlier one. */
export function keepAnswer(state, answer) {
  const versions = state.answers.get(answer.n) ?? new Map();
  const held = versions.get(answer.version);
  if (!held || held.rev <= answer.rev) versions.set(answer.version, answer);
  state.answers.set(answer.n, versions);
}

function keepVoices(state, voices) {
  const changed = [];
  for (const [key, count] of Object.entries(voices)) {
    const n = Number(key);
    const question = state.questions.get(n);
    if (!question || question.voices === count) continue;
    state.questions.set(n, { ...question, voices: count });
    changed.push(n);
  }
  return changed;
}

/** All versions of the answer to question `n`, the newest first. */
export function versionsOf(state, n) {
  return [...(state.answers.get(n)?.values() ?? [])].sort((a, b) => b.version - a.version);
}

/** The version that waits in the hold slot, or undefined. */
export function holding(state, n) {
  return versionsOf(state, n).find((answer) => answer.state === "holding");
}

/** Whether question `n` lies in the lane. An answer in the hold slot puts its question into "holding" as well. */
export function inLane(state, lane, n) {
  if (lane === "holding") return holding(state, n) !== undefined;
  const question = state.questions.get(n);
  return question !== undefined && LANE_OF.get(question.state) === lane;
}

/** The lane in which a question is looked for first. */
export function laneOf(state, n) {
  return holding(state, n) ? "holding" : LANE_OF.get(state.questions.get(n)?.state);
}

/**
 * Per lane `{count, oldest}` of the questions that `matches` takes; `oldest` is an ISO time or null. Answering says
 * since when, holding when it goes out.
 */
export function tally(state, matches = () => true) {
  const lanes = Object.fromEntries(LANES.map(({ id }) => [id, { count: 0, oldest: null }]));
  const add = (lane, at) => {
    lane.count += 1;
    if (at && (!lane.oldest || at < lane.oldest)) lane.oldest = at;
  };
  for (const question of state.questions.values()) {
    const id = LANE_OF.get(question.state);
    if (id && matches(question)) add(lanes[id], id === "answering" ? question.moved_at : question.asked_at);
  }
  for (const n of state.answers.keys()) {
    const held = holding(state, n);
    if (held && matches(state.questions.get(n))) add(lanes.holding, held.publish_at);
  }
  return lanes;
}

const BY_TIME = (a, b) => a.asked_at.localeCompare(b.asked_at) || a.n - b.n;
const ORDERS = {
  oldest: BY_TIME,
  voices: (a, b) => b.voices - a.voices || BY_TIME(a, b),
  reach: (a, b) => (reach(b) ?? -1) - (reach(a) ?? -1) || BY_TIME(a, b),
  place: (a, b) => (a.place ?? Infinity) - (b.place ?? Infinity) || BY_TIME(a, b),
};

/** The numbers in a lane that match the search, in the order asked for. The shortlist keeps its run order. */
export function listed(state, lane, order, query) {
  const matches = matcher(query);
  return [...state.questions.values()]
    .filter((question) => inLane(state, lane, question.n) && matches(question))
    .sort(ORDERS[lane === "shortlist" && order === "oldest" ? "place" : order])
    .map((question) => question.n);
}

/** Voices per 1,000 views, or null while hardly anybody was shown the question. */
export function reach(question) {
  return question.impressions > 0 ? (question.voices * 1000) / question.impressions : null;
}

const folded = new WeakMap();

/** A predicate for the search box: part of the text, the context or the name, or a number. */
export function matcher(query) {
  const wanted = foldText(query.trim());
  if (!wanted) return () => true;
  const digits = wanted.replace(/[^\p{L}\p{N}]/gu, "");
  const number = /^\d+$/.test(digits) ? digits : null;
  return (question) => {
    if (number && String(question.n).startsWith(number)) return true;
    if (!folded.has(question)) {
      folded.set(question, foldText([question.text, question.original, question.context, question.name].join("\n")));
    }
    return folded.get(question).includes(wanted);
  };
}

/** Letters as they are searched for: no accents or vowel points, no case, one width. */
export function foldText(text) {
  const bare = text.normalize("NFKD").replace(/\p{M}/gu, "");
  return bare.toUpperCase().toLowerCase().replaceAll("ς", "σ");
}

/** The actions of `verbs` that the table of moves has for this state and the person may do. */
export function offered(moves, can, state, verbs) {
  const may = new Set(moves.filter((move) => move.before === state && can.includes(move.needs)).map((move) => move.action));
  return verbs.filter((verb) => may.has(verb));
}

/** The question the audience sees as being answered now: the one that came to it last. */
export function beingAnswered(state) {
  return [...state.questions.values()]
    .filter((question) => question.state === "answering")
    .reduce((last, question) => (last && last.moved_at > question.moved_at ? last : question), null);
}

/** When the last answer came out, ISO, or null. */
export function lastAnswerAt(state) {
  let last = null;
  for (const versions of state.answers.values()) {
    for (const { published_at: at } of versions.values()) if (at && (!last || at > last)) last = at;
  }
  return last;
}
