/** Requests over time by status class, as bars. */
import { type Bar, BarChart } from "@/components/bar-chart";
import { type Point, STATUS_CLASSES } from "./series";

const SERIES = [
  { name: "2xx", color: "var(--series-1)" },
  { name: "3xx", color: "var(--series-4)" },
  { name: "4xx", color: "var(--series-2)" },
  { name: "5xx", color: "var(--series-3)" },
];

const clock = new Intl.DateTimeFormat("en", {
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});
const localDay = new Intl.DateTimeFormat("en", { month: "short", day: "numeric" });
const day = new Intl.DateTimeFormat("en", { month: "short", day: "numeric", timeZone: "UTC" });
const ONE_DAY = 24;

interface UsageChartProps {
  points: Point[];
  bucket: "hour" | "day";
}

export function UsageChart({ points, bucket }: UsageChartProps) {
  const isLong = points.length > ONE_DAY;
  const bars = points.map((point): Bar => {
    const at = new Date(point.at);
    const values = STATUS_CLASSES.map((name) => point[name]);
    if (bucket === "day") return { label: day.format(at), title: day.format(at), values };
    const title = `${localDay.format(at)}, ${clock.format(at)}`;
    if (!isLong) return { label: clock.format(at), title, values };
    return { label: at.getHours() === 0 ? localDay.format(at) : "", title, values };
  });
  return <BarChart bars={bars} series={SERIES} />;
}
