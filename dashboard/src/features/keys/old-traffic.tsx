/** Who still uses the old key: live, by address, program and route. */
import { IconMoodSmile } from "@tabler/icons-react";
import { type Column, DataTable } from "@/components/data-table";
import { EmptyState } from "@/components/empty-state";
import { Time } from "@/components/time";
import type { KeyPair, OldTraffic } from "@/lib/api-types";
import { formatCount } from "@/lib/format";

const COLUMNS: Column<OldTraffic>[] = [
  { id: "ip", header: "Address", tight: true, cell: (row) => <code>{row.ip ?? "unknown"}</code> },
  { id: "agent", header: "Program", hideBelow: "sm", cell: (row) => row.agent ?? "not named" },
  { id: "route", header: "Route", cell: (row) => <code>{row.route}</code> },
  {
    id: "requests",
    header: "24 hours",
    align: "end",
    tight: true,
    cell: (row) => formatCount(row.requests24h),
  },
  {
    id: "last",
    header: "Last",
    hideBelow: "sm",
    tight: true,
    cell: (row) => <Time value={row.lastAt} />,
  },
];

const LOADED = { isPending: false, error: null, refetch: () => undefined };

export function OldTrafficTable({ pair }: { pair: KeyPair }) {
  return (
    <DataTable
      caption="Requests that still come with the old key"
      columns={COLUMNS}
      rows={pair.oldTraffic}
      rowKey={(row) => `${row.ip} ${row.agent} ${row.route}`}
      state={LOADED}
      empty={
        <EmptyState icon={IconMoodSmile} title="Nothing uses the old key">
          {pair.quietSince ? (
            <>
              It has been quiet since <Time value={pair.quietSince} exact />.
            </>
          ) : (
            "It was not used in the last 24 hours."
          )}
        </EmptyState>
      }
    />
  );
}
