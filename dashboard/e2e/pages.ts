/** Every page that the browser tests visit, and the ways into them. */
import type { Browser, Page } from "playwright-core";

/** Vitest gives BASE_URL a meaning of its own, so its configuration passes ours on by another name. */
export const BASE_URL =
  process.env.JUSTPAID_E2E_URL ?? process.env.BASE_URL ?? "http://127.0.0.1:8000";
export const EMAIL = process.env.JUSTPAID_E2E_EMAIL ?? "ada@northwind.example";
export const PASSWORD = process.env.JUSTPAID_E2E_PASSWORD ?? "correct horse battery";

export interface Visit {
  name: string;
  address: string;
}

const PUBLIC: Visit[] = [
  { name: "sign-in", address: "/sign-in" },
  { name: "setup", address: "/setup#a-token" },
  { name: "setup-without-link", address: "/setup" },
  { name: "invite", address: "/invite#a-token" },
  { name: "reset", address: "/reset#a-token" },
];
const SIGNED_IN: Visit[] = [
  { name: "overview", address: "/" },
  { name: "keys", address: "/keys" },
  { name: "keys-no-match", address: "/keys?search=no-such-key" },
  { name: "new-key", address: "/keys/new" },
  { name: "usage", address: "/usage" },
  { name: "flags", address: "/flags" },
  { name: "leaks", address: "/flags?tab=leaks" },
  { name: "members", address: "/members" },
  { name: "invites", address: "/members?tab=invites" },
  { name: "audit", address: "/audit" },
  { name: "notices", address: "/notices" },
  { name: "profile", address: "/profile" },
  { name: "settings", address: "/settings" },
  { name: "environment", address: "/settings?tab=environment" },
  { name: "missing", address: "/no-such-page" },
];

/** Waits until the page shows what it has: no skeleton, no request under way for a moment. */
export async function settle(page: Page): Promise<void> {
  await page.locator("h1").first().waitFor();
  await page
    .waitForFunction(() => document.querySelector(".mantine-Skeleton-root") === null)
    .catch(() => undefined);
  await page.waitForLoadState("networkidle");
}

export async function signIn(page: Page): Promise<void> {
  await page.goto(`${BASE_URL}/sign-in`);
  await page.getByLabel("E-mail").fill(EMAIL);
  await page.locator("input[type=password]").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
}

export async function openSignedIn(browser: Browser, colorScheme: "light" | "dark"): Promise<Page> {
  const context = await browser.newContext({ colorScheme, reducedMotion: "reduce" });
  const page = await context.newPage();
  await signIn(page);
  return page;
}

/** The pages of one key, for the first key that the list shows. */
async function keyPages(page: Page): Promise<Visit[]> {
  await page.goto(`${BASE_URL}/keys`);
  await settle(page);
  const link = page.locator("tbody a").first();
  const address = (await link.count()) > 0 ? await link.getAttribute("href") : null;
  if (!address) return [];
  return [
    { name: "key", address },
    { name: "key-access", address: `${address}?tab=access` },
    { name: "key-flags", address: `${address}?tab=flags` },
    { name: "key-history", address: `${address}?tab=history` },
    { name: "rotation", address: `${address}/rotation` },
  ];
}

export async function addressesToVisit(page: Page): Promise<Visit[]> {
  return [...SIGNED_IN, ...(await keyPages(page)), ...PUBLIC];
}
