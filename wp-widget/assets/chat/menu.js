/* What a visitor may do with the conversation as a whole: begin anew, take it along, have it deleted, leave a message. */
import { clock, el, icon } from "./message.js";
import { openSheet } from "./sheet.js";

const EMAIL = { type: "email", maxlength: "254", autocomplete: "email" };

export class Menu {
  constructor(panel) {
    Object.assign(this, { panel, t: panel.t, conversation: panel.conversation });
    const { t, conversation } = this;
    this.mail = this.choice("mail", () => this.sheet("mail", { fields: { email: EMAIL }, act: (said) => this.sendTranscript(said) }));
    this.element = el("details", { class: "menu", onkeydown: (event) => this.leave(event) },
      el("summary", { class: "round", "aria-label": t("menu"), title: t("menu") }, icon("more")),
      el("div", { class: "choices" },
        this.choice("fresh", () => conversation.restart()),
        this.choice("download", () => download(transcript(conversation.thread.items, t))),
        this.mail,
        this.choice("erase", () => this.sheet("erase", { act: () => this.erase() }))));
  }

  choice(phrase, act) {
    return el("button", { type: "button", onclick: () => {
      this.close();
      this.panel.input.focus();
      act();
    } }, this.t(phrase));
  }

  close() {
    this.element.open = false;
  }

  leave(event) {
    if (event.key !== "Escape" || !this.element.open) return;
    event.stopPropagation();
    this.close();
    this.element.firstChild.focus();
  }

  sheet(kind, given) {
    openSheet(this.panel.element, this.t, kind, { ...given, done: () => this.panel.input.focus() });
  }

  /** The offline form: for words that nobody could take, or for hours in which no person is there. */
  contact(question = "", sent = () => {}) {
    const fields = { name: { maxlength: "100", autocomplete: "name" }, email: EMAIL, question: { tag: "textarea", rows: "4", maxlength: "4000", value: question } };
    this.sheet("contact", { fields, text: `${this.hours()} ${this.t("contact_text")}`, act: async (said) => {
      const through = await this.conversation.leave(said);
      sent();
      return this.t(through ? "contact_sent" : "contact_kept", said);
    } });
  }

  async erase() {
    const id = await this.conversation.erase();
    if (!id) return this.t("erased_here");
    const receipt = el("a", { href: `${this.conversation.api.base}/api/agent/receipts/${id}`, target: "_blank", rel: "noopener" }, id);
    const [before, after] = this.t("erased", { id: "\n" }).split("\n");
    return [before, receipt, after];
  }

  async sendTranscript({ email }) {
    await this.conversation.api.call("POST", "transcript", (thread) => ({ thread_id: thread, email }));
    return this.t("mailed", { email });
  }

  /** When people are there, as far as the backend tells. */
  hours() {
    const { people } = this.conversation.site;
    if (!people) return "";
    const time = people.opens_at && new Date(people.opens_at).toLocaleString(this.t("lang"), { weekday: "long", hour: "2-digit", minute: "2-digit" });
    return this.t(people.open ? "people_here" : time ? "people_back" : "people_away", { time });
  }
}

function transcript(items, t) {
  return items.map((item) => {
    const sources = (item.citations ?? []).map(({ n, title, section, url }) => `  [${n}] ${title} · ${section ?? ""} · ${url ?? ""}`);
    return [`${item.author || t(item.role)} ${clock(item, t)}`, item.content, ...sources, ""].join("\n");
  }).join("\n");
}

function download(text) {
  const href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  el("a", { href, download: "chat.txt" }).click();
  setTimeout(() => URL.revokeObjectURL(href), 1000);
}
