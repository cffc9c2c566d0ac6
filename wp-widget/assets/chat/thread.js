/* One thread as the visitor sees it: messages, the draft being written, what is awaited. No network, no DOM. */
export class Thread {
  /** An item is a message of the backend plus `key`, and until it is accepted `state`: "sending" or "failed". */
  constructor(items = []) {
    Object.assign(this, { items, status: "bot", draft: [], spells: 0, turns: new Set(), finished: new Set() });
  }

  get withPerson() {
    return ["waiting", "person"].includes(this.status);
  }

  get awaiting() {
    return this.status === "bot" && (this.turns.size > 0 || this.items.some((item) => item.state === "sending"));
  }

  get heard() {
    return this.items.filter((item) => item.role !== "visitor").length;
  }

  accepted(item, { message_id: id, turn_id: turn }) {
    Object.assign(item, { state: null, id });
    this.items = this.items.filter((other) => other === item || other.id !== id);
    if (turn && !this.finished.has(turn)) this.turns.add(turn);
  }

  /** Takes the backend's list as the truth, but keeps what it cannot know: messages not accepted, or newer than `asked`. */
  merge({ status, messages }, asked) {
    this.status = status;
    const known = (id) => this.items.find((item) => item.id === id) ?? { key: id };
    // Who wrote keeps their own words on this screen: the backend has none of a card's number, say.
    const told = messages.map((message) => {
      const item = known(message.id);
      return Object.assign(item, message, item.role === "visitor" && { content: item.content });
    });
    const newer = this.items.filter((item) => !told.includes(item) && !(item.id && asked.includes(item)));
    this.items = [...told, ...newer];
    if (this.items.findLast((item) => item.id)?.role !== "visitor") this.settle();
    else if (!this.turns.size && !this.spells) this.turns.add("unknown");
  }

  /** Applies one event; true when the thread should be fetched to know the rest. */
  receive({ kind, data }) {
    this.spells = 0;
    return this[`on_${kind}`]?.(data);
  }

  on_state({ state }) {
    if (state === "person") this.status = state;
    if (state === "writing") this.draft = [];
    if (this.awaiting) this.phase = state;
  }

  on_sentence({ turn_id: turn, n, text, citations = [] }) {
    if (this.finished.has(turn) || !this.awaiting) return;
    if (n === 0) this.draft = [];
    this.draft[n] = { text, citations };
  }

  on_message(message) {
    if (this.items.some((item) => item.id === message.id)) return false;
    // The visitor's own message may come by the stream before the POST is answered.
    const own = message.role === "visitor" && this.items.find((item) => !item.id && item.content === message.content);
    if (own) own.id = message.id;
    else this.items.push({ key: message.id, ...message });
    if (message.role === "visitor") return false;
    this.draft = [];
    this.phase = ""; // the answer is here: until the turn is said to be done, there is nothing to tell
    if (message.role === "staff") this.status = "person";
    // Who has the conversation may have changed with these.
    return message.role === "system" || (message.role === "agent" && this.withPerson);
  }

  on_done({ turn_id: turn, outcome }) {
    this.finished.add(turn);
    this.turns.delete(turn);
    this.turns.delete("unknown");
    if (!this.turns.size) this.settle();
    return outcome !== "answered" || this.items.at(-1)?.role === "visitor";
  }

  on_error({ error, detail }) {
    // Not the visitor's business: the stream comes back with a new token.
    if (error === "TokenExpired") return;
    this.notice = { problem: { status: 400, detail } };
    this.settle();
  }

  settle() {
    this.turns.clear();
    Object.assign(this, { draft: [], phase: null, spells: 0 });
  }
}
