/**
 * How long a person waits for the list of keys where there are 500, in milliseconds from the navigation
 * to the frame that shows the first rows. Prints JSON; the first word after the command is the repeats.
 */
import type { Browser, Page } from "playwright-core";
import { launchBrowser } from "./browser.ts";
import { openTab, PATIENCE_MS } from "./pages.ts";
import { BASE_URL, STAGE } from "./stage.ts";

const repeats = Number(process.argv[2] ?? 5);

interface Painted {
  paintedAt: number;
  answeredAt: number;
}

/** Notes in the page itself when the first rows were drawn: a look from outside comes late. */
function watchRows(): void {
  const isThere = () => document.querySelector("tbody tr a") !== null;
  new MutationObserver((_, observer) => {
    if (!isThere()) return;
    observer.disconnect();
    requestAnimationFrame(() =>
      setTimeout(() => {
        Object.assign(globalThis, { paintedAt: performance.now() });
      }),
    );
  }).observe(document, { childList: true, subtree: true });
}

async function open(page: Page): Promise<Painted> {
  await page.goto(`${BASE_URL}/keys`);
  await page.waitForFunction(() => "paintedAt" in globalThis, undefined, { timeout: PATIENCE_MS });
  return page.evaluate(() => {
    const answer = performance
      .getEntriesByType("resource")
      .find(({ name }) => name.includes("/api/v1/admin/keys?")) as PerformanceResourceTiming;
    const { paintedAt } = globalThis as unknown as Painted;
    return { paintedAt, answeredAt: answer.responseEnd };
  });
}

/** Reads on to the last key; the time of each further page, asked, answered and drawn. */
async function readOn(page: Page): Promise<number[]> {
  const times: number[] = [];
  const more = page.getByRole("button", { name: "Load more" });
  while ((await more.count()) > 0) {
    const rows = await page.locator("tbody tr").count();
    const begun = performance.now();
    await more.click();
    await page.waitForFunction(
      (before) => document.querySelectorAll("tbody tr").length > before,
      rows,
      { timeout: PATIENCE_MS },
    );
    times.push(performance.now() - begun);
  }
  return times;
}

async function measure(browser: Browser) {
  const page = await openTab(browser, STAGE.crowded.email, {
    viewport: { width: 1280, height: 800 },
  });
  await page.addInitScript(watchRows);
  const first = await open(page);
  const again = await open(page);
  const further = await readOn(page);
  const rows = await page.locator("tbody tr").count();
  await page.context().close();
  return { first, again, further, rows };
}

const browser = await launchBrowser();
const measured = [];
for (let turn = 0; turn < repeats; turn += 1) measured.push(await measure(browser));
await browser.close();
console.log(JSON.stringify(measured));
