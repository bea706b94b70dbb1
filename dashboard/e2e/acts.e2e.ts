/** What people do on keys, people, settings and their own account, each act on the real service. */
import { readFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { violationsOf } from "./axe.ts";
import { launchBrowser } from "./browser.ts";
import { openTab, settle, typePassword, visit } from "./pages.ts";
import { BASE_URL, STAGE } from "./stage.ts";
import { codeFor } from "./totp.ts";

const { acting } = STAGE;
const AGENT = "ledger-sync/7.1";

let browser: Browser;
let page: Page;

beforeAll(async () => {
  browser = await launchBrowser();
  page = await openTab(browser, acting.email, { acceptDownloads: true });
});

afterAll(async () => {
  await browser.close();
});

/** What the service answers an application that holds this key. */
async function statusOf(key: string, path = "/me", method = "GET"): Promise<number> {
  const headers = { "x-api-key": key, "user-agent": AGENT };
  return (await fetch(`${BASE_URL}/api/v1${path}`, { method, headers })).status;
}

async function report(key: string): Promise<void> {
  const answer = await fetch(`${BASE_URL}/api/v1/leaks`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ key, url: "https://paste.example/4711" }),
  });
  expect(answer.status).toBe(202);
}

async function openKey(name: string): Promise<void> {
  await visit(page, "/keys");
  await page.getByRole("link", { name, exact: true }).first().click();
  await page.getByRole("heading", { name: new RegExp(name), level: 1 }).waitFor();
  await settle(page);
}

async function choose(act: string): Promise<void> {
  await page.getByRole("button", { name: "More acts" }).click();
  await page.getByRole("menuitem", { name: act }).click();
}

