// Answers on their way to the server.  Each is kept in the browser until the server has said that
// it is stored, so a lost connection, a reload or a closed tab loses nothing.  Sending one twice
// is harmless: the server answers with the first receipt.

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
const PATIENCE_MS = 20_000;

// What an HTTP status (0: no answer at all) means for an answer: stored; refused for good; or to
// be sent again, either by itself (later) or after a reload (the form or the rater is stale).
export function outcomeOf(status) {
  if (status >= 200 && status < 300) return "stored";
  if (status === 0) return "later";
  if (status === 401 || status === 403) return "stale";
  if (status === 408 || status === 425 || status === 429 || status >= 500) return "later";
  return "refused";
}

export function pauseAfter(failures) {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
}

export class AnswerQueue {
  #prefix;
  #address;
  #token;
  #on;
  #store;
  #failures = 0;
  #timer = 0;
  #isSending = false;
  #idle = [];

  // `on` holds stored(receipt), refused(sentence), stale(sentence) and changed(state).
  constructor({ study, token, on, storage = browserStorage() }) {
    this.#prefix = `beholder/${study}/`;
    this.#address = `/rate/${study}/ratings`;
    this.#token = token;
    this.#on = on;
    this.#store = storage;
    window.addEventListener("online", () => this.flush());
  }

  add(answer) {
    const key = `${this.#prefix}${answer.presentation}/${answer.revision}`;
    this.#store.setItem(key, JSON.stringify({ ...answer, answered_at: Date.now() }));
    this.flush();
  }

  get size() {
    return this.#entries().length;
  }

  get presentations() {
    return this.#entries().map(([, answer]) => answer.presentation);
  }

  // Resolves when nothing is waiting any more.
  whenEmpty() {
    if (this.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  async flush() {
    if (this.#isSending) return;
    clearTimeout(this.#timer);
    this.#isSending = true;
    try {
      for (let [entry] = this.#entries(); entry; [entry] = this.#entries()) {
        this.#report("sending");
        if (!(await this.#send(...entry))) return;
        if (this.size === 0) this.#report("saved");
      }
      for (const resolve of this.#idle.splice(0)) resolve();
    } finally {
      this.#isSending = false;
    }
  }

  // Sends one answer; false when the rest has to wait.
  async #send(key, answer) {
    const { answered_at: _, ...fields } = answer;
    const { status, body } = await post(this.#address, { ...fields, csrf: this.#token });
    const outcome = outcomeOf(status);
    if (outcome === "later") {
      this.#failures += 1;
      this.#report(status === 0 ? "offline" : "waiting");
      this.#timer = setTimeout(() => this.flush(), pauseAfter(this.#failures));
      return false;
    }
    if (outcome === "stale") {
      this.#report("waiting");
      this.#on.stale(body.detail);
      return false;
    }
    this.#failures = 0;
    this.#store.removeItem(key);
    if (outcome === "stored") this.#on.stored(body, answer);
    else this.#on.refused(body.detail, answer);
    return true;
  }

  #report(state) {
    this.#on.changed({ state, size: this.size });
  }

  // Oldest first, so that a correction follows what it corrects.
  #entries() {
    return Object.keys(this.#store)
      .filter((key) => key.startsWith(this.#prefix))
      .map((key) => [key, JSON.parse(this.#store.getItem(key))])
      .sort(([, one], [, other]) => one.answered_at - other.answered_at);
  }
}

async function post(address, fields) {
  try {
    const response = await fetch(address, {
      method: "POST",
      headers: { Accept: "application/json" },
      body: new URLSearchParams(fields),
      keepalive: true,
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const isJson = (response.headers.get("content-type") ?? "").includes("json");
    return { status: response.status, body: isJson ? await response.json() : {} };
  } catch {
    return { status: 0, body: {} };
  }
}

// The browser's lasting store; where it is forbidden, answers last as long as the page.
function browserStorage() {
  try {
    localStorage.setItem("beholder/probe", "");
    localStorage.removeItem("beholder/probe");
    return localStorage;
  } catch {
    const kept = {};
    const methods = {
      setItem: (key, value) => void (kept[key] = value),
      getItem: (key) => kept[key],
      removeItem: (key) => void delete kept[key],
    };
    for (const [name, value] of Object.entries(methods))
      Object.defineProperty(kept, name, { value });
    return kept;
  }
}
