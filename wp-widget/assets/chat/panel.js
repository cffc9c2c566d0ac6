/* The button and the panel: opening, closing, writing, notices, the first screen; draws what changed. */
import { Menu } from "./menu.js";
import { draftNodes, el, explained, icon, messageElement, showDelivery, webAddress } from "./message.js";

const LONGEST = 4000;
const COUNT_FROM = 3600;

export class Panel {
  constructor(conversation, t, settings) {
    Object.assign(this, { conversation, t, settings, drawn: new Map() });
    this.launcher = this.button("launcher", "open", () => this.open(), "chat");
    this.badge = el("span", { class: "badge", "aria-hidden": "true" });
    this.launcher.append(this.badge);
    this.hours = el("p", { class: "hours" });
    this.welcome = this.firstScreen();
    this.log = el("div", { class: "log", role: "log", "aria-live": "off", "aria-label": t("log") });
    // Read aloud once, as the finished message: the draft is for the eye.
    this.draft = el("div", { class: "bubble" });
    this.phase = el("div", { class: "phase", role: "status" });
    this.scroller = el("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": t("log"), onscroll: () => this.scrolled() },
      this.welcome, this.log, this.draft, this.phase);
    this.notice = el("div", { class: "notice", role: "alert" });
    this.dialog = el("section", { class: "panel", role: "dialog", "aria-labelledby": "title", "aria-describedby": "about", hidden: "", onkeydown: (event) => this.keyed(event) },
      this.header(), this.scroller, this.notice, this.composer(), this.footer());
    this.element = el("div", { class: "root", hidden: "" }, this.dialog, this.launcher);
    this.actions = {
      rate: (item, thumbs, tags) => conversation.rate(item, thumbs, tags),
      send: (item) => conversation.send(item),
      edit: (item) => {
        conversation.drop(item);
        this.put(item.content);
      },
      leave: (item) => this.menu.contact(item.content, () => conversation.drop(item)),
    };
    conversation.onChange = () => this.ask();
    this.draw();
  }

  button(kind, phrase, onclick, image) {
    return el("button", { type: "button", class: kind, "aria-label": this.t(phrase), title: this.t(phrase), onclick }, icon(image));
  }

  header() {
    this.menu = new Menu(this);
    this.partner = el("span");
    return el("div", { class: "head" },
      el("span", { class: "face" }, icon("agent")),
      el("div", { class: "names" }, el("h2", { id: "title" }, this.settings.title || this.t("title")), this.partner),
      this.menu.element,
      this.button("round", "close", () => this.close(), "close"));
  }

  firstScreen() {
    const { t, settings: { greeting, suggestions = "" } } = this;
    const questions = suggestions.split("|").filter((text) => text.trim());
    return el("div", { class: "welcome" },
      el("p", { class: "greeting" }, greeting || t("greeting")),
      el("p", { id: "about" }, t("about")),
      this.hours,
      questions[0] && el("ul", { "aria-label": t("suggestions") }, questions.map((text) =>
        el("li", {}, el("button", { type: "button", class: "chip", onclick: () => this.say(text.trim()) }, text)))));
  }

  composer() {
    const { t } = this;
    this.input = el("textarea", {
      onfocus: () => this.menu.close(),
      rows: "1", maxlength: LONGEST, "aria-label": t("input"), placeholder: t("placeholder"), oninput: () => this.fit(),
      onkeydown: (event) => { if (event.key === "Enter" && !event.shiftKey && !event.isComposing) this.submit(event); },
    });
    this.sender = el("button", { class: "send", "aria-label": t("send"), title: t("send"), disabled: "" }, icon("send"));
    this.left = el("span", { class: "left", role: "status" });
    return el("form", { class: "composer", onsubmit: (event) => this.submit(event) }, this.input, this.sender, this.left);
  }

  footer() {
    const { t, conversation } = this;
    const privacy = webAddress(this.settings.privacyUrl);
    this.person = el("button", { type: "button", class: "person", onclick: () => {
      this.input.focus();
      if (conversation.site.people?.open === false) this.menu.contact(this.input.value);
      else conversation.callPerson();
    } }, icon("person"), t("person"));
    this.standing = el("span", { role: "status" });
    return el("div", { class: "foot" }, this.person, this.standing, privacy && el("a", { href: privacy, target: "_blank", rel: "noopener" }, t("privacy")));
  }

  open(focus = true) {
    this.show(true);
    this.sticky = true;
    this.conversation.resume();
    this.conversation.look();
    if (focus) this.input.focus();
  }

  close() {
    this.show(false);
    this.conversation.follow();
    this.launcher.focus();
  }

  show(open) {
    this.dialog.hidden = !open;
    this.launcher.hidden = open;
    this.conversation.visible = open;
    this.conversation.tab.write({ open });
  }

  keyed({ key, isComposing }) {
    if (key === "Escape" && !isComposing) this.close();
  }

  put(text) {
    this.input.value = text;
    this.fit();
    this.input.focus();
  }

  say(text) {
    this.conversation.say(text);
    this.input.focus();
  }

  submit(event) {
    event.preventDefault();
    const text = this.input.value.trim();
    if (!text) return;
    this.put("");
    this.say(text);
  }

  fit() {
    const { input } = this;
    const { length } = input.value;
    this.sender.disabled = !input.value.trim();
    this.left.textContent = length < COUNT_FROM ? "" : this.t("left", { n: LONGEST - length });
    input.style.height = "auto";
    input.style.height = `${input.scrollHeight}px`;
  }

  /** Many changes in one breath are drawn once. */
  ask() {
    this.asked ??= Promise.resolve().then(() => {
      this.asked = null;
      this.draw();
    });
  }

  draw() {
    const { t, conversation } = this;
    const { thread, unread } = conversation;
    const { items, draft, phase, status } = thread;
    this.welcome.hidden = items.length > 0;
    this.drawMessages(items);
    // A conversation that is merely shown again is not read out: only what is said from now on.
    this.log.ariaLive = conversation.shown ? "polite" : "off";
    this.draft.hidden = !draft.length;
    this.draft.replaceChildren(...draftNodes(draft, t));
    this.tell(this.phase, phase !== "" && (thread.awaiting || phase) ? t(`state_${phase}`) || t("state_thinking") : "");
    this.drawNotice(thread.notice);
    this.tell(this.standing, t(`now_${status}`));
    this.person.hidden = thread.withPerson;
    this.tell(this.hours, this.menu.hours());
    this.menu.mail.hidden = !conversation.site.transcript_by_email;
    this.tell(this.partner, t(status === "person" ? "staff" : "agent"));
    this.tell(this.badge, unread ? `${unread}` : "");
    this.launcher.ariaLabel = t(unread ? "unread" : "open", { n: unread });
    this.scroll(items.at(-1));
  }

  /** A live region speaks whenever its text is set: so only when it is another one. */
  tell(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  /** An element stays as long as its text does: focus and votes stay with it. */
  drawMessages(items) {
    for (const [item, element] of this.drawn) {
      if (items.includes(item) && element.dataset.content === item.content) continue;
      element.remove();
      this.drawn.delete(item);
    }
    items.forEach((item, place) => {
      const element = this.drawn.get(item) ?? messageElement(item, this.t, this.actions);
      element.dataset.content = item.content;
      this.drawn.set(item, element);
      if (this.log.children[place] !== element) this.log.insertBefore(element, this.log.children[place]);
      if (item.role === "visitor") showDelivery(element, item, this.t, this.actions);
    });
  }

  drawNotice(notice) {
    if (notice === this.noticed) return;
    this.noticed = notice;
    this.notice.replaceChildren();
    if (!notice) return;
    const { text, retry, leave } = explained(notice, this.t);
    const dismiss = () => {
      this.conversation.thread.notice = null;
      this.draw();
      this.input.focus();
    };
    const again = () => {
      dismiss();
      notice.again();
    };
    const offer = (phrase, onclick) => el("button", { type: "button", class: "textual", onclick }, this.t(phrase));
    this.notice.append(el("span", {}, text), ...[
      leave && offer("contact", () => this.menu.contact(this.input.value)),
      retry && notice.again ? offer("again", again) : this.button("round small", "dismiss", dismiss, "close"),
    ].filter(Boolean));
  }

  scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    if (scrollTop !== this.placed) this.sticky = scrollHeight - scrollTop - clientHeight < 40;
  }

  /** Follows the conversation down, but never past the first line of what was last said. */
  scroll(last) {
    if (last?.state === "sending") this.sticky = true;
    if (!this.sticky) return;
    const newest = this.draft.hidden ? this.log.lastElementChild : this.draft;
    this.scroller.scrollTop = newest ? newest.offsetTop - 12 : 0;
    this.placed = this.scroller.scrollTop;
  }
}
