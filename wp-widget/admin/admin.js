/* The settings page: the connection test, and the bar of "index everything". */
(({ apiFetch, i18n, a11y }) => {
  const { __, sprintf } = i18n;
  const at = (id) => document.getElementById(`handrail-${id}`);
  const post = (path, data = {}) => apiFetch({ path: `handrail/v1/${path}`, method: "POST", data });
  const said = (problem) => problem.message || __("Something went wrong.", "handrail");

  async function test() {
    at("test").disabled = true;
    at("steps").replaceChildren();
    try {
      for (const { name, ok, detail } of (await post("connection")).steps) add(ok, name, detail);
    } catch (problem) {
      add(false, __("The test itself failed", "handrail"), said(problem));
    }
    at("test").disabled = false;
  }

  function add(ok, name, detail) {
    const line = document.createElement("li");
    line.textContent = `${ok ? "✓" : "✗"} ${name}${detail ? `: ${detail}` : ""}`;
    at("steps").append(line);
  }

  let running = false;

  async function index(act) {
    running = true;
    for (let step = act; running; step = "step") {
      try {
        show(await post("indexing", { act: step }));
      } catch (problem) {
        running = false;
        at("progress-text").textContent = said(problem);
      }
      await new Promise((done) => { setTimeout(done, 1000); });
    }
    at("stop").hidden = true;
    at("index").disabled = false;
  }

  function show({ done, total, is_over: isOver, waiting, dead, problem }) {
    const told = Math.max(0, done - waiting);
    Object.assign(at("progress"), { hidden: false, max: Math.max(1, total), value: isOver && !waiting ? Math.max(1, total) : told });
    at("stop").hidden = isOver;
    at("index").disabled = !isOver;
    /* translators: 1: how many were told, 2: of how many. */
    const text = sprintf(__("%1$d of %2$d told to Handrail.", "handrail"), told, total);
    /* translators: %d: how many. */
    const failed = dead ? ` ${sprintf(__("%d could not be told: see Events.", "handrail"), dead)}` : "";
    at("progress-text").textContent = `${text}${failed}${problem ? ` ${problem}` : ""}`;
    if (isOver && !waiting) {
      running = false;
      a11y.speak(text);
    }
  }

  at("test")?.addEventListener("click", test);
  at("index")?.addEventListener("click", () => {
    at("index").disabled = true;
    index("start");
  });
  at("stop")?.addEventListener("click", async () => show(await post("indexing", { act: "stop" })));
  // Somebody comes back to a page where it is still at work.
  if (at("progress")) apiFetch({ path: "handrail/v1/indexing" }).then(({ total, waiting, is_over: isOver }) => {
    if (!isOver || (total && waiting)) index("step");
  });
})(window.wp);
