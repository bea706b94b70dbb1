/** The chart and the table behind it: the same numbers, for the eye and for a reader. */
import { Button, Skeleton, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconActivity } from "@tabler/icons-react";
import { type Column, DataTable } from "@/components/data-table";
import { EmptyState } from "@/components/empty-state";
import type { UsageBucket } from "@/lib/api-types";
import { counted, formatCount, formatDay, formatExact } from "@/lib/format";
import { type Span, SPAN_TEXT } from "@/lib/spans";
import { type Point, pointsOf, STATUS_CLASSES, totalOf } from "./series";
import { UsageChart } from "./usage-chart";
import classes from "./usage-view.module.css";

const LOADED = { isPending: false, error: null, refetch: () => undefined };

function columnsFor(bucket: "hour" | "day"): Column<Point>[] {
  const at = bucket === "hour" ? formatExact : formatDay;
  return [
    { id: "at", header: bucket === "hour" ? "Hour" : "Day", cell: (point) => at(point.at) },
    ...STATUS_CLASSES.map((name) => ({
      id: name,
      header: name,
      align: "end" as const,
      cell: (point: Point) => formatCount(point[name]),
    })),
    { id: "total", header: "All", align: "end", cell: (point) => formatCount(point.total) },
  ];
}

export function UsageView({ buckets, span }: { buckets: UsageBucket[] | undefined; span: Span }) {
  const [isTableShown, table] = useDisclosure();
  const { bucket, words } = SPAN_TEXT[span];
  if (!buckets) return <Skeleton height={268} />;
  if (totalOf(buckets) === 0) {
    return (
      <EmptyState icon={IconActivity} title={`No requests in ${words}`}>
        What comes in with a key is counted here within seconds of its arrival.
      </EmptyState>
    );
  }
  const points = pointsOf(buckets, span);
  return (
    <figure className={classes.figure}>
      <div aria-hidden="true">
        <UsageChart points={points} bucket={bucket} />
      </div>
      <figcaption className={classes.caption}>
        <Text size="sm" c="dimmed">
          {counted(totalOf(buckets), "request")} in {words}, by {bucket} and status
        </Text>
        <Button
          variant="subtle"
          size="compact-sm"
          aria-expanded={isTableShown}
          onClick={table.toggle}
        >
          {isTableShown ? "Hide the table" : "Show as a table"}
        </Button>
      </figcaption>
      {isTableShown && (
        <DataTable
          caption={`Requests in ${words}`}
          columns={columnsFor(bucket)}
          rows={points.filter((point) => point.total > 0).reverse()}
          rowKey={(point) => point.at}
          state={LOADED}
          empty={<Text c="dimmed">No requests in {words}.</Text>}
        />
      )}
    </figure>
  );
}
