/* One message as an element: text, citations, source cards, thumbs. Text always becomes text nodes, never HTML. */
const TAGS = ["wrong", "outdated", "incomplete", "unclear"];
const SVG = "http://www.w3.org/2000/svg";
const ICONS = {
  chat: "M4 5.5h16v11H9.5L5 20v-3.5H4zM8.5 11h.01M12 11h.01M15.5 11h.01",
  close: "M6 6l12 12M18 6L6 18",
  more: "M12 5.5h.01M12 12h.01M12 18.5h.01",
  send: "M12 19V5.5M6 11l6-6 6 6",
  person: "M12 12a3.75 3.75 0 1 0 0-7.5 3.75 3.75 0 0 0 0 7.5zM5 20c1-7 13-7 14 0",
  agent: "M11 4l1.7 5.3L18 11l-5.3 1.7L11 18l-1.7-5.3L4 11l5.3-1.7zM18 16v4M16 18h4",
  thumb: "M7 10.5v9H4v-9zM7 18.5c3 1 5.5 1 8.5 1 2 0 3-1 3.3-2.5l1-4.5c.3-1.4-.5-2.5-2-2.5h-4.3c.6-1.8.9-3.3.6-4.8-.3-1.3-2-1.5-2.5-.2-.8 2.5-2.1 4-4.6 6",
};

/** Attributes and children that are false, null or undefined are left out. */
export function el(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on")) element[name] = value;
    else if (value != null && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child));
  return element;
}

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS(SVG, "path"));
  svg.firstChild.setAttribute("d", ICONS[name]);
  return svg;
}

/** `actions`: rate(item, thumbs, tags), send(item), edit(item). */
export function messageElement(item, t, actions) {
  const { role, content, citations = [] } = item;
  if (role === "system") return el("p", { class: role }, content);
  const visitor = role === "visitor";
  const cards = citations.map((citation) => sourceCard(citation, t));
  return el("div", { class: `message ${role}` },
    el("span", { class: visitor ? "hidden" : "author" }, item.author || t(role), " · ", clock(item, t)),
    el("div", { class: "bubble" }, visitor ? content : formatted(content, cards, t)),
    cards[0] && el("div", { class: "sources", role: "group", "aria-label": t("sources") }, cards),
    role === "agent" && thumbs(item, t, actions),
    visitor && el("div", { class: "delivery", role: "alert" }));
}

/** The sentences that have come so far; the finished message takes their place. */
export function draftNodes(draft, t) {
  const sentences = draft.filter(Boolean);
  const cards = sentences.flatMap(({ citations }) => citations).map((citation) => sourceCard(citation, t));
  return formatted(sentences.map(({ text }) => text).join(" "), cards, t);
}

export function showDelivery(element, item, t, actions) {
  const line = element.lastChild;
  const state = item.state ?? "";
  if (line.dataset.state === state) return;
  line.dataset.state = state;
  // For the eye alone: the log reads the message out, and a failure is news.
  line.replaceChildren(state === "sending" ? el("i", { "aria-hidden": "true" }, t(state)) : "");
  if (state !== "failed") return;
  const { text, retry, leave } = explained(item, t);
  const offer = (phrase, act) => el("button", { type: "button", class: "textual", onclick: () => act(item) }, t(phrase));
  line.append(el("span", {}, t("unsent"), " ", text), offer(...(retry ? ["again", actions.send] : ["edit", actions.edit])));
  if (leave) line.append(offer("contact", actions.leave));
}

/** What went wrong, as a sentence that says what to do next; whether trying again, or leaving a message, can help. */
export function explained({ problem, late, ended, line }, t) {
  if (ended || problem?.ended) return { text: t("ended") };
  if (line) return { text: t("reconnecting") };
  if (late) return { text: t("late"), retry: true, leave: true };
  const { status, detail, wait } = problem;
  if (status === 429) return { text: t("busy", { n: wait || 30 }), retry: true };
  if (status >= 400 && status < 500) return { text: detail || t("refused") };
  return { text: t(status ? "broken" : "offline"), retry: true, leave: true };
}

