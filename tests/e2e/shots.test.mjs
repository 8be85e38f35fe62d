// Pictures of the pages, for eyes: test-results/ is not kept in the repository.
import { mkdirSync } from "node:fs";
import { after, before, test } from "node:test";
import { PHONE, WIDE, command, launch, openExercise, ready, visit } from "./lab.mjs";

let browser;
before(async () => {
  browser = await launch();
  mkdirSync(new URL("test-results/", import.meta.url), { recursive: true });
});
after(() => browser.close());

const EXERCISE = "networkpolicy-four-steps";
const file = (name) => new URL(`test-results/${name}.png`, import.meta.url).pathname;

for (const colorScheme of ["light", "dark"]) {
  test(`the pages at 1440×900, ${colorScheme}`, () =>
    visit(browser, { context: { viewport: WIDE, colorScheme } }, async (page) => {
      await ready(page);
      await page.screenshot({ path: file(`home-wide-${colorScheme}`) });
      await openExercise(page, EXERCISE);
      await command(page, "kubectl get pods -A -o wide");
      await page.screenshot({ path: file(`exercise-wide-${colorScheme}`) });
    }));
  test(`the pages at 390×844, ${colorScheme}`, () =>
    visit(browser, { context: { viewport: PHONE, colorScheme, hasTouch: true, isMobile: true } }, async (page) => {
      await ready(page);
      await page.screenshot({ path: file(`home-phone-${colorScheme}`) });
      for (const pane of ["task", "edit", "shell", "checks", "picture", "table"]) {
        await openExercise(page, EXERCISE, pane);
        await page.screenshot({ path: file(`exercise-phone-${pane}-${colorScheme}`) });
      }
    }));
}
