/** Requests broken down by one thing, biggest first, with each part's share as a bar. */
import { Text } from "@mantine/core";
import type { ReactNode } from "react";
import { formatCount } from "@/lib/format";
import type { Share } from "./series";
import classes from "./shares-table.module.css";

interface SharesTableProps {
  caption: string;
  head: string;
  shares: Share[];
  name?: (name: string) => ReactNode;
}

const MOST = 12;

export function SharesTable({ caption, head, shares, name }: SharesTableProps) {
  if (shares.length === 0) return <Text c="dimmed">No requests in this span.</Text>;
  const most = shares[0]?.requests ?? 1;
  return (
    <table className={classes.table}>
      <caption>{caption}</caption>
      <thead>
        <tr>
          <th scope="col">{head}</th>
          <th scope="col" className={classes.end}>
            Requests
          </th>
        </tr>
      </thead>
      <tbody>
        {shares.slice(0, MOST).map((share) => (
          <tr key={share.name}>
            <td>
              <div className={classes.cell}>
                <span
                  className={classes.bar}
                  style={{ width: `${(share.requests / most) * 100}%` }}
                  aria-hidden="true"
                />
                <span className={classes.name}>
                  {name ? name(share.name) : <code>{share.name}</code>}
                </span>
              </div>
            </td>
            <td className={classes.end}>{formatCount(share.requests)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
