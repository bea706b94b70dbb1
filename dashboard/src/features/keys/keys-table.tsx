/** All keys: who made each, what it may do, how old, when used, how much. */
import { Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Actor } from "@/components/actor";
import { type Column, DataTable } from "@/components/data-table";
import { TextLink } from "@/components/links";
import { GroupedScopes } from "@/components/scope-chips";
import { Sparkline } from "@/components/sparkline";
import { Time } from "@/components/time";
import type { KeyListed } from "@/lib/api-types";
import { rowsOf } from "@/lib/paged";
import { type KeyFilters, keysQuery } from "./api";
import { KeyAge } from "./key-age";
import { KeyStatusBadge } from "./key-status";

const COLUMNS: Column<KeyListed>[] = [
  {
    id: "name",
    header: "Name",
    main: true,
    cell: (key) => (
      <>
        <TextLink
          to="/keys/$keyId"
          params={{ keyId: key.id }}
          c="inherit"
          fw={600}
          lineClamp={3}
          title={key.name}
        >
          {key.name}
        </TextLink>
        <Text size="xs" c="dimmed" ff="monospace">
          {key.hint}
        </Text>
      </>
    ),
  },
  {
    id: "status",
    header: "Status",
    tight: true,
    cell: (key) => <KeyStatusBadge status={key.status} />,
  },
  {
    id: "scopes",
    header: "Scopes",
    hideBelow: "md",
    cell: (key) => <GroupedScopes scopes={key.scopes} />,
  },
  {
    id: "by",
    header: "Created by",
    hideBelow: "xl",
    tight: true,
    cell: (key) => <Actor actor={key.createdBy} />,
  },
  { id: "age", header: "Age", hideBelow: "sm", tight: true, cell: (key) => <KeyAge keyed={key} /> },
  {
    id: "used",
    header: "Last used",
    hideBelow: "sm",
    tight: true,
    cell: (key) => <Time value={key.lastUsedAt} />,
  },
  {
    id: "requests",
    header: "30 days",
    hideBelow: "lg",
    tight: true,
    cell: (key) => <Sparkline values={key.requests30d} label="Requests" />,
  },
];

export function KeysTable({ filters, empty }: { filters: KeyFilters; empty: ReactNode }) {
  const keys = useInfiniteQuery(keysQuery(filters));
  return (
    <DataTable
      caption="API keys"
      columns={COLUMNS}
      rows={rowsOf(keys.data)}
      rowKey={(key) => key.id}
      state={keys}
      empty={empty}
      linked
    />
  );
}
