import { describe, expect, it } from "vitest";
import { counted, formatRelative, shortenId, words } from "@/lib/format";
import { inOrder } from "@/lib/scopes";
import { spanQuery } from "@/lib/spans";
import { ticksUpTo } from "@/lib/ticks";

const NOW = Date.parse("2026-11-24T12:00:00.000Z");

describe("how things read", () => {
  it.each([
    ["2026-11-24T11:59:58.000Z", "just now"],
    ["2026-11-24T11:57:00.000Z", "3 min. ago"],
    ["2026-11-23T12:00:00.000Z", "yesterday"],
    ["2026-12-03T11:59:50.000Z", "in 9 days"],
    ["2026-11-29T18:00:00.000Z", "in 6 days"],
    ["2026-06-01T12:00:00.000Z", "Jun 1, 2026"],
  ])("says %s as %s", (value, text) => {
    expect(formatRelative(value, NOW)).toBe(text);
  });

  it("never shows a number without its noun in the right form", () => {
    expect([counted(1, "request"), counted(1204, "request")]).toEqual([
      "1 request",
      "1,204 requests",
    ]);
  });

  it("shortens an id in its middle and leaves a short one alone", () => {
    expect(shortenId("key_01jd9yv1n4c6g8k0m2q4s6v8xa")).toBe("key_01jd…v8xa");
    expect(shortenId("system")).toBe("system");
  });

  it("turns codes into words", () => {
    expect(words("api_key.scopes_trimmed")).toBe("API key scopes trimmed");
  });

  it("keeps scopes in the published order, whatever order they were chosen in", () => {
    expect(inOrder(["runs:read", "workflows:read"])).toEqual(["workflows:read", "runs:read"]);
  });
});

describe("spans of time", () => {
  it.each(["24h", "7d", "30d", "90d"] as const)("asks for at most 90 days with %s", (span) => {
    const { from, to } = spanQuery(span, NOW + 1234);
    expect(Date.parse(to) - Date.parse(from)).toBeLessThanOrEqual(90 * 86_400_000);
    expect(Date.parse(to)).toBeGreaterThanOrEqual(NOW);
  });

  it("stays the same address within an hour, so that answers are found again", () => {
    expect(spanQuery("7d", NOW + 1)).toEqual(spanQuery("7d", NOW + 3_500_000));
  });
});

describe("axis ticks", () => {
  it.each([0, 1, 3, 7, 99, 276, 1000, 12_345])("reach over %i in whole round steps", (most) => {
    const ticks = ticksUpTo(most);
    expect(ticks[0]).toBe(0);
    expect(ticks.at(-1)).toBeGreaterThanOrEqual(Math.max(1, most));
    expect(ticks.length).toBeLessThanOrEqual(7);
    expect(ticks.every(Number.isInteger)).toBe(true);
  });
});
