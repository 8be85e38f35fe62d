// A browser on the built site, and the guards every test lives under: no error in the console, no request to anywhere
// else. GATEHOUSE_URL names the site (cargo xtask test serves it), CHROMIUM the browser.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

export const site = process.env.GATEHOUSE_URL ?? "http://127.0.0.1:8080/";
export const WIDE = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const launch = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
      "--disable-component-update", "--disable-sync",
    ],
  });

/** Runs `body` on a fresh page of a fresh visitor, and fails on anything that went wrong in silence. */
export async function visit(browser, options, body) {
  const context = await browser.newContext({ viewport: WIDE, ...options.context });
  const page = await context.newPage();
  const wrong = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) wrong.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => wrong.push(`page: ${error.message}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(site) && !request.url().startsWith("data:")) wrong.push(`request: ${request.url()}`);
  });
  if (options.before) await options.before(page, context);
  await page.goto(site + (options.at ?? ""));
  try {
    await body(page, context);
  } finally {
    await context.close();
  }
  assert.deepEqual(wrong.filter((line) => !(options.expected ?? []).some((part) => line.includes(part))), []);
}

/** Waits until the engine has taken over from the outline. */
export const ready = (page) => page.waitForFunction(() => !document.getElementById("outline"));

/** Opens an exercise and waits for its editor. */
export async function openExercise(page, id, pane = "") {
  await page.goto(`${site}#/exercise/${id}${pane && `/${pane}`}`);
  await page.locator(".lab").waitFor();
  await page.locator('[data-editor="rich"]').waitFor({ state: "attached" });
}

/** Types a command and waits until the shell has answered. */
export async function command(page, line) {
  const before = await page.locator(".log > li").count();
  await page.locator("#shell-input").fill(line);
  await page.locator("#shell-input").press("Enter");
  await page.locator(".log > li").nth(before).waitFor({ state: "attached" });
  return page.locator(".log > li").nth(before).innerText();
}

/** What stands in the editor. */
export const editorText = (page) =>
  page.locator(".cm-content").evaluate((content) => [...content.querySelectorAll(".cm-line")].map((line) => line.textContent).join("\n"));

/** What axe finds that is serious. */
export async function seriousFaults(page) {
  // Evaluated, not added as a script: the page's policy would rightly refuse a script from elsewhere.
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  }));
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target.join(" ")} (${failureSummary})`).join(" | ")}`);
}
