/**
 * The live channel of an event, for any page. Each entry reaches `onFrame` exactly once and in order, whatever is cut:
 * only the last `seq` plus one is passed on. Where that can't be kept, `onReload` gets a snapshot to go on from.
 */
const LADDER = [openSocket, openStream, openPolling];
const NAMES = ["socket", "stream", "poll"];
const HELLO_WITHIN = 10_000;
const SILENT = 22_000;
const LONGEST_WAIT = 60;
const CLIMB_AFTER = 120_000;
// Close codes after which there is nothing left to ask for.
const FINAL = { 4403: "access_changed", 4404: "not_found" };
const TOO_MANY = 4429;

/**
 * @param base "/@handle/slug" or "/desk/handle/slug"; `after`, `epoch`: what the page was filled with
 * @param onFrame (frame): entries in order, and frames of state (no `seq`) as they come
 * @param onState ({state, transport, heardAt, nextAt, reason}); state: connecting | live | waiting | reloading | stopped
 * @param onReload (snapshot): take it as the present
 */
export function connect({ base, after, epoch, onFrame, onState = () => {}, onReload = () => {} }) {
  let seq = after;
  let retry = { min: 1, max: 5 };
  let rung = 0;
  let proven = -1; // the rung that worked last: if it fails, that's the server, not the network
  let failures = 0;
  let gaps = 0;
  let link = null;
  let greeted = false;
  let stopped = false;
  let reloadFrom = "";
  let heardAt = Date.now();
  let nextAt = 0;
  let climbAfter = CLIMB_AFTER;
  const timers = { retry: 0, hello: 0, settle: 0, climb: 0 };

  const tell = (state, reason = "") =>
    onState({ state, transport: link ? NAMES[rung] : null, heardAt, nextAt: state === "waiting" ? nextAt : 0, reason });
  const address = (name) => `${base}/${name}?${new URLSearchParams({ after: seq, epoch })}`;
  const later = (name, task, ms) => {
    clearTimeout(timers[name]);
    timers[name] = setTimeout(task, ms);
  };

  function open() {
    if (stopped) return;
    drop();
    greeted = false;
    tell("connecting");
    later("hello", () => lost(), HELLO_WITHIN);
    link = LADDER[rung](address, hear, lost, retry);
  }

  function drop() {
    for (const name in timers) clearTimeout(timers[name]);
    link?.();
    link = null;
  }

  function hear(frame) {
    heardAt = Date.now();
    if (frame.type === "reload") return reload(frame.snapshot);
    if (frame.type === "hello") return welcome(frame);
    if (frame.seq === undefined) return pass(frame);
    if (frame.seq <= seq) return;
    if (frame.seq > seq + 1) return mend();
    seq = frame.seq;
    gaps = 0;
    pass(frame);
  }

  // What a page does with a frame must never cost the connection.
  function pass(frame) {
    try {
      onFrame(frame);
    } catch (error) {
      reportError(error);
    }
  }

  function welcome(hello) {
    if (hello.epoch !== epoch || hello.seq < seq) return reload();
    retry = hello.retry ?? retry;
    if (greeted) return;
    greeted = true;
    proven = rung;
    clearTimeout(timers.hello);
    // A server that accepts and cuts must not be hammered: only a link that lasts counts as mended.
    later("settle", () => (failures = 0), 10_000);
    if (rung > 0) later("climb", climb, climbAfter * (0.75 + Math.random() / 2));
    tell("live");
  }

  function climb() {
    climbAfter = Math.min(climbAfter * 2, 30 * 60_000);
    rung = 0;
    open();
  }

  // An entry is missing: ask again from the last good one, then take the snapshot.
  function mend() {
    if (++gaps > 2) reload();
    else open();
  }

  function lost(code) {
    if (stopped) return;
    const tried = rung;
    const known = proven === rung;
    drop();
    if (FINAL[code]) return stop(FINAL[code]);
    failures += code === TOO_MANY ? 3 : 1;
    if (!greeted && (!known || failures % 3 === 0)) rung = (rung + 1) % LADDER.length;
    // Some networks let no socket through: the first walk down the ladder is quick.
    if (proven < 0 && rung > tried) return wait(Math.random() * 300);
    wait(1000 * within(retry.min, Math.min(LONGEST_WAIT, retry.max * 2 ** (failures - 1))));
  }

  function wait(ms, task = open) {
    nextAt = Date.now() + ms;
    tell("waiting");
    later("retry", task, ms);
  }

  // Many are told to reload at once: spread them.
  function reload(snapshot = `${base}/snapshot.json`) {
    reloadFrom = snapshot;
    drop();
    tell("reloading");
    later("retry", take, 1000 * within(0, retry.min));
  }

  async function take() {
    try {
      // Not the browser's own copy: it may be the very one that is out of date.
      const response = await fetch(reloadFrom, { headers: { Accept: "application/json" }, cache: "no-cache" });
      if (response.status === 403 || response.status === 404) return stop("not_found");
      if (!response.ok) throw new Error(response.status);
      const present = await response.json();
      if (stopped) return;
      await onReload(present);
      ({ seq, epoch } = present);
      reloadFrom = "";
      gaps = 0;
      open();
    } catch {
      failures += 1;
      wait(1000 * within(retry.min, Math.min(LONGEST_WAIT, retry.max * 2 ** failures)), take);
    }
  }

  function stop(reason) {
    stopped = true;
    drop();
    tell("stopped", reason);
  }

  // A socket can be dead for minutes and look open, and pages can't see pings: ask.
  async function probe() {
    const asked = link;
    heardAt = Date.now();
    try {
      const response = await fetch(address("entries"), { signal: AbortSignal.timeout(8000) });
      if (!response.ok) throw new Error(response.status);
      const body = await response.json();
      if (link === asked && (body.reload || body.entries?.some((entry) => entry.seq > seq))) open();
    } catch {
      if (link === asked && asked) lost();
    }
  }

  const silence = SILENT + Math.random() * 6000;
  const watch = setInterval(() => {
    if (link && greeted && !document.hidden && Date.now() - heardAt > silence) probe();
  }, 5000);

  function wake() {
    if (stopped) return;
    if (reloadFrom) later("retry", take, 0);
    else if (!link) later("retry", open, 0);
    else if (greeted && Date.now() - heardAt > 10_000) probe();
  }
  const seen = () => document.hidden || wake();
  const online = () => later("retry", wake, Math.random() * 1000);
  const offline = () => link && lost();
  const hide = () => drop(); // or the page is kept out of the back-forward cache
  const show = (event) => event.persisted && wake();
  const listeners = [
    [document, "visibilitychange", seen],
    [window, "online", online],
    [window, "offline", offline],
    [window, "pagehide", hide],
    [window, "pageshow", show],
  ];
  for (const [target, name, listener] of listeners) target.addEventListener(name, listener);

  open();
  return {
    wake,
    seq: () => seq,
    close() {
      stop("closed");
      clearInterval(watch);
      for (const [target, name, listener] of listeners) target.removeEventListener(name, listener);
    },
  };
}

