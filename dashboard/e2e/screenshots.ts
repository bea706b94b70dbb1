/** Takes every page, light and dark, wide and narrow, into the ignored folder `screenshots/`. */
import { mkdirSync } from "node:fs";
import { launchBrowser } from "./browser.ts";
import { addressesToVisit, BASE_URL, openSignedIn, settle } from "./pages.ts";

const FOLDER = new URL("../screenshots/", import.meta.url).pathname;
const SIZES = [
  { name: "wide", width: 1280, height: 800 },
  { name: "narrow", width: 360, height: 740 },
];
const only = process.argv[2];

mkdirSync(FOLDER, { recursive: true });
const browser = await launchBrowser();
for (const colorScheme of ["light", "dark"] as const) {
  const page = await openSignedIn(browser, colorScheme);
  for (const { name, address } of await addressesToVisit(page)) {
    if (only && !name.includes(only)) continue;
    for (const size of SIZES) {
      await page.setViewportSize(size);
      await page.goto(BASE_URL + address);
      await settle(page);
      await page.screenshot({
        path: `${FOLDER}${name}-${colorScheme}-${size.name}.png`,
        fullPage: true,
      });
    }
  }
  await page.context().close();
}
await browser.close();