async function confirm(verb: string): Promise<void> {
  await page.getByRole("dialog", { name: /\S/ }).waitFor(); // its title comes a moment after it
  expect(await violationsOf(page)).toEqual([]);
  await page.getByRole("dialog").getByRole("button", { name: verb, exact: true }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
}

async function takeShownKey(): Promise<string> {
  const key = (await page.getByLabel("API key", { exact: true }).textContent()) ?? "";
  await page.getByLabel("I have stored it").check();
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  return key;
}

/** Reloads until something is there: counts of use are written some seconds after it. */
async function reloadUntil(text: string | RegExp): Promise<void> {
  await expect
    .poll(
      async () => {
        await page.reload();
        await settle(page);
        return page.getByText(text).first().isVisible();
      },
      { timeout: 90_000, interval: 1000 },
    )
    .toBe(true);
}

describe("keys", () => {
  it("shuts a key out for a while, and lets it in again", async () => {
    await openKey("Switched key");
    expect(await statusOf(acting.switchedKey)).toBe(200);
    await choose("Disable for a while");
    await confirm("Disable key");
    expect(await statusOf(acting.switchedKey)).toBe(401);
    await page.getByRole("button", { name: "Enable" }).click();
    await page.getByText("is active again").waitFor();
    expect(await statusOf(acting.switchedKey)).toBe(200);
  });

  it("trims the scopes that a key does not use, and they are refused from then on", async () => {
    expect(await statusOf(acting.wideKey, "/workflows")).toBe(200);
    expect(await statusOf(acting.wideKey, "/workflows", "POST")).not.toBe(403);
    await openKey("Wide key");
    await reloadUntil("Trim 5 scopes");
    await page.getByRole("button", { name: "Trim 5 scopes" }).click();
    await confirm("Trim scopes");
    await page.getByText("lost 5 scopes").waitFor();
    expect(await statusOf(acting.wideKey, "/workflows")).toBe(200);
    expect(await statusOf(acting.wideKey, "/workflows", "POST")).toBe(403);
  });

  it("ends a key after ninety days when asked to, and says when", async () => {
    await visit(page, "/keys/new");
    await page.getByLabel("Name").fill("Quarterly key");
    await page.getByRole("button", { name: "Read only" }).click();
    await page.getByRole("combobox", { name: "Expires" }).click();
    await page.getByRole("option", { name: "In 90 days" }).click();
    await page.getByRole("button", { name: "Create key" }).click();
    await takeShownKey();
    const ends = await page.locator("dd time[datetime]").last().getAttribute("datetime");
    const days = (Date.parse(ends ?? "") - Date.now()) / 86_400_000;
    expect(Math.round(days)).toBe(90);
  });

  it("tells of a key that ends soon, on the overview and in the notices, with the way to it", async () => {
    await visit(page, "/");
    await page.getByText(/Ending key expires in 6 days/).waitFor();
    await visit(page, "/notices");
    const notice = page.getByRole("listitem").filter({ hasText: "Ending key expires in 6 days" });
    await notice.getByRole("button", { name: "Mark as read" }).click();
    await notice.getByText("Unread").waitFor({ state: "detached" });
    await notice.getByRole("link", { name: "Open" }).click();
    await page.getByRole("heading", { name: /Ending key/, level: 1 }).waitFor();
    await page.getByText("From then on its requests are refused").waitFor();
  });

  it("rotates with evidence: who still uses the old key, by program and address", async () => {
    await visit(page, "/keys/new");
    await page.getByLabel("Name").fill("Rotated key");
    await page.getByRole("button", { name: "Read only" }).click();
    await page.getByRole("button", { name: "Create key" }).click();
    const old = await takeShownKey();
    expect(await statusOf(old)).toBe(200);
    await page.getByRole("link", { name: "Rotate", exact: true }).click();
    await page.getByRole("button", { name: "Generate new key" }).click();
    const successor = await takeShownKey();
    expect(await statusOf(successor)).toBe(200);
    await page.getByText("The key works").waitFor();
    await page.getByText("Old key still used").waitFor();
    const table = page.getByRole("region", { name: "Requests that still come with the old key" });
    await table.getByText(AGENT).waitFor();
    await table.getByText("127.0.0.1").waitFor();
    expect([await statusOf(old), await statusOf(successor)]).toEqual([200, 200]);
  });

  it("revokes a compromised key and makes its replacement in one act", async () => {
    await openKey("Quarterly key");
    await choose("Report as compromised");
    await page.getByRole("dialog").getByLabel("What happened").fill("Seen in a log");
    await page.getByRole("button", { name: "Revoke and replace" }).click();
    expect(await statusOf(await takeShownKey())).toBe(200);
    await page.getByRole("link", { name: "An older key" }).click();
    await page.getByText("Revoked").first().waitFor();
  });

  it("flags a key that stood in an address, until somebody has looked", async () => {
    expect(await statusOf(acting.switchedKey, `/me?key=${acting.switchedKey}`)).toBe(200);
    await visit(page, "/flags");
    await reloadUntil("Key in a URL");
    const flag = page.getByRole("listitem").filter({ hasText: "Key in a URL" });
    await flag.getByRole("button", { name: "Acknowledge" }).click();
    await page.getByLabel("What you found").fill("A script of ours, mended");
    await confirm("Acknowledge");
    await flag.getByText("Acknowledged").waitFor();
  });
});

describe("leaks", () => {
  it("revokes a reported key at once, and keeps what was found", async () => {
    await report(acting.leakyKey);
    expect(await statusOf(acting.leakyKey)).toBe(401);
    await visit(page, "/flags?tab=leaks");
    const row = page.getByRole("row").filter({ hasText: "Leaky key" });
    await row.getByText("Revoked the key").waitFor();
    await row.getByRole("button", { name: "Resolve" }).click();
    await page.getByLabel("What you found").fill("It stood in a pasted log");
    await confirm("Revoke the key");
    await row.getByText("Resolved").waitFor();
  });

  it("only cuts a key to its read scopes where the company says so, and clears a false alarm", async () => {
    await visit(page, "/settings");
    await page.getByLabel("Cut it to its read scopes").check();
    await page.getByRole("button", { name: "Save changes" }).click();
    await page.getByText("The company was saved").waitFor();
    await report(acting.falselyReportedKey);
    expect(await statusOf(acting.falselyReportedKey, "/workflows")).toBe(200);
    expect(await statusOf(acting.falselyReportedKey, "/workflows", "POST")).toBe(403);
    await visit(page, "/flags?tab=leaks");
    const row = page.getByRole("row").filter({ hasText: "Falsely reported key" });
    await row.getByText("Cut it to its read scopes").waitFor();
    await row.getByRole("button", { name: "Resolve" }).click();
    await page.getByLabel("It was a false alarm").check();
    await page.getByLabel("What you found").fill("A test file of ours");
    await confirm("Clear the report");
    await row.getByText("Resolved").waitFor();
  });
});

describe("people and settings", () => {
  it("sets, changes and deletes an environment value", async () => {
    await visit(page, "/settings?tab=environment");
    await page.getByRole("button", { name: "Add a value" }).first().click();
    await page.getByLabel("Name").fill("MOST_EUR");
    await page.getByRole("textbox", { name: "Value" }).fill("=2500");
    await page.getByRole("button", { name: "Set value" }).click();
    const row = page.getByRole("row").filter({ hasText: "MOST_EUR" });
    await row.getByText("=2500").waitFor();
    await row.getByRole("button", { name: "Change" }).click();
    await page.getByRole("textbox", { name: "Value" }).fill("3000");
    await page.getByRole("button", { name: "Set value" }).click();
    await row.getByText("3000").waitFor();
    await row.getByRole("button", { name: "Delete MOST_EUR" }).click();
    await confirm("Delete value");
    await page.getByText("No environment values").waitFor();
  });

  it("shows a person of two companies one at a time", async () => {
    await visit(page, "/");
    await page.getByRole("button", { name: "Switch company" }).first().click();
    await page.getByRole("menuitem", { name: "Second Company" }).click();
    await page.getByRole("button", { name: /Second Company/ }).waitFor();
    await settle(page);
    expect(await page.getByRole("link", { name: "API keys", exact: true }).count()).toBe(0);
    await visit(page, "/keys");
    await page.getByText("Your role does not include this").waitFor();
    expect(await page.content()).not.toContain("Wide key");
    await page.getByRole("button", { name: "Switch company" }).first().click();
    await page.getByRole("menuitem", { name: "Acting Company" }).click();
    await page.getByRole("link", { name: "API keys", exact: true }).waitFor();
  });

  it("removes a member: signed out at once, and the keys go on working under a new owner", async () => {
    const removed = await openTab(browser, acting.adminEmail);
    await visit(removed, "/members");
    await visit(page, "/members");
    await page.getByRole("button", { name: "Acts on Alan Reed" }).click();
    await page.getByRole("menuitem", { name: "Remove from the company" }).click();
    await confirm("Remove member");
    await page.getByText("1 key got a new owner").waitFor();
    await removed.getByRole("link", { name: "Audit" }).click();
    await removed.getByText("Your session ended").waitFor();
    await typePassword(removed, acting.adminEmail);
    await removed.getByText("You are not signed in.").waitFor();
    expect(await statusOf(acting.wideKey)).toBe(200);
    await removed.context().close();
  });

  it("verifies the audit chain, and exports it with its signed head", async () => {
    await visit(page, "/audit");
    await page.getByRole("button", { name: "Verify the chain" }).click();
    await page.getByText("The chain holds").waitFor();
    for (const [format, first] of [
      ["JSON lines", "{"],
      ["CSV", "at,id,actor"],
    ] as const) {
      await page.getByRole("button", { name: "Export" }).click();
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("menuitem", { name: format }).click(),
      ]);
      const text = readFileSync(await download.path(), "utf8");
      expect(text.startsWith(first)).toBe(true);
      expect(text).toContain("api_key.disabled");
      expect(text.trim().split("\n").at(-1)).toContain("signedHead");
    }
  });
});

