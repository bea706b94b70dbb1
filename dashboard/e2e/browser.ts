/** Finds a browser: the system's Chromium, else the one that an npm package ships. */
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const SYSTEM_PATHS = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

async function shippedBrowser(): Promise<string> {
  // The package unpacks the system libraries it needs only where it believes to run as a function.
  process.env.AWS_EXECUTION_ENV ??= "AWS_Lambda_nodejs22.x";
  const shipped = (await import("@sparticuz/chromium")).default;
  return shipped.executablePath();
}

/** Starts a browser with its own security as it is: the package's flags would turn it off. */
export async function launchBrowser(): Promise<Browser> {
  const found = process.env.JUSTPAID_BROWSER ?? SYSTEM_PATHS.find((path) => existsSync(path));
  return chromium.launch({ executablePath: found ?? (await shippedBrowser()), args: FLAGS });
}