/** Full jitter: any moment of the window is as likely as any other. */
const within = (low, high) => low + Math.random() * Math.max(0, high - low);

/* The rungs: (address, hear, lost, retry) => close. `lost` gets a close code or nothing. */

function openSocket(address, hear, lost) {
  const url = new URL(address("live"), location.href);
  url.protocol = url.protocol.replace("http", "ws");
  const socket = new WebSocket(url, "qa.v1");
  socket.onmessage = (message) => hear(JSON.parse(message.data));
  socket.onclose = (event) => lost(event.code);
  return () => {
    socket.onmessage = socket.onclose = null;
    socket.close();
  };
}

function openStream(address, hear, lost) {
  const source = new EventSource(address("stream"));
  source.onmessage = (message) => hear(JSON.parse(message.data));
  source.onerror = () => lost();
  return () => source.close();
}

function openPolling(address, hear, lost, retry) {
  const control = new AbortController();
  let timer = 0;
  async function ask() {
    let body;
    try {
      const response = await fetch(address("entries"), { signal: control.signal });
      if (!response.ok) return control.signal.aborted || lost(response.status === 404 ? 4404 : 0);
      body = await response.json();
    } catch {
      return control.signal.aborted || lost();
    }
    if (body.reload) return hear({ type: "reload", snapshot: body.reload });
    hear({ type: "hello", epoch: body.epoch, seq: body.seq });
    for (const entry of body.entries) if (!control.signal.aborted) hear(entry);
    const pause = 1000 * within(Math.max(2, retry.min), Math.max(4, retry.max));
    if (!control.signal.aborted) timer = setTimeout(ask, document.hidden ? pause * 6 : pause);
  }
  timer = setTimeout(ask);
  return () => {
    control.abort();
    clearTimeout(timer);
  };
}
