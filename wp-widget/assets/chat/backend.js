/* How the widget reaches the backend: what it remembers, its sessions and calls, and the stream of events. */

/** A small JSON record in local or session storage; in memory where the browser refuses storage. */
export class Shelf {
  constructor(kind, key) {
    this.key = key;
    this.text = "{}";
    try {
      this.area = window[kind];
    } catch {}
  }

  read() {
    try {
      this.text = this.area.getItem(this.key) ?? "{}";
    } catch {}
    return JSON.parse(this.text);
  }

  write(patch) {
    this.text = JSON.stringify({ ...this.read(), ...patch });
    try {
      this.area.setItem(this.key, this.text);
    } catch {
      this.area = null;
    }
  }
}

function pause(ms, signal) {
  return new Promise((done) => {
    setTimeout(done, ms);
    addEventListener("online", done, { once: true });
    signal?.addEventListener("abort", done);
  });
}

/** A random UUID, also on plain http pages, where crypto.randomUUID is missing. */
export function newId() {
  const hex = () => Math.random().toString(16).slice(2, 6).padEnd(4, "0");
  return crypto.randomUUID?.() ?? `${hex()}${hex()}-${hex()}-4${hex().slice(1)}-8${hex().slice(1)}-${hex()}${hex()}${hex()}`;
}

// The jitter keeps a thousand visitors from coming back in the same instant.
const backoff = (failures) => Math.min(15000, 200 * 2 ** failures) * (1 + Math.random());

/** The conversation is no longer ours: its token cannot be renewed, or its thread is gone. */
export class Ended extends Error {
  ended = true;
}

/** What went wrong: the HTTP status (0: nobody answered), the backend's own sentence, seconds to wait. */
class Problem extends Error {
  constructor(status, detail, wait) {
    super();
    Object.assign(this, { status, detail, wait });
  }
}

export class Api {
  /** `ask`: who is logged in, as a token, or null; asked when a conversation is opened, since a page may be old. */
  constructor(base, siteId, session, ask) {
    Object.assign(this, { base, siteId, session, ask });
  }

  get thread() {
    return this.session.read().thread;
  }

  /** Names this browser, by chance: so that one of many behind an address has limits of its own. */
  get device() {
    const { device = newId() } = this.session.read();
    this.session.write({ device });
    return device;
  }

  /** What the site offers at this hour, the same for everybody; nothing where nobody can say. The browser may keep it. */
  async about() {
    const response = await this.send("GET", `about/${this.siteId}`).catch(() => {});
    if (response?.ok) return response.json();
  }

  forget() {
    this.session.write({ thread: null, token: null });
  }

  /** One JSON call, tried up to three times; `path` and `fields` may be made from the thread id. */
  async call(method, path, fields) {
    for (let failures = 1; ; failures++) {
      try {
        return await (await this.fetch(method, path, { fields })).json();
      } catch (error) {
        const passing = error.status === 0 || error.status >= 500;
        if (failures > 2 || !passing) throw error;
        await pause(backoff(failures));
      }
    }
  }

  async fetch(method, path, { fields, headers, signal } = {}) {
    const made = (value, thread) => (typeof value === "function" ? value(thread) : value);
    const ask = ({ thread, token }) => this.send(method, made(path, thread), made(fields, thread), token, headers, signal);
    const session = await this.known();
    let response = await ask(session);
    if (response.status === 401) response = await ask(await this.renew(session.token));
    if (!response.ok) throw await this.problem(response);
    return response;
  }

  async known() {
    await this.ready;
    const known = this.session.read();
    return known.token ? known : this.mint();
  }

  async renew(used) {
    const known = this.session.read();
    // Another tab was quicker: its token will do.
    if (known.token && known.token !== used) return known;
    const fresh = await this.mint(known.thread, used);
    if (fresh.thread !== known.thread) throw this.ended();
    return fresh;
  }

  /** Calls that come while a session is on its way share it. */
  mint(thread, token) {
    this.minting ??= this.open(thread, token).finally(() => { this.minting = null; });
    return this.minting;
  }

  async open(known, used) {
    const identity_token = this.ask ? await this.ask() : this.identity;
    const fields = { site_id: this.siteId, thread_id: known, identity_token };
    const response = await this.send("POST", "session", fields, used);
    if (used && [401, 403, 404].includes(response.status)) throw this.ended();
    if (!response.ok) throw await this.problem(response);
    const { thread_id: thread, visitor_token: token } = await response.json();
    this.session.write({ thread, token });
    return { thread, token };
  }

  ended() {
    this.forget();
    return new Ended();
  }

  async send(method, path, fields, token, headers = {}, signal = AbortSignal.timeout(15000)) {
    if (token) headers.Authorization = `Bearer ${token}`;
    // The operator finds the whole way of this request by it. Not on what a cache may keep.
    if (token || fields) Object.assign(headers, { "X-Request-ID": newId(), "X-Device-ID": this.device });
    if (fields) headers["Content-Type"] = "application/json";
    try {
      return await fetch(`${this.base}/api/agent/${path}`, { method, headers, signal, body: fields && JSON.stringify(fields), cache: token ? "no-store" : "default" });
    } catch {
      throw new Problem(0);
    }
  }

  async problem(response) {
    const { error, detail } = await response.json().catch(() => ({}));
    if (error === "ThreadNotFound") return this.ended();
    return new Problem(response.status, typeof detail === "string" && detail, Number(response.headers.get("Retry-After")));
  }
}

// The backend sends a comment at least every 15 s; after this long without a byte the line is dead.
const DEAD_MS = 45000;

/** Server-sent events over fetch, because EventSource cannot send a token. Resumed by Last-Event-ID. */
export class Stream {
  /** onEvent(event) · onLine(error or nothing, failures) → whether to go on · onEnd() → whether to come back */
  constructor(api, onEvent, onLine, onEnd) {
    Object.assign(this, { api, onEvent, onLine, onEnd });
  }

  stop() {
    this.control?.abort();
    this.control = null;
  }

  async start() {
    if (this.control) return;
    const control = (this.control = new AbortController());
    for (let failures = 0, again = true; again; ) {
      try {
        await this.listen(control.signal, () => { failures = 0; });
        again = this.onEnd();
      } catch (error) {
        if (control.signal.aborted) return;
        again = this.onLine(error, failures);
        if (error.wait) await pause(error.wait * 1000, control.signal);
      }
      if (again) await pause(backoff(++failures), control.signal);
      if (control.signal.aborted) return;
    }
    this.control = null;
  }

  async listen(stopped, heard) {
    const line = new AbortController();
    stopped.addEventListener("abort", () => line.abort());
    let timer;
    const alive = () => {
      clearTimeout(timer);
      timer = setTimeout(() => line.abort(), DEAD_MS);
    };
    alive();
    try {
      const headers = this.lastId ? { "Last-Event-ID": this.lastId } : {};
      const response = await this.api.fetch("GET", (id) => `thread/${id}/events`, { headers, signal: line.signal });
      this.onLine();
      for await (const event of events(response.body, alive)) {
        if (stopped.aborted) return;
        heard();
        if (event.id) this.lastId = event.id;
        this.onEvent(event);
      }
    } finally {
      clearTimeout(timer);
    }
  }
}

async function* events(body, alive) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = ""; ; ) {
    const { value, done } = await reader.read();
    if (done) return;
    alive();
    const blocks = (rest + value).replace(/\r\n/g, "\n").split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const { id, event, data } = Object.fromEntries(block.split("\n").map((line) => line.split(/: ?(.*)/s)));
      if (data) yield { id, kind: event, data: JSON.parse(data) };
    }
  }
}
