// The first thing that runs: theme before the first paint, then the engine, with a bar that counts real bytes.
//
// Until the engine is there the page shows the outline that the build wrote into index.html: every exercise and its
// task can be read. What this file offers to the engine hangs on `gatehouse`. It holds no rule and stores nothing.
"use strict";
(() => {
  const here = new URL(".", document.baseURI);
  const byId = (id) => document.getElementById(id);

  /** The chunks of the engine, by number: where each is, the promise of it once it is asked for, whether it is in place. */
  const chunks = { urls: [], asked: [], placed: [], exports: null };

  /** What an engine says that was built to say what it enters (`cargo xtask later`). */
  const marks = new Set();

  /** The strands that the engine was packed in: its chunks repeat much of them. */
  let known;

  /** What arrives is packed, or plain WebAssembly. The engine comes first. */
  const unpacked = (url, bytes) => {
    if (!url.endsWith(".packed")) return bytes;
    const { module, strands } = unpack(bytes, known);
    known ??= strands;
    return module;
  };

  function place(number, module) {
    if (chunks.placed[number]) return;
    new WebAssembly.Instance(module, { e: chunks.exports });
    chunks.placed[number] = true;
  }

  async function fetched(url) {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`the server answered ${response.status} for ${url}`);
    return response;
  }

  async function fetchChunk(number) {
    const url = chunks.urls[number];
    const response = await fetched(url);
    place(number, await WebAssembly.compile(unpacked(url, new Uint8Array(await response.arrayBuffer()))));
  }

  /** The engine has reached a chunk that nothing announced. It cannot wait, so the page does. */
  function loadChunk(number) {
    try {
      const url = chunks.urls[number];
      console.debug(new Error(`nothing announced ${url}`).stack);
      const request = new XMLHttpRequest();
      request.open("GET", url, false);
      // The only way to have bytes from a request that is waited for.
      request.overrideMimeType("text/plain; charset=x-user-defined");
      request.send();
      if (request.status >= 400) throw new Error(`the server answered ${request.status} for ${url}`);
      const bytes = Uint8Array.from(request.responseText, (character) => character.charCodeAt(0) & 0xff);
      place(number, new WebAssembly.Module(unpacked(url, bytes)));
    } catch (error) {
      stopped(`A part of the lab's engine could not be fetched: ${error.message}.`);
      throw error;
    }
  }

  /** The page of last resort; what was done until now is kept in this browser. */
  function stopped(why) {
    const main = Object.assign(document.createElement("main"), { className: "crash" });
    const add = (tag, textContent, more = {}) => main.append(Object.assign(document.createElement(tag), { textContent, ...more }));
    add("h1", "The lab stopped");
    add("p", `${why} What you had done until then is kept in this browser.`);
    add("button", "Reload and go on", { className: "button primary" });
    main.lastChild.dataset.boot = "reload";
    document.body.replaceChildren(main);
  }

  globalThis.gatehouse = {
    /** The editor's module, fetched when the first editor is shown. */
    editor: () => import(new URL("editor.js", here).href),
    marks: () => [...marks],
    /** Whether a chunk is in place. An engine in one piece has them all. */
    hasChunk: (number) => chunks.urls.length === 0 || Boolean(chunks.placed[number]),
    /** Fetches a chunk ahead of its use. One that failed may be asked for again. */
    fetchChunk: (number) => (chunks.asked[number] ??= fetchChunk(number).catch((error) => {
      chunks.asked[number] = undefined;
      throw error;
    })),
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
    const response = await fetched(url);
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
    return unpacked(url, bytes);
  }

  /** Starts the engine, and gives it what its glue does not know of: a way to its chunks. */
  async function run(init, bytes) {
    const { instantiate } = WebAssembly;
    WebAssembly.instantiate = async (source, imports) => {
      WebAssembly.instantiate = instantiate;
      const made = await instantiate(source, { ...imports, chunks: { load: loadChunk, mark: (place) => marks.add(place) } });
      chunks.exports = made.instance.exports;
      return made;
    };
    await init({ module_or_path: bytes });
  }

  async function start() {
    outline();
    addEventListener("hashchange", outline);
    const engine = byId("engine");
    chunks.urls = (engine.dataset.chunks ?? "").split(" ").filter(Boolean).map((url) => new URL(url, here).href);
    // A fast connection shows no bar at all.
    const slow = setTimeout(() => { byId("loading").hidden = false; }, 250);
    try {
      const [bytes, { default: init }] = await Promise.all([
        fetchEngine(engine.dataset.wasm, Number(engine.dataset.bytes)),
        import(new URL(engine.getAttribute("href"), here).href),
      ]);
      await run(init, bytes);
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
