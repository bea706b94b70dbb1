/** A run waits for people: told, they open the link, decide, and the run goes on. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { violationsOf } from "./axe.ts";
import { launchBrowser } from "./browser.ts";
import { openTab, PATIENCE_MS, settle, typePassword, visit } from "./pages.ts";
import { BASE_URL, STAGE } from "./stage.ts";

const { approving } = STAGE;
const ADDRESS = `/approvals/${approving.approval}`;

interface Run {
  status: string;
  output: { decision?: { approved: boolean; comment: string | null } } | null;
}

let browser: Browser;
let approver: Page;
let starter: Page;

beforeAll(async () => {
  browser = await launchBrowser();
  approver = await openTab(browser, approving.approverEmail);
  starter = await openTab(browser);
});

afterAll(async () => {
  await browser.close();
});

async function readRun(): Promise<Run> {
  const answer = await approver.request.get(`${BASE_URL}/api/v1/runs/${approving.run}`);
  return ((await answer.json()) as { data: Run }).data;
}

describe("approvals", () => {
  it("leads through the sign-in to what the link names, and says why one may not approve", async () => {
    await starter.goto(BASE_URL + ADDRESS);
    await typePassword(starter, approving.starterEmail);
    await starter.getByRole("heading", { name: /Pay Nordwind\?/, level: 1 }).waitFor();
    await settle(starter);
    await starter.getByText("You may not approve this").waitFor();
    await starter.getByText("Payment service (API key)").waitFor();
    expect(await starter.getByRole("button", { name: "Approve", exact: true }).count()).toBe(0);
  });

  it("is told, opened and approved, and the run goes on with the comment", async () => {
    await visit(approver, "/notices");
    const notice = approver.getByRole("listitem").filter({ hasText: "Pay Nordwind?" });
    await notice.getByRole("link", { name: "Open" }).click();
    await approver.getByText("Invoice 4711, EUR 19,400.00").waitFor();
    expect((await readRun()).status).toBe("suspended");
    await approver.getByLabel("Comment").fill("Called them");
    await approver.reload();
    await approver.getByRole("button", { name: "Approve", exact: true }).click();
    await approver.getByText("The run goes on with this decision").waitFor();
    await approver.getByText("“Called them”").waitFor();
    await expect
      .poll(async () => (await readRun()).status, { timeout: PATIENCE_MS })
      .toBe("completed");
    const decision = (await readRun()).output?.decision;
    expect(decision).toMatchObject({ approved: true, comment: "Called them" });
    expect(await violationsOf(approver)).toEqual([]);
    await visit(approver, "/approvals");
    await approver.getByText("Nothing waits for a decision").waitFor();
  });

  it("shows the first decision to whoever decides after it", async () => {
    const asBefore = {
      status: "open",
      votes: [],
      decidedBy: null,
      mayReject: true,
    };
    await starter.route(`**/api/v1${ADDRESS}`, async (route) => {
      const answer = await route.fetch();
      const body = (await answer.json()) as { data: object };
      await route.fulfill({
        response: answer,
        json: { ...body, data: { ...body.data, ...asBefore } },
      });
    });
    await visit(starter, ADDRESS);
    await starter.getByRole("button", { name: "Reject", exact: true }).waitFor();
    await starter.unroute(`**/api/v1${ADDRESS}`);
    await starter.getByRole("button", { name: "Reject", exact: true }).click();
    await starter.getByText("Your answer came too late").waitFor();
    await starter.getByText("Pia Approver decided it").waitFor();
    expect((await readRun()).status).toBe("completed");
    expect(await violationsOf(starter)).toEqual([]);
  });
});
