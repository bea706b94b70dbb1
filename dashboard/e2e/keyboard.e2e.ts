/**
 * The whole way without a mouse, narrow and wide: set-up or sign-in, a key made and copied, its rotation.
 * Nothing here clicks, fills or focuses: there are only keys, and what has the focus.
 */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser } from "./browser.ts";
import { openTab, settle } from "./pages.ts";
import { BASE_URL, STAGE } from "./stage.ts";

const MOST_TABS = 80;
const KEY_PATTERN = /^wfk_[0-9A-Za-z]{49}$/;

let browser: Browser;

beforeAll(async () => {
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser.close();
});

interface Focused {
  name: string;
  isSeen: boolean;
  isMarked: boolean;
  isInDialog: boolean;
}

/** What has the focus: its name, whether it lies in the window, and whether an outline or border marks it. */
async function focused(page: Page): Promise<Focused> {
  return page.evaluate(() => {
    const element = document.activeElement as HTMLElement;
    const labels = (element as HTMLInputElement).labels;
    const label = labels?.length ? [...labels].map((one) => one.textContent).join(" ") : null;
    if (!element.matches(":focus")) {
      return { name: "nothing", isSeen: true, isMarked: true, isInDialog: false };
    }
    const named = element.getAttribute("aria-label") ?? label ?? element.textContent ?? "";
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    const frame = getComputedStyle(element.closest(".mantine-Input-input") ?? element);
    const hasOutline = style.outlineStyle !== "none" && Number.parseFloat(style.outlineWidth) > 0;
    // A field is marked by the accent on its border: by a shade that no other border has.
    const probe = document.createElement("i");
    probe.style.color = "var(--mantine-primary-color-filled)";
    document.body.append(probe);
    const accent = getComputedStyle(probe).color;
    probe.remove();
    return {
      name: named.replaceAll(/\s+/g, " ").trim(),
      isSeen: box.bottom > 0 && box.top < window.innerHeight && box.right > 0,
      isMarked: hasOutline || frame.borderTopColor === accent || element.id === "content",
      isInDialog: element.closest("[role=dialog]") !== null,
    };
  });
}

/** Tabs on until what is named has the focus; every stop on the way must be seen and marked. */
async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  const passed: string[] = [];
  for (let stop = 0; stop < MOST_TABS; stop += 1) {
    const now = await focused(page);
    expect(now, `the focus on ${now.name}`).toMatchObject({ isSeen: true, isMarked: true });
    if (typeof name === "string" ? now.name.startsWith(name) : name.test(now.name)) return;
    passed.push(now.name);
    await page.keyboard.press("Tab");
  }
  throw new Error(`No tab leads to ${name}; passed: ${[...new Set(passed)].join(" | ")}`);
}

async function typeInto(page: Page, name: string | RegExp, text: string): Promise<void> {
  await tabTo(page, name);
  await page.keyboard.type(text);
}

async function press(page: Page, name: string | RegExp, key = "Enter"): Promise<void> {
  await tabTo(page, name);
  await page.keyboard.press(key);
}

/** The focus must stay in the dialog however far a person tabs. */
async function expectTrapped(page: Page): Promise<void> {
  await page.getByRole("dialog").waitFor();
  await expect.poll(async () => (await focused(page)).isInDialog).toBe(true);
  for (let stop = 0; stop < 15; stop += 1) {
    await page.keyboard.press("Tab");
    expect(await focused(page)).toMatchObject({ isInDialog: true });
  }
}

async function heading(page: Page, name: string | RegExp): Promise<void> {
  await page.getByRole("heading", { name, level: 1 }).waitFor();
  await settle(page);
}

async function setUp(page: Page): Promise<void> {
  await page.goto(STAGE.setupLinks[1]);
  await heading(page, /Set up/);
  await typeInto(page, "Company name", "Keyboard Company");
  await typeInto(page, "Your name", "Kim Board");
  await typeInto(page, "E-mail", "kim.board@people.example");
  await typeInto(page, /^Password/, STAGE.password);
  await page.keyboard.press("Enter");
  await heading(page, "Overview");
}

async function signIn(page: Page): Promise<void> {
  await page.goto(`${BASE_URL}/sign-in`);
  await heading(page, "Sign in");
  await typeInto(page, "E-mail", "kim.board@people.example");
  await typeInto(page, /^Password/, STAGE.password);
  await press(page, "Sign in");
  await heading(page, "Overview");
}

/** Stores the key that the dialog shows: copies it, ticks the box, leaves by the button. */
async function storeShownKey(page: Page): Promise<string> {
  await page.getByText("Store this key now").waitFor();
  await expectTrapped(page);
  await page.keyboard.press("Escape");
  expect(await page.getByText("Store this key now").isVisible()).toBe(true);
  await press(page, /^Cop(y|ied)$/);
  await page.getByRole("status").filter({ hasText: "Copied" }).first().waitFor();
  const key = await page.evaluate(() => navigator.clipboard.readText());
  expect(key).toMatch(KEY_PATTERN);
  await press(page, "I have stored it", "Space");
  await press(page, "Done");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  return key;
}

async function statusOf(key: string): Promise<number> {
  return (await fetch(`${BASE_URL}/api/v1/me`, { headers: { "x-api-key": key } })).status;
}

async function createKey(page: Page, name: string): Promise<string> {
  await page.keyboard.press("g");
  await page.keyboard.press("k");
  await heading(page, "API keys");
  await page.keyboard.press("c");
  await heading(page, "Create an API key");
  await typeInto(page, "Name", name);
  await press(page, "workflows:read", "Space");
  await press(page, "Create key");
  return storeShownKey(page);
}

async function rotate(page: Page, name: string, old: string): Promise<void> {
  await heading(page, new RegExp(name));
  await press(page, /^Rotate$/);
  await heading(page, /Rotate/);
  await press(page, "Generate new key");
  const successor = await storeShownKey(page);
  expect([await statusOf(old), await statusOf(successor)]).toEqual([200, 200]);
  await page.getByText("The key works").waitFor();
  await press(page, "Revoke the old key");
  await expectTrapped(page);
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await expect.poll(async () => (await focused(page)).name).toBe("Revoke the old key");
  await page.keyboard.press("Enter");
  await expectTrapped(page); // the dialog takes the focus a moment after it opens
  await typeInto(page, /^Type /, name);
  await press(page, "Revoke key");
  await page.getByText("the rotation is over").waitFor();
  expect([await statusOf(old), await statusOf(successor)]).toEqual([401, 200]);
}

/** Menus and the palette give the focus back to where it was. */
async function closeByEscape(page: Page): Promise<void> {
  await press(page, "Skip to content");
  await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe("content");
  await page.keyboard.press("Control+k");
  await page.getByPlaceholder("Go to a page").waitFor();
  await page.keyboard.press("Escape");
  await page.getByPlaceholder("Go to a page").waitFor({ state: "detached" });
  await page.keyboard.press("?");
  await expectTrapped(page);
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
}

describe.each([
  { width: 360, enter: setUp, way: "sets up" },
  { width: 1920, enter: signIn, way: "signs in" },
])("by keyboard alone, $width px wide", ({ width, enter, way }) => {
  it(`${way}, makes a key, copies it, rotates it, and gets out of every dialog`, async () => {
    const page = await openTab(browser, null, {
      viewport: { width, height: 800 },
      permissions: ["clipboard-read", "clipboard-write"],
    });
    const name = `Keyboard key ${width}`;
    await enter(page);
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe("content");
    await closeByEscape(page);
    const key = await createKey(page, name);
    await rotate(page, name, key);
    await page.context().close();
  });
});
