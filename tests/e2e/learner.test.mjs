// A learner solves one exercise in the editor and another in the terminal, and finds both solved on coming back.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { command, editorText, launch, openExercise, ready, seriousFaults, site, visit } from "./lab.mjs";

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

const NETWORK = "networkpolicy-four-steps";
const RBAC = "rbac-service-accounts";
const solution = (exercise, file) => readFileSync(new URL(`../../exercises/${exercise}/solution/${file}`, import.meta.url), "utf8");
const score = (page) => page.locator(".facts .score").innerText();
const full = (page) => page.locator(".facts .score.full").waitFor();

/** Replaces what is in the editor, as somebody would who types very fast. */
async function write(page, text) {
  await page.locator(".cm-content").click();
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Delete");
  await page.keyboard.insertText(text);
}

test("the list leads to an exercise, which is solved in the editor and kept", () =>
  visit(browser, {}, async (page) => {
    await ready(page);
    assert.ok((await page.locator(".exercises a.row").count()) >= 8);
    await page.locator(`a.row[href$="${NETWORK}"]`).click();
    await page.locator('[data-editor="rich"]').waitFor();
    assert.match(await score(page), /0 \/ 100/);

    // A mistake is shown at once, with its place, and nothing in the cluster changes.
    await write(page, "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: [x\n");
    await page.locator(".outcome.mistake").waitFor();
    await page.locator(".outcome.mistake button").click();
    assert.match(await score(page), /0 \/ 100/);

    const policies = solution(NETWORK, "policies.yaml");
    await write(page, policies);
    await page.locator(".outcome.created").first().waitFor();
    assert.match(await score(page), /0 \/ 100/);
    await page.keyboard.press("Control+Enter");
    await full(page);
    assert.match(await page.locator(".log").innerText(), /kubectl apply -f policies\.yaml[\s\S]* created/);
    assert.ok((await page.locator("svg.map .edge.denied").count()) > 0);
    assert.ok((await page.locator("svg.map .edge.allowed").count()) > 0);
    await page.locator(".outcome.unchanged").first().waitFor();

    await page.waitForTimeout(600);
    await page.reload();
    await openExercise(page, NETWORK);
    await full(page);
    // The editor draws only the lines in view; the file has them all.
    assert.ok(policies.startsWith((await editorText(page)).trimEnd()));
    assert.match(await page.locator(".log").innerText(), /kubectl apply -f policies\.yaml/);
    assert.ok((await command(page, "cat policies.yaml")).trimEnd().endsWith(policies.trimEnd()));
    await page.goto(`${site}#/`);
    assert.match(await page.locator(`a.row[href$="${NETWORK}"]`).innerText(), /solved/);

    // Starting over can be undone.
    await openExercise(page, NETWORK);
    await page.getByRole("button", { name: "Reset" }).click();
    await page.locator(".facts .score:not(.full)").waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await full(page);
  }));

test("an exercise is solved in the terminal and kept", () =>
  visit(browser, {}, async (page) => {
    await openExercise(page, RBAC);
    await command(page, "kubectl create serviceaccount pod-sa");
    await command(page, "kubectl create serviceaccount namespace-sa");
    await command(page, "kubectl create role pod-lister --verb=list --resource=pods");
    await command(page, "kubectl create rolebinding pod-lister --role=pod-lister --serviceaccount=default:pod-sa");
    assert.match(await command(page, "kubectl get namespaces --as system:serviceaccount:default:namespace-sa"), /Error from server \(Forbidden\): namespaces is forbidden/);
    await command(page, "kubectl create clusterrole namespace-lister --verb=list --resource=namespaces");
    await command(page, "kubectl create clusterrolebinding namespace-lister --clusterrole=namespace-lister --serviceaccount=default:namespace-sa");
    await full(page);
    await page.waitForTimeout(600);
    await page.reload();
    await openExercise(page, RBAC);
    await full(page);
  }));

test("every exercise opens, and its own solution's text stands last in the task", () =>
  visit(browser, {}, async (page) => {
    await ready(page);
    const hrefs = await page.locator(".exercises a.row").evaluateAll((rows) => rows.map((row) => row.getAttribute("href")));
    for (const href of hrefs) {
      await page.goto(site + href);
      await page.locator(".lab .prose").first().waitFor();
      assert.ok((await page.locator(".check").count()) > 0, href);
      for (;;) {
        const more = page.getByRole("button", { name: /hint$/ });
        if ((await more.count()) === 0) break;
        await more.click();
      }
      await page.getByRole("button", { name: "Show the solution" }).click();
      await page.locator(".solution").waitFor();
    }
  }));

test("the network explains itself: what an edit would change, what decides a flow, what could go", () =>
  visit(browser, {}, async (page) => {
    await openExercise(page, NETWORK);
    assert.equal(await page.locator("svg.map .pod-name", { hasText: "kube-dns" }).count(), 0);
    const policies = solution(NETWORK, "policies.yaml");
    await write(page, policies);
    // Before anything is applied: in the outcome, in the drawing, and in words.
    await page.locator(".outcome.flow.denied").first().waitFor();
    const would = page.locator("svg.map .edge.would");
    assert.ok((await would.count()) > 0);
    assert.match(await would.first().getAttribute("aria-label"), /The file would change that$/);
    await page.keyboard.press("Control+Enter");
    await full(page);
    await page.locator("svg.map .edge.would").first().waitFor({ state: "detached" });
    await page.locator("svg.map .pod-name", { hasText: "kube-dns" }).waitFor();

    // By keyboard: to a denied flow, to its rule, to the rule's line.
    await page.locator("svg.map .edge[tabindex='0']").focus();
    const chosen = page.locator("svg.map .edge.chosen");
    for (let flow = 0; flow < 40 && !(await chosen.getAttribute("class")).includes("denied"); flow += 1) await page.keyboard.press("ArrowRight");
    assert.match(await page.locator(".reason .verdict").innerText(), /: denied$/);
    await page.locator(".reason .half").first().waitFor();
    assert.match(await page.locator(".reason").innerText(), /out of [^]*into [^]*/);
    await page.locator(".reason .place").first().focus();
    await page.keyboard.press("Enter");
    await page.locator(".cm-content:focus").waitFor();
    await page.locator("svg.map .edge.chosen").focus();
    await page.keyboard.press("Escape");
    await page.locator(".reason", { hasText: "Point at a flow" }).waitFor();

    // What could go, and what would be enough; it keeps up with the cluster.
    await page.getByRole("button", { name: "More", exact: true }).click();
    await page.locator(".audit pre", { hasText: "kind: NetworkPolicy" }).waitFor();
    await command(page, `echo '{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"none"},"spec":{"podSelector":{"matchLabels":{"app":"nobody"}}}}' | kubectl apply -f -`);
    await page.locator(".audit li", { hasText: "NetworkPolicy default/none selects no pod" }).waitFor();

    // Another port.
    await page.getByLabel("Port").fill("81");
    await page.getByLabel("Port").press("Tab");
    await page.locator(".port input[aria-invalid=true]").waitFor();
    await page.getByLabel("Port").fill("TCP/81");
    await page.getByLabel("Port").press("Tab");
    await page.locator(".port input[aria-invalid=false]").waitFor();
    await page.goto(`${site}#/exercise/${NETWORK}/table`);
    await page.locator("table.matrix caption", { hasText: "on TCP/81; DNS on UDP/53" }).waitFor();
    assert.deepEqual(await seriousFaults(page), []);
  }));