export const clock = ({ created_at: at }, t) => new Date(at).toLocaleTimeString(t("lang"), { hour: "2-digit", minute: "2-digit" });

/** Paragraphs, "- " lists, **bold**, and [n] where there is a card n. Nothing else. */
function formatted(text, cards, t) {
  const nodes = [];
  for (const line of text.split("\n")) {
    const last = nodes.at(-1);
    const item = /^\s*- (.*)/.exec(line)?.[1];
    if (item) {
      if (last?.tagName !== "UL") nodes.push(el("ul", { dir: "auto" }));
      nodes.at(-1).append(el("li", {}, inline(item, cards, t)));
    } else if (!line.trim()) nodes.push("");
    else if (last?.tagName === "P") last.append(el("br"), ...inline(line, cards, t));
    else nodes.push(el("p", {}, inline(line, cards, t)));
  }
  return nodes.filter(Boolean);
}

function inline(text, cards, t) {
  return text.split(/(\*\*[^*]+\*\*|[^\s[\]]* ?\[\d+\])/).map((part) => {
    if (part.startsWith("**")) return el("strong", {}, part.slice(2, -2));
    const [, word, n] = /^(.*?) ?\[(\d+)\]$/.exec(part) ?? [];
    const card = n && cards.find((one) => one.dataset.n === n);
    if (!card) return part;
    // The number stays on the line of the word before it.
    return el("span", { class: "cited" }, word, el("sup", {},
      el("button", { type: "button", class: "cite", "aria-label": t("source", { n }), onclick: () => show(card) }, n)));
  });
}

function show(card) {
  card.scrollIntoView({ block: "nearest" });
  card.focus();
  card.classList.add("shown");
  card.onanimationend = () => card.classList.remove("shown");
}

/** `link` leads to the sentence, `url` to the page; answers from before there were links have `url` alone. */
function sourceCard({ n, title, section, page, url, link, quote }, t) {
  const href = webAddress(link || url);
  const place = [section !== title && section, page && t("page", { n: page })].filter(Boolean).join(" · ");
  return el(href ? "a" : "div", { class: "source", href, target: "_blank", rel: "noopener", "data-n": n, tabindex: href ? null : "-1" },
    el("span", { class: "hidden" }, t("source", { n })),
    el("span", { class: "number", "aria-hidden": "true" }, n),
    el("span", { class: "about" },
      el("b", {}, title),
      place && el("span", {}, place),
      quote && el("q", {}, quote)));
}

/** The address, or null unless it is http(s) or a path on this site. */
export function webAddress(url) {
  return /^(https?:\/\/|\/(?![/\\]))/i.test(url) && URL.canParse(url, location) ? new URL(url, location).href : null;
}

function thumbs(item, t, actions) {
  const said = el("span", { role: "status" });
  const chosen = new Set();
  const tell = async (value) => { said.textContent = (await actions.rate(item, value, [...chosen])) ? t("thanks") : ""; };
  const toggle = (name, attributes, onclick, ...children) =>
    el("button", { type: "button", "aria-label": t(name), "aria-pressed": "false", onclick, ...attributes }, children);
  const vote = (value) => toggle(value, { class: `round small ${value}`, title: t(value) }, ({ currentTarget }) => {
    for (const each of votes) each.ariaPressed = each === currentTarget;
    tags.hidden = value === "up";
    if (tags.hidden) chosen.clear();
    tell(value);
  }, icon("thumb"));
  const votes = ["up", "down"].map(vote);
  const tags = el("div", { class: "tags", role: "group", "aria-label": t("why"), hidden: "" }, TAGS.map((tag) =>
    toggle(tag, { class: "chip" }, ({ currentTarget }) => {
      if (!chosen.delete(tag)) chosen.add(tag);
      currentTarget.ariaPressed = chosen.has(tag);
      tell("down");
    }, t(tag))));
  return el("div", { class: "feedback" }, el("div", { class: "votes", role: "group", "aria-label": t("rate") }, votes, said), tags);
}
