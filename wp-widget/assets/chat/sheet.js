/* A dialog in front of the panel: a few fields, one act, a way out. What was written stays until it is through. */
import { el, explained } from "./message.js";

/**
 * Its phrases are `kind`, `kind_text` and `kind_do`. `fields`: name → attributes, which may name another `tag`.
 * `act(values)` gives the sentence to end with, or its parts; what it throws is said as well. `done()` comes after the end.
 */
export function openSheet(root, t, kind, { text = t(`${kind}_text`), fields = {}, act, done }) {
  let busy = false;
  const title = el("h2", { id: "sheet" }, t(kind));
  const button = (phrase, attributes) => el("button", attributes, t(phrase));
  const problem = el("p", { class: "problem", role: "alert" });
  const form = el("form", { class: "sheet", onsubmit: submit }, title, el("p", { id: "why" }, text),
    Object.entries(fields).map(([name, { tag = "input", value, ...attributes }]) => el("label", {}, t(name),
      el(tag, { name, value, required: "", ...attributes }, tag === "textarea" && value))),
    problem,
    el("div", { class: "acts" }, button("cancel", { type: "button", class: "chip", onclick: () => sheet.close() }), button(`${kind}_do`, { class: "act" })));
  const sheet = el("dialog", { "aria-labelledby": "sheet", "aria-describedby": "why", onclose: () => {
    sheet.remove();
    done();
  } }, form);

  async function submit(event) {
    event.preventDefault();
    if (busy) return;
    busy = true;
    problem.textContent = "";
    try {
      const said = await act(Object.fromEntries(new FormData(form)));
      const close = button("fine", { type: "button", class: "act", "aria-describedby": "why", onclick: () => sheet.close() });
      form.replaceChildren(title, el("p", { id: "why" }, said), el("div", { class: "acts" }, close));
      close.focus();
    } catch (error) {
      problem.textContent = explained({ problem: error }, t).text;
    }
    busy = false;
  }

  root.append(sheet);
  sheet.showModal();
}
