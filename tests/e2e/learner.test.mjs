// A learner solves one exercise in the editor and another in the terminal, and finds both solved on coming back.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { PHONE, command, editorText, launch, openExercise, ready, seriousFaults, site, visit } from "./lab.mjs";

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

const NETWORK = "networkpolicy-four-steps";
const RBAC = "rbac-service-accounts";
const PODS = "psa-namespace-labels";
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

test("a request explains itself: who asked, who said what, what admission changed and refused, with a way to the line", () =>
  visit(browser, {}, async (page) => {
    await openExercise(page, RBAC, "request");
    await page.locator(".request", { hasText: "When a command has asked the cluster something" }).waitFor();
    assert.equal(await page.locator(".why-link").count(), 0);
    assert.deepEqual(await seriousFaults(page), []);
    await openExercise(page, RBAC, "shell");
    await command(page, "kubectl get namespaces --as jane");

    // By keyboard from the shell: an empty line lets Tab go on to the question.
    await page.locator("#shell-input").focus();
    await page.keyboard.press("Tab");
    await page.locator(".why-link:focus").waitFor();
    await page.keyboard.press("Enter");
    const open = page.locator(".request details[open]");
    await open.waitFor();
    assert.match(page.url(), /\/request$/);
    assert.match(await open.innerText(), /list namespaces as jane[^]*authentication: passed[^]*authorization: refused[^]*authorizer Node: no opinion[^]*Error from server \(Forbidden\): namespaces is forbidden/);

    // It keeps up; what nearly allowed it says what it lacked, and an answer without a refusal says what allowed it.
    await command(page, "kubectl create clusterrole look --verb=get --resource=namespaces");
    assert.match(await open.innerText(), /create clusterroles[^]*let through|created: ClusterRole "look"/);
    await command(page, "kubectl create clusterrolebinding look --clusterrole=look --user=jane");
    await command(page, "kubectl get namespaces --as jane");
    await page.locator(".causes li.near", { hasText: 'grants "get" but not "list"' }).waitFor();
    await command(page, "kubectl auth can-i get namespaces/default --as jane");
    await page.locator(".stages", { hasText: "the question asked: passed" }).waitFor();
    assert.deepEqual(await seriousFaults(page), []);

    // A summary folds by keyboard.
    await page.locator(".request summary").focus();
    await page.keyboard.press("Enter");
    await page.locator(".request details:not([open])").waitFor();

    // Admission: a difference, a refusal, and the line of the learner's file.
    await openExercise(page, PODS);
    await command(page, "kubectl create namespace strict");
    await command(page, "kubectl label namespace strict pod-security.kubernetes.io/enforce=restricted");
    await page.locator(".tabs [role=tab]", { hasText: "pod.yaml" }).click();
    await write(page, "apiVersion: v1\nkind: Pod\nmetadata:\n  name: host\n  namespace: strict\nspec:\n  hostNetwork: true\n  containers:\n  - name: c\n    image: nginx\n");
    await page.keyboard.press("Control+Enter");
    await page.locator(".log", { hasText: "violates PodSecurity" }).waitFor();
    await page.locator("#shell-input").focus();
    await page.keyboard.press("Escape");
    await page.keyboard.press("y");
    await open.waitFor();
    assert.match(await open.innerText(), /ServiceAccount \(mutating\): changed the object[^]*spec\.serviceAccountName: "default"[^]*PodSecurity \(validating\): refused/);
    assert.ok((await page.locator(".diff li.allowed").count()) > 0);
    await page.screenshot({ path: new URL("test-results/request-wide.png", import.meta.url).pathname });
    await page.locator(".request .place", { hasText: "pod.yaml line 7" }).first().focus();
    await page.keyboard.press("Enter");
    await page.locator(".cm-content:focus").waitFor();
    assert.deepEqual(await seriousFaults(page), []);
  }));

test("on a phone a request explains itself in a pane of its own", () =>
  visit(browser, { context: { viewport: PHONE, hasTouch: true, isMobile: true } }, async (page) => {
    await openExercise(page, RBAC, "shell");
    await command(page, "kubectl get secrets -A --as jane");
    await page.locator(".why-link").tap();
    await page.locator(".request details[open]").waitFor();
    assert.equal(await page.locator(".bottom [aria-current]").innerText(), "Shell");
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wider <= 0, `the page is ${wider} px wider than the phone`);
    await page.screenshot({ path: new URL("test-results/request-phone.png", import.meta.url).pathname });
    assert.deepEqual(await seriousFaults(page), []);
  }));
