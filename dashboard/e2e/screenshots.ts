/**
 * Takes every page, light and dark, at three widths, into the ignored folder `screenshots/`.
 * Words after the command choose pages by their names.
 */
import { mkdirSync } from "node:fs";
import type { Page } from "playwright-core";
import { launchBrowser } from "./browser.ts";
import { CROWDED, EMPTY, LIVELY, openTab, PUBLIC, visit, type Visit } from "./pages.ts";
import { STAGE } from "./stage.ts";

const FOLDER = new URL("../screenshots/", import.meta.url).pathname;
const SIZES = [
  { width: 360, height: 740 },
  { width: 1280, height: 800 },
  { width: 1920, height: 1080 },
];
const chosen = process.argv.slice(2);

async function takeAll(page: Page, { name, address }: Visit): Promise<void> {
  if (chosen.length > 0 && !chosen.some((word) => name.includes(word))) return;
  await visit(page, address);
  for (const size of SIZES) {
    await page.setViewportSize(size);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      const path = `${FOLDER}${name}-${size.width}-${colorScheme}.png`;
      await page.screenshot({ path, fullPage: true });
    }
  }
}

mkdirSync(FOLDER, { recursive: true });
const browser = await launchBrowser();
for (const [email, visits] of [
  [null, PUBLIC],
  [STAGE.lively.email, LIVELY],
  [STAGE.empty.email, EMPTY],
  [STAGE.crowded.email, CROWDED],
] as const) {
  const page = await openTab(browser, email);
  for (const each of visits) await takeAll(page, each);
  await page.context().close();
}
await browser.close();
console.log(`The pictures are in ${FOLDER}`);
