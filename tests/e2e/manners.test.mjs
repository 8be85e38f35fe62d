// The page's manners: nobody is trapped, panes move by keyboard and remember, nothing is lost where nothing is kept.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { PHONE, command, launch, openExercise, ready, visit } from "./lab.mjs";

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

const EXERCISE = "networkpolicy-four-steps";

test("Tab leaves the editor, and Escape and Tab leave the shell", () =>
  visit(browser, {}, async (page) => {
    await openExercise(page, EXERCISE);
    await page.locator(".cm-content").focus();
    await page.keyboard.press("Tab");
    assert.ok(await page.evaluate(() => !document.activeElement.shadowRoot), "the focus is still in the editor");
    await page.locator("#shell-input").fill("kubectl ge");
    await page.keyboard.press("Tab");
    // The first thing one does may have to wait for its part of the engine.
    await page.waitForFunction(() => document.getElementById("shell-input").value === "kubectl get ");
    await page.locator("#shell-input").fill("cat polic");
    await page.keyboard.press("Tab");
    await page.waitForFunction(() => document.getElementById("shell-input").value === "cat policies.yaml ");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Tab");
    assert.notEqual(await page.evaluate(() => document.activeElement.id), "shell-input");
  }));

test("single keys lead to the panes, and can be turned off", () =>
  visit(browser, {}, async (page) => {
    await openExercise(page, EXERCISE);
    await page.locator("body").press("3");
    assert.equal(await page.evaluate(() => document.activeElement.id), "shell-input");
    assert.match(page.url(), /\/shell$/);
    await page.keyboard.type("12?");
    assert.equal(await page.locator("#shell-input").inputValue(), "12?", "keys typed into the shell belong to the shell");
    await page.keyboard.press("Escape");
    await page.keyboard.press("t");
    await page.locator(".matrix").waitFor();
    await page.keyboard.press("t");
    await page.locator("svg.map[role=group]").waitFor();
    await page.keyboard.press("?");
    await page.getByLabel("Obey single keys").uncheck();
    await page.keyboard.press("Escape");
    await page.keyboard.press("t");
    assert.equal(await page.locator(".matrix").count(), 0);
  }));

test("a boundary moves by keyboard and stays where it was put", () =>
  visit(browser, {}, async (page) => {
    await openExercise(page, EXERCISE);
    const bar = page.getByRole("separator", { name: "Width of the task" });
    const width = async () => (await page.locator(".pane.task").boundingBox()).width;
    const first = await width();
    await bar.focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    const second = await width();
    assert.ok(second > first + 30, `${first} → ${second}`);
    await page.reload();
    await openExercise(page, EXERCISE);
    assert.equal(await width(), second);
    const box = await bar.boundingBox();
    await page.mouse.move(box.x, box.y + 200);
    await page.mouse.down();
    await page.mouse.move(box.x - 120, box.y + 200, { steps: 4 });
    await page.mouse.up();
    assert.ok((await width()) < second - 100, "the mouse moves it too");
  }));

test("history, completion and a here-document work as in a shell", () =>
  visit(browser, {}, async (page) => {
    await openExercise(page, EXERCISE);
    const input = page.locator("#shell-input");
    await command(page, "echo one");
    await command(page, "echo two");
    await input.press("ArrowUp");
    await input.press("ArrowUp");
    assert.equal(await input.inputValue(), "echo one");
    await input.press("ArrowDown");
    await input.press("Control+u");
    await input.press("Control+r");
    await page.keyboard.type("one");
    await page.keyboard.press("Enter");
    await page.locator(".log > li").nth(2).waitFor();
    assert.match(await page.locator(".log > li").nth(2).innerText(), /echo one\s+one/);
    await command(page, "cat > note.txt <<EOF");
    assert.equal(await page.locator(".enter .prompt").innerText().then((text) => text.trim().at(-1)), ">");
    await command(page, "first line");
    await input.fill("EOF");
    await input.press("Enter");
    await page.locator(".enter .prompt", { hasText: "student@lab" }).waitFor();
    assert.match(await command(page, "cat note.txt"), /first line/);
    await input.press("Control+l");
    assert.equal(await page.locator(".log > li").count(), 0);
  }));

test("pasted lines run one after the other", () =>
  visit(browser, {}, async (page) => {
    await openExercise(page, EXERCISE);
    await page.locator("#shell-input").evaluate((input) => {
      const data = new DataTransfer();
      data.setData("text", "cat > a.txt <<EOF\nhello\nEOF\ncat a.txt\necho las");
      input.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
    });
    await page.waitForFunction(() => document.querySelector("#shell-input").value === "echo las");
    assert.match(await page.locator(".log").innerText(), /cat a\.txt\s+hello/);
  }));

test("a command that edits opens its file, and goes on when it is saved", () =>
  visit(browser, {}, async (page) => {
    await openExercise(page, EXERCISE);
    await command(page, "kubectl edit namespace default");
    await page.locator(".waits").waitFor();
    await page.locator(".cm-line", { hasText: "labels:" }).click();
    await page.keyboard.press("End");
    await page.keyboard.insertText("\n    team: blue");
    await page.getByRole("button", { name: "Save and close" }).click();
    await page.locator(".log pre", { hasText: "namespace/default edited" }).waitFor();
    assert.equal(await page.locator(".waits").count(), 0);
    assert.match(await command(page, "kubectl get ns default --show-labels"), /team=blue/);
  }));

test("where the browser keeps nothing, the lab still works", () =>
  visit(browser, {
    before: (page) => page.addInitScript(() => {
      Object.defineProperty(window, "localStorage", { get() { throw new DOMException("denied", "SecurityError"); } });
    }),
  }, async (page) => {
    await openExercise(page, EXERCISE);
    await command(page, "echo here");
    await page.goto(`${page.url().split("#")[0]}#/`);
    await page.locator(".exercises .state.begun, .exercises .state", { hasText: "in progress" }).first().waitFor();
  }));

test("without the editor's bundle a plain field does", () =>
  visit(browser, { expected: ["Failed to load", "net::ERR"], before: (page) => page.route("**/editor.js", (route) => route.abort()) }, async (page) => {
    await page.goto(`${page.url()}#/exercise/${EXERCISE}`);
    await page.locator('[data-editor="plain"] textarea').fill("kind: Nothing\n");
    await page.locator(".preview .outcome").first().waitFor();
  }));

test("on a phone the bottom bar leads through the panes", () =>
  visit(browser, { context: { viewport: PHONE, hasTouch: true, isMobile: true } }, async (page) => {
    await openExercise(page, EXERCISE);
    for (const [name, pane] of [["Edit", "edit"], ["Shell", "shell"], ["Checks", "checks"], ["Picture", "picture"], ["Task", "task"]]) {
      await page.getByRole("navigation", { name: "Panes" }).getByRole("link", { name }).tap();
      await page.locator(`.pane.${pane}`).waitFor({ state: "visible" });
      assert.equal(await page.locator(".pane:visible").count(), 1);
    }
    await ready(page);
  }));
