/** The spans of time that usage is looked at in, and the bucket each is counted by. */
export type Span = "24h" | "7d" | "30d" | "90d";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

interface SpanText {
  label: string;
  words: string;
  ms: number;
  bucket: "hour" | "day";
}

export const SPAN_TEXT: Record<Span, SpanText> = {
  "24h": { label: "24 hours", words: "the last 24 hours", ms: DAY_MS, bucket: "hour" },
  "7d": { label: "7 days", words: "the last 7 days", ms: 7 * DAY_MS, bucket: "hour" },
  "30d": { label: "30 days", words: "the last 30 days", ms: 30 * DAY_MS, bucket: "day" },
  "90d": { label: "90 days", words: "the last 90 days", ms: 90 * DAY_MS, bucket: "day" },
};

/** Starts at a whole bucket, so that the address of a request is the same within a bucket. */
export function spanQuery(span: Span, now: number = Date.now()) {
  const { ms, bucket } = SPAN_TEXT[span];
  const size = bucket === "hour" ? HOUR_MS : DAY_MS;
  const to = Math.ceil(now / HOUR_MS) * HOUR_MS;
  const from = Math.floor((to - ms) / size) * size + (span === "90d" ? size : 0);
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString(), bucket };
}