describe("when the service fails", () => {
  it("says what was not loaded and the id to quote, and loads it on the next try", async () => {
    const failing = await openTab(browser, acting.email);
    const refusal = {
      success: false,
      error: { code: "INTERNAL_ERROR", message: "A fault on our side.", requestId: "req_of_it" },
    };
    await failing.route("**/api/v1/admin/usage?**", (route) =>
      route.fulfill({ status: 500, json: refusal }),
    );
    await visit(failing, "/usage");
    await failing.getByText("This could not be loaded.").waitFor();
    await failing.getByText("req_of_it").waitFor();
    expect(await violationsOf(failing)).toEqual([]);
    await failing.unroute("**/api/v1/admin/usage?**");
    await failing.getByRole("button", { name: "Try again" }).click();
    await failing.getByText(/requests? in the last 7 days/).waitFor();
    await failing.context().close();
  });
});

describe("one's own account", () => {
  let own: Page;

  beforeAll(async () => {
    own = await openTab(browser, acting.stepperEmail);
  });

  async function signOut(): Promise<void> {
    await own.getByRole("button", { name: "Account of" }).click();
    await own.getByRole("menuitem", { name: "Sign out" }).click();
    await own.getByRole("heading", { name: "Sign in" }).waitFor();
  }

  it("asks for a code from then on, and takes a recovery code once", async () => {
    await visit(own, "/profile");
    await own.getByRole("button", { name: "Turn on two-step sign-in" }).click();
    await own.getByLabel("Your password").fill(STAGE.password);
    await own.getByRole("button", { name: "Continue" }).click();
    const secret = (await own.getByLabel("Authenticator secret").textContent()) ?? "";
    await own.getByLabel(/Type the six-digit code/).fill(codeFor(secret));
    await own.getByRole("button", { name: "Turn on", exact: true }).click();
    const codes =
      (await own.getByLabel("Recovery codes", { exact: true }).textContent())?.split("\n") ?? [];
    await own.getByLabel("I have stored the recovery codes").check();
    await own.getByRole("button", { name: "Done" }).click();
    await own.getByRole("dialog").waitFor({ state: "detached" });

    await signOut();
    await typePassword(own, acting.stepperEmail);
    await own.getByLabel("Digit 1").waitFor();
    await own.keyboard.type(codeFor(secret, 1));
    await own.getByRole("heading", { name: "Overview", level: 1 }).waitFor();

    for (const isFirst of [true, false]) {
      await signOut();
      await typePassword(own, acting.stepperEmail);
      await own.getByRole("button", { name: "Use a recovery code" }).click();
      await own.getByLabel("Recovery code").fill(codes[0] ?? "");
      await own.getByRole("button", { name: "Verify and sign in" }).click();
      if (isFirst) await own.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
      else await own.getByText("You are not signed in.").waitFor();
    }
  });

  it("ends another session, which is signed out at once", async () => {
    const other = await openTab(browser, acting.email);
    await visit(other, "/members");
    await visit(page, "/profile");
    await page.getByRole("button", { name: "End all others" }).click();
    await page.getByText(/other sessions? ended/).waitFor();
    await other.getByRole("link", { name: "Audit" }).click();
    await other.getByText("Your session ended").waitFor();
    await other.context().close();
  });
});
