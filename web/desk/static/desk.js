// The desk works without this. With it pages renew themselves, times go on, keys do things, and a reply shows itself.
"use strict";
(() => {
  const body = document.body;
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));

  // ---- times, in the reader's own zone ----
  const length = (seconds) => {
    if (seconds < 60) return "less than 1 min";
    if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
    if (seconds < 2 * 86400) {
      return `${Math.floor(seconds / 3600)} h ${String(Math.floor((seconds % 3600) / 60)).padStart(2, "0")} min`;
    }
    return `${Math.round(seconds / 86400)} days`;
  };
  const clock = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  const today = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
  const tell = (time) => {
    const then = new Date(time.dateTime);
    const seconds = (Date.now() - then) / 1000;
    let text;
    if (time.hasAttribute("data-ago")) text = length(Math.max(seconds, 0));
    else if (time.hasAttribute("data-until")) {
      text = seconds <= 0 ? `due in ${length(-seconds)}` : `overdue by ${length(seconds)}`;
      time.classList.toggle("over", seconds > 0);
    } else text = then.toDateString() === new Date().toDateString() ? today.format(then) : clock.format(then);
    if (time.textContent !== text) time.textContent = text;
    time.title = clock.format(then);
  };
  const tellTimes = () => all("time[data-ago], time[data-until], time[data-at]").forEach(tell);

  // ---- a page asks for itself anew, and takes what has changed ----
  const same = (left, right) => {
    const plain = (node) => {
      const copy = node.cloneNode(true);
      all("time", copy).forEach((time) => { time.textContent = ""; time.removeAttribute("title"); time.className = ""; });
      all("details", copy).forEach((details) => details.removeAttribute("open"));
      copy.classList.remove("new");
      return copy.innerHTML;
    };
    return plain(left) === plain(right);
  };
  const keepOpen = (before, after) => all("details[id][open]", before).forEach((details) => {
    const its = one(`#${CSS.escape(details.id)}`, after);
    if (its) its.open = true;
  });
  const replace = (before, after) => {
    const focus = document.activeElement;
    const held = before.contains(focus) ? focus : null;
    const path = held && (held.id ? `#${CSS.escape(held.id)}` : held.getAttribute("href") && `[href="${CSS.escape(held.getAttribute("href"))}"]`);
    keepOpen(before, after);
    before.innerHTML = after.innerHTML;
    if (held) (path && one(path, before) || one("#main")).focus({ preventScroll: true });
  };
  const merge = (list, fresh) => { // keyed: only what is new is said by a screen reader, and what is typed stays
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
    const wanted = Array.from(fresh.children);
    const ids = new Set(wanted.map((item) => item.id));
    Array.from(list.children).forEach((item) => { if (!ids.has(item.id)) item.remove(); });
    wanted.forEach((item, place) => {
      const known = item.id && one(`#${CSS.escape(item.id)}`, list);
      const at = list.children[place] || null;
      if (!known) {
        item.classList.add("new");
        list.insertBefore(item, at);
      } else {
        if (known !== at) list.insertBefore(known, at);
        if (!list.hasAttribute("data-careful") && !same(known, item)) replace(known, item);
      }
    });
    if (atEnd) list.scrollTop = list.scrollHeight;
  };
  let asking = false;
  let again = false;
  const renew = async () => {
    if (asking) { again = true; return; }
    asking = true;
    try {
      const answer = await fetch(location.href, { credentials: "same-origin", headers: { Accept: "text/html" } });
      if (answer.redirected && new URL(answer.url).pathname === "/desk/login") { location.reload(); return; }
      if (answer.ok) {
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
        document.title = fresh.title;
        all("[data-region]").forEach((region) => {
          const its = fresh.getElementById(region.id);
          if (its && !same(region, its)) replace(region, its);
        });
        all("[data-keyed]").forEach((list) => {
          const its = fresh.getElementById(list.id);
          if (its) merge(list, its);
        });
        if (!one("#reply") && one("#reply", fresh)) { // it has become ours in another window
          const reply = one("#reply-form", fresh);
          one(".compose").prepend(document.importNode(reply, true));
          watchText();
        }
        tellTimes();
      }
    } catch { /* the stream tells when we are back */ } finally {
      asking = false;
      if (again) { again = false; setTimeout(renew, 150); }
    }
  };
  let soon = 0;
  const renewSoon = () => { clearTimeout(soon); soon = setTimeout(renew, 120); };

  // ---- live ----
  const lamp = one("#live");
  const show = (text, off) => { if (lamp.textContent !== text) { lamp.hidden = false; lamp.textContent = text; lamp.classList.toggle("off", off); } };
  const listen = () => {
    const source = new EventSource("/desk/live");
    source.onopen = () => show("Live", false);
    source.onerror = () => show("Not live", true);
    source.addEventListener("ended", () => { source.close(); location.reload(); });
    source.addEventListener("changed", (event) => {
      const told = JSON.parse(event.data);
      const thread = body.dataset.thread;
      const kinds = body.dataset.live;
      if (told.kind !== "look" && thread && told.thread !== thread) return;
      if (told.kind !== "look" && kinds && !kinds.split(" ").includes(told.kind) && told.kind !== "state") return;
      renewSoon();
    });
    addEventListener("pagehide", () => source.close());
  };
  if (body.hasAttribute("data-live")) listen();
  if (one("[data-poll]")) setInterval(() => { if (!document.hidden) renew(); }, 5000);
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

  // ---- what is typed ----
  const watchText = () => all("textarea:not([data-watched])").forEach((area) => {
    area.dataset.watched = "1";
    const most = Number(area.dataset.count || 0);
    const counter = area.form && one("[data-counter]", area.form);
    const preview = area.dataset.preview && document.getElementById(area.dataset.preview);
    const look = () => {
      const left = most - Array.from(area.value.trim()).length;
      if (counter) counter.textContent = left < most / 4 ? (left < 0 ? `${-left} too many.` : `${left} left.`) : "";
      if (counter) counter.classList.toggle("bad", left < 0);
      if (preview) {
        preview.textContent = area.value.trim();
        preview.closest(".preview").hidden = !area.value.trim();
      }
    };
    area.addEventListener("input", look);
    area.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); area.form.requestSubmit(); }
    });
    look();
  });
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (button && button.dataset.confirm && !confirm(button.dataset.confirm)) { event.preventDefault(); return; }
    setTimeout(() => all("button", event.target).forEach((each) => { each.disabled = true; }));
    setTimeout(() => all("button", event.target).forEach((each) => { each.disabled = false; }), 4000);
  });
  document.addEventListener("change", (event) => { if (event.target.matches("[data-submit]")) event.target.form.requestSubmit(); });

  // ---- keys; one can switch them off ----
  const help = one("#help");
  const keysOn = one("#keys-on");
  const stored = (value) => { try { return value === undefined ? localStorage.getItem("keys") : localStorage.setItem("keys", value); } catch { return null; } };
  keysOn.checked = stored() !== "off";
  keysOn.addEventListener("change", () => stored(keysOn.checked ? "on" : "off"));
  one("#keys").hidden = false;
  one("#keys").addEventListener("click", () => help.showModal());
  const step = (by) => {
    const links = all(".rowlink");
    if (!links.length) return;
    const at = links.indexOf(document.activeElement);
    const next = links[Math.min(Math.max(at + by, 0), links.length - 1)];
    next.focus();
  };
  const press = (selector) => { const found = one(selector); if (found) found.click(); };
  const go = (where) => { location.href = where; };
  const focus = (selector) => { const found = one(selector); if (found) { found.focus(); found.scrollIntoView({ block: "center" }); } };
  const proofs = () => {
    const found = all("details.proof");
    const opening = !found.some((each) => each.open);
    found.forEach((each) => { each.open = opening; });
  };
  const KEYS = {
    j: () => step(1), k: () => step(-1), c: () => press("#claim"), r: () => focus("#reply"), n: () => focus("#note"),
    q: () => go("/desk"), e: proofs, "/": () => (one("#search") ? focus("#search") : go("/desk/search")), "?": () => help.showModal(),
  };
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (typing && event.key === "Escape") event.target.blur();
    if (typing || event.ctrlKey || event.metaKey || event.altKey || help.open || !keysOn.checked) return;
    const act = Object.hasOwn(KEYS, event.key) && KEYS[event.key];
    if (act) { event.preventDefault(); act(); }
  });

  tellTimes();
  setInterval(tellTimes, 15000);
  watchText();
  const log = one("#log");
  if (log) log.scrollTop = log.scrollHeight;
})();
