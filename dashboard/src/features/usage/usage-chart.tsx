/** Requests over time by status class, as bars. Loaded only where a chart is shown. */
import "@mantine/charts/styles.css";
import { BarChart } from "@mantine/charts";
import { formatCompact } from "@/lib/format";
import type { Point } from "./series";

const SERIES = [
  { name: "2xx", color: "var(--series-1)" },
  { name: "3xx", color: "var(--series-4)" },
  { name: "4xx", color: "var(--series-2)" },
  { name: "5xx", color: "var(--series-3)" },
];

const hour = new Intl.DateTimeFormat("en", {
  month: "short",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});
const day = new Intl.DateTimeFormat("en", { month: "short", day: "numeric", timeZone: "UTC" });

export default function UsageChart({
  points,
  bucket,
}: {
  points: Point[];
  bucket: "hour" | "day";
}) {
  const label = bucket === "hour" ? hour : day;
  const data = points.map((point) => ({ ...point, label: label.format(new Date(point.at)) }));
  return (
    <BarChart
      h={240}
      data={data}
      dataKey="label"
      type="stacked"
      series={SERIES}
      withLegend
      legendProps={{ verticalAlign: "bottom", height: 32 }}
      tickLine="none"
      gridAxis="y"
      valueFormatter={formatCompact}
      yAxisProps={{ width: 48, allowDecimals: false }}
      xAxisProps={{ minTickGap: 48 }}
      barProps={{ isAnimationActive: false, maxBarSize: 24 }}
      barChartProps={{ accessibilityLayer: false }}
    />
  );
}
