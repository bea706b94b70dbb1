/** Every page that the browser tests visit, and the ways into them. */
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { BASE_URL, STAGE } from "./stage.ts";

export interface Visit {
  name: string;
  address: string;
}

/** Long, since a busy machine is no fault of the page. */
export const PATIENCE_MS = 90_000;

export const PUBLIC: Visit[] = [
  { name: "sign-in", address: "/sign-in" },
  { name: "setup", address: "/setup#a-token" },
  { name: "setup-without-link", address: "/setup" },
  { name: "invite", address: "/invite#a-token" },
  { name: "reset", address: "/reset#a-token" },
];

/** The pages of a company in which everything there is to show has happened. */
export const LIVELY: Visit[] = [
  { name: "overview", address: "/" },
  { name: "approvals", address: "/approvals" },
  { name: "approvals-all", address: "/approvals?tab=all" },
  { name: "approval", address: `/approvals/${STAGE.lively.approvals.counted}` },
  { name: "approval-own", address: `/approvals/${STAGE.lively.approvals.own}` },
  { name: "approval-of-others", address: `/approvals/${STAGE.lively.approvals.others}` },
  { name: "approval-approved", address: `/approvals/${STAGE.lively.approvals.approved}` },
  { name: "approval-rejected", address: `/approvals/${STAGE.lively.approvals.rejected}` },
  { name: "approval-expired", address: `/approvals/${STAGE.lively.approvals.expired}` },
  { name: "approval-cancelled", address: `/approvals/${STAGE.lively.approvals.cancelled}` },
  { name: "keys", address: "/keys" },
  { name: "keys-no-match", address: "/keys?search=no-such-key" },
  { name: "new-key", address: "/keys/new" },
  { name: "key", address: `/keys/${STAGE.lively.busyKey}` },
  { name: "key-access", address: `/keys/${STAGE.lively.busyKey}?tab=access` },
  { name: "key-flags", address: `/keys/${STAGE.lively.busyKey}?tab=flags` },
  { name: "key-history", address: `/keys/${STAGE.lively.rotatedKey}?tab=history` },
  { name: "key-revoked", address: `/keys/${STAGE.lively.revokedKey}` },
  { name: "rotation", address: `/keys/${STAGE.lively.rotatedKey}/rotation` },
  { name: "rotation-first", address: `/keys/${STAGE.lively.busyKey}/rotation` },
  { name: "usage", address: "/usage" },
  { name: "flags", address: "/flags" },
  { name: "leaks", address: "/flags?tab=leaks" },
  { name: "members", address: "/members" },
  { name: "audit", address: "/audit" },
  { name: "notices", address: "/notices" },
  { name: "profile", address: "/profile" },
  { name: "settings", address: "/settings" },
  { name: "environment", address: "/settings?tab=environment" },
  { name: "missing", address: "/no-such-page" },
];

/** The pages that begin empty. */
export const EMPTY: Visit[] = [
  { name: "empty-overview", address: "/" },
  { name: "empty-approvals", address: "/approvals" },
  { name: "empty-approvals-all", address: "/approvals?tab=all" },
  { name: "empty-keys", address: "/keys" },
  { name: "empty-usage", address: "/usage" },
  { name: "empty-flags", address: "/flags" },
  { name: "empty-leaks", address: "/flags?tab=leaks" },
  { name: "empty-invites", address: "/members?tab=invites" },
  { name: "empty-audit", address: "/audit" },
  { name: "empty-notices", address: "/notices" },
  { name: "empty-environment", address: "/settings?tab=environment" },
];

export const CROWDED: Visit[] = [
  { name: "crowded-overview", address: "/" },
  { name: "crowded-keys", address: "/keys" },
  { name: "crowded-usage", address: "/usage" },
];

/** Waits until the page shows what it has, by the page's own word. */
export async function settle(page: Page): Promise<void> {
  await page.waitForFunction(
    () =>
      document.querySelector("main h1") !== null &&
      document.querySelector("main[aria-busy=true], .mantine-Skeleton-root") === null,
    undefined,
    { timeout: PATIENCE_MS },
  );
}

/** Waits until nothing moves: a colour half-way to another is no colour of ours. */
export async function finishMotion(page: Page): Promise<void> {
  await page.waitForFunction(
    () => document.getAnimations().every(({ playState }) => playState !== "running"),
    undefined,
    { timeout: PATIENCE_MS },
  );
}

/** Lets the system ask for light or dark, and waits until the page has answered. */
export async function switchTo(page: Page, colorScheme: "light" | "dark"): Promise<void> {
  await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
  await page.waitForFunction(
    (wanted) => document.documentElement.dataset.mantineColorScheme === wanted,
    colorScheme,
    { timeout: PATIENCE_MS },
  );
}

export async function visit(page: Page, address: string): Promise<void> {
  await page.goto(BASE_URL + address);
  await settle(page);
}

/** Types e-mail and password as a person does, on whatever sign-in page is shown. */
export async function typePassword(page: Page, email: string): Promise<void> {
  await page.getByLabel("E-mail").fill(email);
  await page.locator("input[type=password]").fill(STAGE.password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

export async function signIn(page: Page, email: string): Promise<void> {
  await page.goto(`${BASE_URL}/sign-in`);
  await typePassword(page, email);
  await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
}

/** Opens a browser's tab; with an e-mail it is signed in already, by the API and not by the form. */
export async function openTab(
  browser: Browser,
  email: string | null = null,
  options: BrowserContextOptions = {},
): Promise<Page> {
  const context = await browser.newContext({ reducedMotion: "reduce", ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  if (email) {
    const answer = await context.request.post(`${BASE_URL}/api/v1/admin/session`, {
      data: { email, password: STAGE.password },
      headers: { Origin: BASE_URL },
    });
    if (!answer.ok()) throw new Error(`${email} cannot sign in: ${await answer.text()}`);
  }
  return context.newPage();
}
