// The first thing that runs: theme before the first paint, then the engine, with a bar that counts real bytes.
//
// Until the engine is there the page shows the outline that the build wrote into index.html: every exercise and its
// task can be read. What this file offers to the engine hangs on `gatehouse`. It holds no rule and stores nothing.
"use strict";
(() => {
  const here = new URL(".", document.baseURI);
  const byId = (id) => document.getElementById(id);

  globalThis.gatehouse = {
    /** The editor's module, fetched when the first editor is shown. */
    editor: () => import(new URL("editor.js", here).href),
  };

  // The page that stands when the engine has failed: nothing of the engine can answer its buttons.
  addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-boot]");
    if (!button) return;
    if (button.dataset.boot === "forget") localStorage.removeItem(`gatehouse.${button.dataset.key}`);
    location.reload();
  });

  try {
    const theme = localStorage.getItem("gatehouse.theme");
    if (theme) document.documentElement.dataset.theme = theme;
  } catch {
    // No storage here: the system's theme it is.
  }

  /** The outline of what the address names: one task, or the list. */
  function outline() {
    const wanted = /^#\/exercise\/([^/]+)/.exec(location.hash)?.[1];
    const tasks = [...document.querySelectorAll("#outline [data-exercise]")];
    const shown = tasks.find((task) => task.dataset.exercise === wanted);
    for (const task of tasks) task.hidden = task !== shown;
    byId("outline-list").hidden = Boolean(shown);
    byId("main").className = shown ? "outline-lab" : "home";
    // Where the page will have it, so that nothing moves when the engine takes over.
    byId("outline-title").replaceChildren(...(shown ? [Object.assign(document.createElement("h1"), { textContent: shown.dataset.title })] : []));
  }

  const kilobytes = (bytes) => `${Math.round(bytes / 1000).toLocaleString("en")} kB`;

  /** The engine's bytes, counted as they arrive, and unpacked if they came packed. */
  async function fetchEngine(url, total) {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`the server answered ${response.status} for ${url}`);
    const bar = byId("loading-bar");
    const text = byId("loading-text");
    const chunks = [];
    let loaded = 0;
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      chunks.push(value);
      loaded += value.byteLength;
      if (total > 0) bar.value = (100 * loaded) / total;
      text.textContent = `Loading the engine: ${kilobytes(loaded)}${total > 0 ? ` of ${kilobytes(total)}` : ""}`;
    }
    const bytes = new Uint8Array(loaded);
    let at = 0;
    for (const chunk of chunks) {
      bytes.set(chunk, at);
      at += chunk.byteLength;
    }
    return url.endsWith(".lzma") ? unpack(bytes) : bytes;
  }

  async function start() {
    outline();
    addEventListener("hashchange", outline);
    const engine = byId("engine");
    // A fast connection shows no bar at all.
    const slow = setTimeout(() => { byId("loading").hidden = false; }, 250);
    try {
      const [bytes, { default: init }] = await Promise.all([
        fetchEngine(engine.dataset.wasm, Number(engine.dataset.bytes)),
        import(new URL(engine.getAttribute("href"), here).href),
      ]);
      await init({ module_or_path: bytes });
      clearTimeout(slow);
      removeEventListener("hashchange", outline);
      byId("outline").remove();
    } catch (error) {
      clearTimeout(slow);
      const loading = byId("loading");
      if (!loading) throw error;
      loading.hidden = false;
      loading.classList.add("failed");
      byId("loading-bar").remove();
      byId("loading-text").textContent =
        `The lab's engine did not start: ${error.message}. The tasks can still be read; reload the page to try again.`;
    }
  }

  if (document.readyState === "loading") addEventListener("DOMContentLoaded", start);
  else start();
})();
