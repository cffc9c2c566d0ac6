/* The conversation in this tab: sends, listens, asks again when all is quiet, and keeps in step with other tabs. */
import { Ended, newId, Stream } from "./backend.js";
import { Thread } from "./thread.js";

const SILENCE_MS = 10000;
const AGAIN_MS = 30000; // until a message that was left is tried again
const PATIENCE = 5; // silent spells before the visitor is told that this takes long

export class Conversation {
  /** `notes`: what any tab may note · `later`: messages left for the team, by id, until the backend has them. */
  constructor(api, notes, later, tab) {
    Object.assign(this, { api, notes, later, tab, site: {}, thread: new Thread(), sending: Promise.resolve() });
    this.stream = new Stream(
      api,
      (event) => this.receive(event),
      (error, failures) => this.lineChanged(error, failures),
      () => this.wanted,
    );
    addEventListener("storage", (event) => this.otherTab(event));
    addEventListener("online", () => this.hand());
    document.addEventListener("visibilitychange", () => (document.hidden ? this.stream.stop() : this.catchUp()));
  }

  /** Remembers what a reload would lose, and lets the view draw. */
  changed() {
    const { items, draft, withPerson, heard } = this.thread;
    this.tab.write({ thread: this.api.thread, lastId: this.stream.lastId, draft, outbox: items.filter((item) => item.state) });
    const { live, seen = 0 } = this.notes.read();
    if (this.visible && seen !== heard) this.notes.write({ seen: heard });
    if (live !== withPerson) this.notes.write({ live: withPerson });
    this.unread = this.visible ? 0 : Math.max(0, heard - seen);
    this.onChange();
  }

  /** Shows what the backend has and goes on from there; asks nobody when there is no conversation yet. */
  async resume() {
    await (this.api.ready ??= this.api.ask?.().then((token) => this.identify(token)));
    const { outbox = [], thread, lastId, draft = [] } = this.tab.read();
    for (const item of outbox) if (!this.thread.items.some(({ key }) => key === item.key)) this.say(item.content, item.key);
    if (this.api.thread) {
      if (thread === this.api.thread && !this.stream.lastId) {
        this.stream.lastId = lastId;
        this.thread.draft = draft;
      }
      await this.sync();
    }
    this.changed();
    // What is there by now was merely shown again; what comes from here on is news, and is read out.
    setTimeout(() => {
      this.shown = true;
      this.changed();
    }, 300);
  }

  /** Learns what the site offers now; whenever the panel is opened, since a page may stand open for hours. */
  async look() {
    this.hand();
    this.site = (await this.api.about()) ?? this.site;
    this.changed();
  }

  say(content, key = newId()) {
    const item = { key, role: "visitor", content, created_at: new Date() };
    this.thread.items.push(item);
    this.send(item);
  }

  /** One after the other, so that messages arrive in the order they were written. */
  send(item) {
    item.state = "sending";
    this.thread.notice = null;
    this.changed();
    this.sending = this.sending.then(() => this.attempt(() => this.deliver(item), [item]).catch((problem) => {
      Object.assign(item, { state: "failed", problem });
    }).then(() => this.changed()));
  }

  async deliver(item) {
    const fields = (thread) => ({ thread_id: thread, user_msg: item.content, client_msg_id: item.key });
    this.thread.accepted(item, await this.api.call("POST", "messages", fields));
    this.tellTabs();
    this.follow();
  }

  drop(item) {
    this.thread.items = this.thread.items.filter((other) => other !== item);
    this.changed();
  }

  async callPerson() {
    Object.assign(this.thread, { notice: null, phase: "calling_person" });
    this.changed();
    try {
      const { status } = await this.attempt(() => this.api.call("POST", "handoff", (thread) => ({ thread_id: thread })));
      this.thread.status = status ?? "waiting";
      this.tellTabs();
      await this.sync();
    } catch (problem) {
      this.thread.notice = { problem, again: () => this.callPerson() };
    }
    this.thread.phase = null;
    this.changed();
  }

