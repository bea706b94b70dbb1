/** Buckets by route and status, turned into what a chart and its table show. Pure. */
import type { UsageBucket } from "@/lib/api-types";
import { type Span, SPAN_TEXT, spanQuery } from "@/lib/spans";

/** What is charted; 1xx are not answers of this API. */
export const STATUS_CLASSES = ["2xx", "3xx", "4xx", "5xx"] as const;

type Charted = (typeof STATUS_CLASSES)[number];

export interface Point extends Record<Charted, number> {
  at: string;
  total: number;
}

const BUCKET_MS = { hour: 3_600_000, day: 86_400_000 };

function emptyPoint(at: string): Point {
  return { at, total: 0, "2xx": 0, "3xx": 0, "4xx": 0, "5xx": 0 };
}

/** One point a bucket, also where nothing happened: a gap must look like silence, not like a line. */
export function pointsOf(buckets: UsageBucket[], span: Span, now: number = Date.now()): Point[] {
  const { from, to } = spanQuery(span, now);
  const size = BUCKET_MS[SPAN_TEXT[span].bucket];
  const points = new Map<number, Point>();
  for (let at = Date.parse(from); at < Date.parse(to); at += size) {
    points.set(at, emptyPoint(new Date(at).toISOString()));
  }
  for (const bucket of buckets) {
    const at = Math.floor(Date.parse(bucket.at) / size) * size;
    const point = points.get(at) ?? emptyPoint(new Date(at).toISOString());
    if (bucket.statusClass !== "1xx") point[bucket.statusClass] += bucket.requests;
    point.total += bucket.requests;
    points.set(at, point);
  }
  return [...points.values()].sort((a, b) => a.at.localeCompare(b.at));
}

export interface Share {
  name: string;
  requests: number;
}

export function sharesBy(buckets: UsageBucket[], name: "route" | "statusClass"): Share[] {
  const sums = new Map<string, number>();
  for (const bucket of buckets) {
    sums.set(bucket[name], (sums.get(bucket[name]) ?? 0) + bucket.requests);
  }
  return [...sums]
    .map(([key, requests]) => ({ name: key, requests }))
    .sort((a, b) => b.requests - a.requests || a.name.localeCompare(b.name));
}

export function totalOf(buckets: UsageBucket[]): number {
  return buckets.reduce((sum, bucket) => sum + bucket.requests, 0);
}
