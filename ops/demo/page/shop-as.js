/* The "Shop as" list: asks the demo for a customer's signed identity and hands it to the chat widget. */
const KEPT = "fjordlight:customer";
const list = document.querySelector("#customer");

async function shopAs(email) {
  if (!email) return window.Handrail.identify(null);
  const response = await fetch(`/demo/identity?customer=${encodeURIComponent(email)}`);
  if (!response.ok) throw new Error(`no identity for ${email}: HTTP ${response.status}`);
  const { identity_token: token } = await response.json();
  return window.Handrail.identify(token);
}

async function fill() {
  const customers = await (await fetch("/demo/customers")).json();
  for (const { name, email } of customers) list.add(new Option(name, email));
  list.value = sessionStorage.getItem(KEPT) ?? "";
  if (list.selectedIndex < 0) list.value = "";
  await shopAs(list.value);
}

list.addEventListener("change", () => {
  sessionStorage.setItem(KEPT, list.value);
  shopAs(list.value);
});
document.querySelector("#ask").addEventListener("click", () => window.Handrail.open());
// Deferred scripts run in order: the widget's script, which comes after this one, is there by now.
addEventListener("DOMContentLoaded", fill);
