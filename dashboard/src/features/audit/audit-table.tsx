/** The audit log's rows; one opens to what exactly changed. */
import { UnstyledButton } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Actor } from "@/components/actor";
import { type Column, DataTable } from "@/components/data-table";
import { Time } from "@/components/time";
import type { AuditRow } from "@/lib/api-types";
import { shortenId, words } from "@/lib/format";
import { rowsOf } from "@/lib/paged";
import { type AuditFilters, auditQuery } from "./api";
import { AuditDrawer } from "./audit-drawer";
import classes from "./audit.module.css";

interface AuditTableProps {
  filters: AuditFilters;
  openRow: string | undefined;
  onOpen: (id: string | undefined) => void;
  empty: ReactNode;
  limit?: number;
}

function columnsFor(onOpen: (id: string) => void): Column<AuditRow>[] {
  return [
    {
      id: "action",
      header: "Act",
      cell: (row) => (
        <UnstyledButton
          className={classes.open}
          onClick={() => onOpen(row.id)}
          aria-haspopup="dialog"
        >
          {words(row.action)}
        </UnstyledButton>
      ),
    },
    { id: "actor", header: "By", cell: (row) => <Actor actor={row.actor} /> },
    {
      id: "object",
      header: "On",
      hideBelow: "sm",
      cell: (row) => <code title={row.object}>{shortenId(row.object)}</code>,
    },
    {
      id: "ip",
      header: "Address",
      hideBelow: "md",
      cell: (row) => row.ip && <code>{row.ip}</code>,
    },
    { id: "at", header: "When", tight: true, cell: (row) => <Time value={row.at} /> },
  ];
}

export function AuditTable({ filters, openRow, onOpen, empty, limit }: AuditTableProps) {
  const query = useInfiniteQuery(auditQuery(filters, limit));
  const rows = rowsOf(query.data);
  return (
    <>
      <DataTable
        caption="Audit log"
        columns={columnsFor(onOpen)}
        rows={rows}
        rowKey={(row) => row.id}
        state={query}
        empty={empty}
        linked
      />
      <AuditDrawer row={rows.find((row) => row.id === openRow)} onClose={() => onOpen(undefined)} />
    </>
  );
}
