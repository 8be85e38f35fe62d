// Opens the list and every exercise of a site whose engine marks what it enters, and prints the marks.
import { launch, openExercise, ready, visit } from "./lab.mjs";

const browser = await launch();
const entered = new Set();
const collect = async (page) => {
  for (const mark of await page.evaluate(() => globalThis.gatehouse.marks())) entered.add(mark);
};
const hrefs = [];
await visit(browser, {}, async (page) => {
  await ready(page);
  hrefs.push(...(await page.locator(".exercises a.row").evaluateAll((rows) => rows.map((row) => row.getAttribute("href")))));
  await collect(page);
});
for (const href of hrefs) {
  for (const viewport of [{ width: 1440, height: 900 }, { width: 390, height: 844 }]) {
    await visit(browser, { context: { viewport } }, async (page) => {
      await openExercise(page, href.split("/").pop());
      // The first look follows the opening.
      await page.waitForTimeout(500);
      // Leaving keeps the session, and cannot wait for anything.
      await page.evaluate(() => dispatchEvent(new Event("pagehide")));
      await collect(page);
    });
  }
}
await browser.close();
console.log([...entered].join("\n"));
