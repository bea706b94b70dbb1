/** What axe finds in a page as it stands, dialogs and menus included. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults, RunOptions } from "axe-core";
import type { Page } from "playwright-core";

const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const EVERYTHING: RunOptions = {
  resultTypes: ["violations"],
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
};

/** Contrast is all that another colour scheme can change. */
export const CONTRAST: RunOptions = {
  resultTypes: ["violations"],
  runOnly: { type: "rule", values: ["color-contrast", "link-in-text-block"] },
};

interface Axe {
  axe?: { run: (options: RunOptions) => Promise<AxeResults> };
}

export async function violationsOf(page: Page, options = EVERYTHING): Promise<string[]> {
  if (await page.evaluate(() => (globalThis as Axe).axe === undefined)) {
    await page.evaluate(source);
  }
  const violations = await page.evaluate(async (chosen) => {
    const results = await (globalThis as Axe).axe?.run(chosen);
    return results?.violations.map(({ id, nodes }) => `${id} at ${nodes[0]?.html.slice(0, 160)}`);
  }, options);
  if (!violations) throw new Error("axe did not run");
  return violations;
}
