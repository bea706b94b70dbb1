import { describe, expect, it } from "vitest";
import { pointsOf, sharesBy, totalOf } from "@/features/usage/series";
import type { UsageBucket } from "@/lib/api-types";

const NOW = Date.parse("2026-11-24T12:30:00.000Z");
const BUCKETS: UsageBucket[] = [
  { at: "2026-11-24T10:00:00.000Z", route: "GET /runs", statusClass: "2xx", requests: 5 },
  { at: "2026-11-24T10:00:00.000Z", route: "POST /run", statusClass: "4xx", requests: 2 },
  { at: "2026-11-24T11:00:00.000Z", route: "GET /runs", statusClass: "2xx", requests: 7 },
];

describe("usage as a series", () => {
  it("shows silence as zero: one point for every hour of the span", () => {
    const points = pointsOf(BUCKETS, "24h", NOW);
    expect(points).toHaveLength(24);
    expect(points.filter((point) => point.total === 0)).toHaveLength(22);
  });

  it("loses no request between the buckets and what is shown", () => {
    const points = pointsOf(BUCKETS, "24h", NOW);
    expect(points.reduce((sum, point) => sum + point.total, 0)).toBe(totalOf(BUCKETS));
    expect(points.find((point) => point.at === "2026-11-24T10:00:00.000Z")).toMatchObject({
      "2xx": 5,
      "4xx": 2,
    });
  });

  it("shares by route and by status, biggest first", () => {
    expect(sharesBy(BUCKETS, "route")).toEqual([
      { name: "GET /runs", requests: 12 },
      { name: "POST /run", requests: 2 },
    ]);
    expect(sharesBy(BUCKETS, "statusClass").map((share) => share.name)).toEqual(["2xx", "4xx"]);
  });
});
