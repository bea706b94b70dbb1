/** Every page by axe: wide, usual and narrow, in light and in dark, without loading it anew. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CONTRAST, violationsOf } from "./axe.ts";
import { launchBrowser } from "./browser.ts";
import {
  CROWDED,
  EMPTY,
  finishMotion,
  LIVELY,
  openTab,
  PUBLIC,
  switchTo,
  visit,
  type Visit,
} from "./pages.ts";
import { STAGE } from "./stage.ts";

const WIDTHS = [360, 1280, 1920];

let browser: Browser;

beforeAll(async () => {
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser.close();
});

async function overflowOf(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
}

/** Looks at the page as it is loaded, at every width, in light; then again for contrast in the dark. */
async function faultsOf(page: Page): Promise<string[]> {
  const faults: string[] = [];
  for (const [colorScheme, options] of [
    ["light", undefined],
    ["dark", CONTRAST],
  ] as const) {
    await switchTo(page, colorScheme);
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 800 });
      await finishMotion(page);
      const found = await violationsOf(page, options);
      faults.push(...found.map((violation) => `${width}, ${colorScheme}: ${violation}`));
      const overflow = await overflowOf(page);
      if (overflow > 0) faults.push(`${width}: wider than the screen by ${overflow}`);
    }
  }
  return faults;
}

const GROUPS: { of: string; email: string | null; visits: Visit[] }[] = [
  { of: "for anybody", email: null, visits: PUBLIC },
  { of: "of a lively company", email: STAGE.lively.email, visits: LIVELY },
  { of: "of an empty company", email: STAGE.empty.email, visits: EMPTY },
  { of: "of a company with 500 keys", email: STAGE.crowded.email, visits: CROWDED },
];

describe.each(GROUPS)("accessibility of the pages $of", ({ email, visits }) => {
  let page: Page;

  beforeAll(async () => {
    page = await openTab(browser, email, { colorScheme: "light" });
  });

  it.each(visits)("finds no WCAG 2.2 AA violation on $name", async ({ address }) => {
    await visit(page, address);
    expect([...new Set(await faultsOf(page))]).toEqual([]);
  });
});
