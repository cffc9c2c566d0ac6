/* Handrail's chat widget: the one file a page names. It reads its own <script> tag and loads the rest beside itself. */
(() => {
  const script = document.currentScript ?? document.querySelector("script[data-site-id]");
  const settings = { ...script.dataset, home: new URL(".", script.src).href };
  const chat = import(settings.home + "chat/start.js").then(({ start }) => start(settings));
  // Callable at once: the calls wait until the modules are here.
  const later = (name) => (...values) => chat.then((ready) => ready[name](...values));
  window.Handrail = {
    open: later("open"),
    close: later("close"),
    identify: later("identify"),
    newConversation: later("newConversation"),
  };
  // Any button of the page may open it.
  addEventListener("click", ({ target }) => target.closest?.("[data-handrail-open]") && Handrail.open());
})();
