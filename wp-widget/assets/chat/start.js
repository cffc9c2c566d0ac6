/* Puts the widget on the page: settings, language, shadow root, style sheet, and the parts joined together. */
import { Api, Shelf } from "./backend.js";
import { Conversation } from "./conversation.js";
import { el } from "./message.js";
import { Panel } from "./panel.js";

// To add a language: write its file in strings/ and name it here.
const LANGUAGES = ["en", "es", "de", "ar"];

export async function start(settings) {
  const t = await phrases(settings);
  const key = `handrail:${settings.siteId}`;
  // Two records: what any tab may note at any time must never overwrite another tab's new conversation.
  const session = new Shelf("localStorage", key);
  const notes = new Shelf("localStorage", `${key}:notes`);
  const later = new Shelf("localStorage", `${key}:later`);
  const tab = new Shelf("sessionStorage", key);
  const ask = settings.identity && (() => loggedIn(settings.identity));
  const conversation = new Conversation(new Api(settings.api ?? "", settings.siteId, session, ask), notes, later, tab);
  const panel = new Panel(conversation, t, settings);

  const sheet = el("link", { rel: "stylesheet", href: `${settings.home}widget.css` });
  const host = el("div", { id: "handrail", "data-theme": settings.theme, dir: settings.dir || t("dir"), lang: t("lang") });
  host.attachShadow({ mode: "open" }).append(sheet, panel.element);
  document.body.append(host);
  // Nothing is seen before its style sheet is here, or is known not to come.
  await new Promise((done) => { sheet.onload = sheet.onerror = done; });
  panel.element.hidden = false;

  if (tab.read().open) panel.open(false);
  else if (notes.read().live) conversation.resume();
  conversation.hand();
  return {
    open: () => panel.open(),
    close: () => panel.close(),
    identify: (token) => conversation.identify(token),
    newConversation: () => conversation.restart(),
  };
}

/** The token of whoever is logged in here; null: nobody, or nobody can say. */
async function loggedIn(url) {
  const response = await fetch(url, { method: "POST", headers: { "X-Handrail": 1 } }).catch(() => {});
  return response?.ok ? (await response.json()).token : null;
}

/** t(key, values): the phrase in the page's language, or in English, with {name} filled in. */
async function phrases({ lang, home }) {
  const wanted = (lang || document.documentElement.lang).slice(0, 2).toLowerCase();
  const strings = await (await fetch(`${home}chat/strings/${LANGUAGES.includes(wanted) ? wanted : "en"}.json`)).json();
  return (key, values) => (strings[key] ?? "").replace(/{(\w+)}/g, (_, name) => values[name]);
}
