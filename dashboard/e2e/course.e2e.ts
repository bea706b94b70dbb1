/** A person's course through the dashboard, from the set-up link to the audit log. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser } from "./browser.ts";
import { violationsOf } from "./axe.ts";
import { openTab, settle, signIn, typePassword, visit } from "./pages.ts";
import { BASE_URL, STAGE } from "./stage.ts";

const EMAIL = "first.owner@people.example";
const KEY_PATTERN = /wfk_[0-9A-Za-z]{49}/;

let browser: Browser;
let page: Page;
const problems: string[] = [];

function watch(watched: Page): void {
  watched.on("pageerror", (error) => problems.push(error.message));
  watched.on("console", (message) => {
    const isRefusal = message.text().includes("Failed to load resource");
    if (message.type() === "error" && !isRefusal) problems.push(message.text());
  });
}

beforeAll(async () => {
  browser = await launchBrowser();
  page = await openTab(browser);
  watch(page);
});

afterAll(async () => {
  await browser.close();
});

async function shownKey(): Promise<string> {
  const text = (await page.getByLabel("API key", { exact: true }).textContent()) ?? "";
  expect(text).toMatch(KEY_PATTERN);
  return text;
}

async function storeKey(): Promise<void> {
  await page.getByLabel("I have stored it").check();
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
}

describe("a person's course", () => {
  it("makes the owner of a company with the one-time link", async () => {
    await page.goto(STAGE.setupLinks[0]);
    await page.getByLabel("Company name").fill("Awaited Payments");
    await page.getByLabel("Your name").fill("Ada Lindqvist");
    await page.getByLabel("E-mail").fill(EMAIL);
    await page.locator("input[type=password]").fill(STAGE.password);
    await page.getByRole("button", { name: "Create company and owner" }).click();
    await page.getByText("Getting started").waitFor();
    expect(page.url()).not.toContain("#");
  });

  it("signs out and in again, and refuses a wrong password with a request id", async () => {
    await page.getByRole("button", { name: "Account of" }).click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await page.getByLabel("E-mail").fill(EMAIL);
    await page.locator("input[type=password]").fill("not the password at all");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("Request id").waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await signIn(page, EMAIL);
  });

  it("leads back to where a person was going before signing in", async () => {
    const other = await openTab(browser);
    await other.goto(`${BASE_URL}/audit?action=api_key`);
    await typePassword(other, EMAIL);
    await other.getByRole("heading", { name: "Audit", level: 1 }).waitFor();
    expect(other.url()).toContain("action=api_key");
    await other.context().close();
  });

  it("creates a key by keyboard palette, shows it once, ticks on first use, forgets it", async () => {
    await visit(page, "/");
    await page.keyboard.press("Control+k");
    await page.getByPlaceholder("Go to a page").fill("API keys");
    expect(await violationsOf(page)).toEqual([]);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "API keys", level: 1 }).waitFor();
    await page.getByRole("link", { name: "Create key" }).first().click();
    await page.getByRole("heading", { name: "Create an API key" }).waitFor();
    expect(await page.locator("input[type=checkbox]:checked").count()).toBe(0);
    await page.getByRole("button", { name: "Create key" }).click();
    await page.getByText("Choose at least one scope.").first().waitFor();
    await page.getByLabel("Name").fill("Browser test");
    await page.getByRole("button", { name: "Trigger and watch" }).click();
    await page.reload();
    await settle(page);
    expect(await page.getByLabel("Name").inputValue()).toBe("Browser test");
    await page.getByRole("button", { name: "Create key" }).click();
    await page.getByText("Store this key now").waitFor();
    const key = await shownKey();
    expect(await violationsOf(page)).toEqual([]);
    await page.keyboard.press("Escape");
    expect(await page.getByText("Store this key now").isVisible()).toBe(true);
    const answer = await fetch(`${BASE_URL}/api/v1/me`, { headers: { "x-api-key": key } });
    expect(answer.status).toBe(200);
    await page.getByText("The key works").waitFor();
    await storeKey();
    await page.getByRole("heading", { name: /Browser test/ }).waitFor();
    expect(await page.content()).not.toContain(key);
  });

  it("rotates: both keys are valid until the old one is revoked by its typed name", async () => {
    await page.getByRole("link", { name: "Rotate", exact: true }).click();
    await page.getByRole("button", { name: "Generate new key" }).click();
    const successor = await shownKey();
    await storeKey();
    await page.getByText("New key not used yet").waitFor();
    const answer = await fetch(`${BASE_URL}/api/v1/me`, { headers: { "x-api-key": successor } });
    expect(answer.status).toBe(200);
    await page.getByText("The key works").waitFor();
    await page.getByRole("button", { name: "Revoke the old key" }).click();
    const revoke = page.getByRole("button", { name: "Revoke key" });
    const confirmation = page.getByRole("dialog").locator("input");
    await confirmation.waitFor();
    expect(await revoke.isDisabled()).toBe(true);
    expect(await violationsOf(page)).toEqual([]);
    await confirmation.fill("Browser test");
    await revoke.click();
    await page.getByText("the rotation is over").waitFor();
    const after = await fetch(`${BASE_URL}/api/v1/me`, { headers: { "x-api-key": successor } });
    expect(after.status).toBe(200);
  });

  it("jumps by g and a letter, and lists its shortcuts", async () => {
    await visit(page, "/keys");
    await page.locator("h1").click();
    await page.keyboard.press("g");
    await page.keyboard.press("m");
    await page.getByRole("heading", { name: "Members", level: 1 }).waitFor();
    await page.keyboard.press("?");
    await page.getByText("Keyboard shortcuts").waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await page.keyboard.press("Escape");
  });

  it("invites someone with a link that is shown once", async () => {
    await visit(page, "/members");
    await page.getByRole("button", { name: "Invite someone" }).click();
    await page.getByLabel("E-mail").fill("new@northwind.example");
    await page.getByRole("button", { name: "Invite as viewer" }).click();
    await page.getByText("Send this link").waitFor();
    const link = (await page.getByLabel("Invite link").textContent()) ?? "";
    expect(link).toContain("/invite#");
    await page.getByLabel("I have copied the link").check();
    await page.getByRole("button", { name: "Done" }).click();
  });

  it("finds the acts in the audit log, and the chain holds", async () => {
    await visit(page, "/audit");
    await page.getByRole("button", { name: "Verify the chain" }).click();
    await page.getByText("The chain holds").waitFor();
    await page.locator("tbody button").first().click();
    await page.getByText("Chained as").waitFor();
    expect(await violationsOf(page)).toEqual([]);
    expect(page.url()).toContain("row=");
  });

  it("met no script error and nothing that the Content-Security-Policy refused", () => {
    expect(problems).toEqual([]);
  });
});
