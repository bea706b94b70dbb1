/** How numbers, times and ids read: one place, so that they read the same everywhere. */

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const integer = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const exact = new Intl.DateTimeFormat("en", {
  year: "numeric",
  month: "short",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
  timeZoneName: "short",
});
const day = new Intl.DateTimeFormat("en", { year: "numeric", month: "short", day: "numeric" });

export function formatCount(value: number): string {
  return integer.format(value);
}

export function formatCompact(value: number): string {
  return value < 10_000 ? integer.format(value) : compact.format(value);
}

/** "1 request", "17 requests": a number never stands without its noun. */
export function counted(value: number, noun: string, plural = `${noun}s`): string {
  return `${formatCount(value)} ${value === 1 ? noun : plural}`;
}

export function formatRelative(value: string, now: number = Date.now()): string {
  const seconds = Math.round((Date.parse(value) - now) / 1000);
  const size = Math.abs(seconds);
  if (size < 10) return seconds <= 0 ? "just now" : "in a moment";
  if (size < MINUTE) return relative.format(seconds, "second");
  if (size < HOUR) return relative.format(Math.trunc(seconds / MINUTE), "minute");
  if (size < DAY) return relative.format(Math.round(seconds / HOUR), "hour");
  // What is left is rounded up, as the service does in its notices of expiry.
  const days = seconds > 0 ? Math.ceil(seconds / DAY) : Math.round(seconds / DAY);
  if (size < 60 * DAY) return relative.format(days, "day");
  return day.format(new Date(value));
}

export function formatExact(value: string): string {
  return exact.format(new Date(value));
}

export function formatDay(value: string): string {
  return day.format(new Date(value));
}

/** Shortens an id in its middle; what is copied is always the whole. */
export function shortenId(id: string): string {
  const split = id.lastIndexOf("_");
  const body = id.slice(split + 1);
  if (body.length <= 12) return id;
  return `${id.slice(0, split + 1)}${body.slice(0, 4)}…${body.slice(-4)}`;
}

/** "key.revoked" or "still_used" as words. */
export function words(code: string): string {
  const text = code.replaceAll(/[_.:-]+/g, " ").trim();
  const sentence = text.charAt(0).toUpperCase() + text.slice(1);
  return sentence.replace(/^Api key/, "API key").replace(/\btotp\b/i, "two-step sign-in");
}
