// axe finds nothing serious on any page in any theme.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { PHONE, command, launch, openExercise, ready, seriousFaults, visit } from "./lab.mjs";

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

const EXERCISE = "networkpolicy-four-steps";
const views = {
  "the list": (page) => page.locator(".exercises a.row").first().waitFor(),
  "an exercise": (page) => openExercise(page, EXERCISE),
  "the table of the picture": (page) => openExercise(page, EXERCISE, "table"),
  "a request, explained": async (page) => {
    await openExercise(page, EXERCISE, "request");
    await command(page, "kubectl delete pods --all --as jane");
    await page.locator(".request details[open]").waitFor();
  },
  "an unknown exercise": async (page) => {
    await page.evaluate(() => { location.hash = "#/exercise/none"; });
    await page.getByRole("heading", { name: "There is no such exercise" }).waitFor();
  },
  "the sheet of shortcuts": async (page) => {
    await page.keyboard.press("?");
    await page.locator("dialog[open]").waitFor();
  },
};

for (const theme of ["light", "dark", "contrast-light", "contrast-dark"]) {
  for (const [name, go] of Object.entries(views)) {
    test(`${name}, ${theme}`, () =>
      visit(browser, { before: (page) => page.addInitScript((kept) => localStorage.setItem("gatehouse.theme", kept), theme) }, async (page) => {
        await ready(page);
        await go(page);
        assert.deepEqual(await seriousFaults(page), []);
      }));
  }
}

for (const pane of ["task", "edit", "shell", "checks", "picture"]) {
  test(`on a phone, ${pane}`, () =>
    visit(browser, { context: { viewport: PHONE, hasTouch: true, isMobile: true } }, async (page) => {
      await ready(page);
      await openExercise(page, EXERCISE, pane);
      assert.deepEqual(await seriousFaults(page), []);
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wider <= 0, `the page is ${wider} px wider than the phone`);
    }));
}

test("before the engine is there, the list and a task can be read", () =>
  visit(browser, {
    at: `#/exercise/${EXERCISE}`,
    expected: ["the server answered", "Failed to load resource"],
    before: (page) => page.route("**/*.wasm*", (route) => route.fulfill({ status: 503, body: "" })),
  }, async (page) => {
    await page.getByText("The lab's engine did not start").waitFor();
    await page.locator(`[data-exercise="${EXERCISE}"]`).waitFor();
    assert.deepEqual(await seriousFaults(page), []);
    await page.goto(`${page.url().split("#")[0]}#/`);
    await page.locator("#outline-list .exercises").waitFor();
    assert.deepEqual(await seriousFaults(page), []);
  }));
