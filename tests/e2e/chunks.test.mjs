// The engine travels in parts: reading an exercise needs none of them but those that it calls for, working fetches the
// rest in time, and a part that cannot be had costs nothing but a moment.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { command, launch, openExercise, ready, site, visit } from "./lab.mjs";

const RBAC = "rbac-service-accounts";
const NETWORK = "networkpolicy-four-steps";
const [, budget] = /^first-load-gzip = ([\d_]+)$/m.exec(readFileSync(new URL("../../size-budget.toml", import.meta.url), "utf8"));
const FIRST_LOAD = Number(budget.replaceAll("_", ""));

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

/** Records what is fetched of the engine's parts, by name, and everything with its size. */
function record(page) {
  const parts = [];
  const waits = [];
  page.on("response", (response) => {
    const part = /\/chunks\/(\w+)-/.exec(response.url())?.[1];
    if (part) parts.push({ part, waited: response.request().resourceType() === "xhr" });
    waits.push(response.body().then((body) => Math.min(body.length, gzipSync(body, { level: 9 }).length), () => 0));
  });
  return {
    parts,
    names: () => parts.map(({ part }) => part),
    bytes: async () => (await Promise.all(waits)).reduce((sum, size) => sum + size, 0),
  };
}

test("the list and an exercise fit the first load, and call for no part", async () => {
  for (const exercise of [NETWORK, RBAC]) {
    let seen;
    await visit(browser, { before: (page) => { seen = record(page); } }, async (page) => {
      await ready(page);
      await page.locator(`a.row[href$="${exercise}"]`).click();
      await page.locator('[data-editor="rich"]').waitFor();
      await page.waitForLoadState("networkidle");
      assert.deepEqual(seen.names(), []);
      const bytes = await seen.bytes();
      assert.ok(bytes > 100_000 && bytes <= FIRST_LOAD, `${bytes} bytes`);
    });
  }
});

test("every exercise opens without a part that nothing announced", async () => {
  let hrefs = [];
  await visit(browser, {}, async (page) => {
    await ready(page);
    hrefs = await page.locator(".exercises a.row").evaluateAll((rows) => rows.map((row) => row.getAttribute("href")));
  });
  assert.ok(hrefs.length >= 8);
  for (const href of hrefs) {
    let seen;
    await visit(browser, { before: (page) => { seen = record(page); } }, async (page) => {
      await openExercise(page, href.split("/").pop());
      await page.waitForTimeout(500);
      await page.evaluate(() => dispatchEvent(new Event("pagehide")));
      assert.deepEqual(seen.parts.filter(({ waited }) => waited), [], `${href}; cargo xtask later renews web/later.txt`);
    });
  }
});

test("commands fetch the parts they belong to, once", () => {
  let seen;
  return visit(browser, { before: (page) => { seen = record(page); } }, async (page) => {
    await openExercise(page, RBAC);
    for (const [line, expected] of [
      ["kubectl get namespaces", /kube-system/],
      ["kubectl describe namespace default", /Name: +default/],
      ["kubectl get ns -o json | jq -r '.items[0].metadata.name'", /default/],
      ["kubectl get ns default -o jsonpath='{.metadata.name}'", /default/],
      ["kubectl explain pods", /Pod is a collection of containers/],
      ["kubectl create configmap c --from-literal=a=b", /configmap\/c created/],
      ["kubectl describe configmap c", /a:/],
      ["kubectl nosuch", /unknown command "nosuch" for "kubectl"/],
      ["kubectl --help", /kubectl controls the Kubernetes cluster manager/],
      ["kubectl create deployment web --image=nginx --replicas=2; kubectl rollout status deployment web", /successfully rolled out/],
    ]) assert.match(await command(page, line), expected);
    const names = seen.names();
    assert.deepEqual([...new Set(names)].sort(), [...names].sort(), "each once");
    for (const part of ["work", "look", "text", "format", "kubectl", "create", "explain"]) assert.ok(names.includes(part), `${part} in ${names}`);
    assert.deepEqual(seen.parts.filter(({ waited }) => waited), []);
  });
});

test("a part that nothing announced is fetched when it is reached", () => {
  let seen;
  return visit(browser, { before: (page) => { seen = record(page); }, expected: ["XMLHttpRequest"] }, async (page) => {
    await openExercise(page, RBAC);
    assert.match(await command(page, "a=j; echo '{\"b\": 7}' | ${a}q .b"), /^.*7$/m);
    assert.deepEqual(seen.parts.filter(({ waited }) => waited).map(({ part }) => part), ["text"]);
  });
});

test("a part that cannot be had is said, loses nothing, and is had later", () => {
  let broken = true;
  const route = (page) => page.route(/\/chunks\/look-/, (request) => (broken ? request.abort() : request.continue()));
  return visit(browser, { before: route, expected: ["net::ERR_FAILED"] }, async (page) => {
    await openExercise(page, RBAC);
    await page.locator("#shell-input").fill("kubectl describe namespace default");
    await page.locator("#shell-input").press("Enter");
    await page.locator(".toast", { hasText: "could not be fetched" }).waitFor();
    assert.equal(await page.locator("#shell-input").inputValue(), "kubectl describe namespace default");
    broken = false;
    await page.locator("#shell-input").press("Enter");
    await page.locator(".log", { hasText: "Name:" }).waitFor();
  });
});

test("what is typed while a part is on its way stays when it cannot be had", () => {
  let fail;
  const held = new Promise((resolve) => { fail = resolve; });
  const route = (page) => page.route(/\/chunks\/look-/, async (request) => { await held; await request.abort(); });
  return visit(browser, { before: route, expected: ["net::ERR_FAILED"] }, async (page) => {
    await openExercise(page, RBAC);
    await page.locator("#shell-input").fill("kubectl describe namespace default");
    await page.locator("#shell-input").press("Enter");
    await page.locator(".cm-content").click();
    await page.keyboard.press("Control+Home");
    await page.keyboard.type("# typed meanwhile\n");
    fail();
    await page.locator(".toast", { hasText: "could not be fetched" }).waitFor();
    await page.waitForTimeout(1000);
    await page.reload();
    await page.locator(".cm-content", { hasText: "# typed meanwhile" }).waitFor();
  });
});

test("an exercise whose parts cannot be had says so and opens on another try", () => {
  let broken = true;
  const route = (page) => page.route(/\/chunks\//, (request) => (broken ? request.abort() : request.continue()));
  return visit(browser, { before: route, expected: ["net::ERR_FAILED"] }, async (page) => {
    await page.goto(`${site}#/exercise/apparmor-deny-write`);
    await page.getByRole("heading", { name: "This exercise is not all here yet" }).waitFor();
    broken = false;
    await page.getByRole("button", { name: "Try again" }).click();
    await page.locator('[data-editor="rich"]').waitFor({ state: "attached" });
  });
});