  /** If the conversation has ended meanwhile, does the same in a new one, which begins with `keep`. */
  async attempt(act, keep) {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof Ended)) throw error;
      this.lost(keep);
      return act();
    }
  }

  /** Leaves a message for the team; true: they have it, false: it is kept here and sent as soon as that is possible. */
  async leave(said) {
    const id = newId();
    this.later.write({ [id]: said });
    const problem = await this.hand();
    if (!this.later.read()[id]) return true;
    if (problem.status < 400 || problem.status >= 429) return false;
    this.later.write({ [id]: undefined }); // the form has the words still, and says what is wrong with them
    throw problem;
  }

  /** Hands over what was left; the problem, if any is left after all. Another tab may do the same: they are known by id. */
  async hand() {
    clearTimeout(this.handing);
    try {
      for (const [id, said] of Object.entries(this.later.read())) {
        await this.attempt(() => this.api.call("POST", "contact", (thread) => ({ ...said, thread_id: thread, client_msg_id: id })));
        this.later.write({ [id]: undefined });
        this.tellTabs();
        await this.sync();
      }
    } catch (problem) {
      this.handing = setTimeout(() => this.hand(), AGAIN_MS);
      return problem;
    }
  }

  /** Has everything deleted, there and here. The receipt's id; nothing where there was no conversation. */
  async erase() {
    const { receipt } = this.api.thread ? await this.api.call("DELETE", "data") : {};
    for (const id in this.later.read()) this.later.write({ [id]: undefined });
    this.restart();
    return receipt;
  }

  async rate({ id }, thumbs, tags) {
    try {
      await this.api.call("POST", "feedback", { message_id: id, thumbs, tags });
      return true;
    } catch (problem) {
      this.thread.notice = { problem };
      this.changed();
    }
  }

  restart() {
    this.api.forget();
    this.lost();
    this.thread.notice = null;
    this.changed();
  }

  /** Who is asking, as a signed token (null: a guest). Another person never sees the conversation before. */
  identify(token) {
    const who = token ? subject(token) : null;
    this.api.identity = token;
    if ((this.api.session.read().who ?? null) === who) return;
    this.restart();
    this.api.session.write({ who });
  }

  async sync() {
    const asked = [...this.thread.items];
    try {
      const told = await this.api.call("GET", (id) => `thread/${id}`);
      if (told.thread_id === this.api.thread) this.thread.merge(told, asked);
      this.follow();
    } catch (problem) {
      if (problem instanceof Ended) this.lost();
      else this.thread.notice = { problem, again: () => this.resume() };
    }
    this.changed();
  }

  receive(event) {
    if (this.thread.receive(event)) this.sync();
    this.watchSilence();
    this.changed();
  }

  get wanted() {
    return this.api.thread && !document.hidden && (this.visible || this.thread.awaiting || this.thread.withPerson);
  }

  follow() {
    if (this.wanted) this.stream.start();
    else this.stream.stop();
    this.watchSilence();
  }

  /** The stream came up or failed; true: keep trying. One short break is not worth a word. */
  lineChanged(problem, failures) {
    if (problem instanceof Ended) this.lost();
    else if (problem && failures) this.thread.notice = { line: true };
    else if (!problem && this.thread.notice?.line) this.thread.notice = null;
    this.changed();
    return !(problem instanceof Ended);
  }

  /** While an answer is awaited, ten quiet seconds mean asking by hand, and many of them a word to the visitor. */
  watchSilence() {
    clearTimeout(this.watch);
    if (this.thread.turns.size) this.watch = setTimeout(() => this.silent(), SILENCE_MS);
  }

  async silent() {
    const spells = ++this.thread.spells;
    await this.sync();
    if (spells < PATIENCE || !this.thread.awaiting) return;
    this.thread.settle();
    this.thread.notice = { late: true, again: () => this.resume() };
    this.changed();
  }

  lost(keep) {
    this.stream.stop();
    this.stream.lastId = null;
    this.thread = new Thread(keep);
    this.thread.notice = { ended: true };
    this.notes.write({ seen: 0 });
  }

  tellTabs() {
    this.notes.write({ beat: Date.now() });
  }

  otherTab({ key, oldValue, newValue }) {
    const changed = (field) => (JSON.parse(oldValue) ?? {})[field] !== (JSON.parse(newValue) ?? {})[field];
    if (key === this.api.session.key && changed("thread")) {
      this.lost();
      this.thread.notice = null;
      this.changed();
      this.catchUp();
    } else if (key === this.notes.key && changed("beat")) this.catchUp();
  }

  catchUp() {
    if (this.wanted) this.sync();
  }
}

/** Whom a JWT is about, unchecked: only to notice that somebody else is here now. */
function subject(token) {
  try {
    const { email, sub } = JSON.parse(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")));
    return email ?? sub ?? token;
  } catch {
    return token;
  }
}
