/** Each key's part in the span: requests, 429s, and how much of its budgets is used right now. */
import { Text } from "@mantine/core";
import { useQueries, useQuery } from "@tanstack/react-query";
import { IconKey } from "@tabler/icons-react";
import { useMemo } from "react";
import { type Column, DataTable } from "@/components/data-table";
import { EmptyState } from "@/components/empty-state";
import { TextLink } from "@/components/links";
import { Meter } from "@/components/meter";
import type { Category, KeyListed, Usage } from "@/lib/api-types";
import { formatCount } from "@/lib/format";
import { CATEGORY_TEXT } from "@/lib/scopes";
import type { Span } from "@/lib/spans";
import { keyUsageQuery, usedKeysQuery } from "./api";
import { totalOf } from "./series";

interface KeyPart {
  part: KeyListed;
  usage: Usage | undefined;
}

const MOST_KEYS = 20;

function useOf(key: KeyListed): number {
  return key.requests30d.reduce((sum, requests) => sum + requests, 0);
}

/** The busiest keys, as many as are asked about one by one. */
function busiestOf(keys: KeyListed[]): KeyListed[] {
  const used = keys.filter((key) => useOf(key) > 0);
  return used.sort((a, b) => useOf(b) - useOf(a)).slice(0, MOST_KEYS);
}

function budgetColumn(category: Category): Column<KeyPart> {
  return {
    id: category,
    header: `${CATEGORY_TEXT[category]} budget`,
    hideBelow: "md",
    cell: ({ part, usage }) => {
      const budget = usage?.budgets?.[category];
      if (!budget) return null;
      const used = budget.limit - budget.remaining;
      return (
        <Meter
          label={`${part.name}, ${CATEGORY_TEXT[category]}`}
          isLabelHidden
          used={used}
          limit={budget.limit}
          text={`${formatCount(used)} of ${formatCount(budget.limit)}`}
        />
      );
    },
  };
}

const COLUMNS: Column<KeyPart>[] = [
  {
    id: "name",
    header: "Key",
    main: true,
    cell: ({ part }) => (
      <>
        <TextLink
          to="/keys/$keyId"
          params={{ keyId: part.id }}
          c="inherit"
          fw={600}
          lineClamp={3}
          title={part.name}
        >
          {part.name}
        </TextLink>
        <Text size="xs" c="dimmed" ff="monospace">
          {part.hint}
        </Text>
      </>
    ),
  },
  {
    id: "requests",
    header: "Requests",
    align: "end",
    tight: true,
    cell: ({ usage }) => (usage ? formatCount(totalOf(usage.buckets)) : "…"),
  },
  {
    id: "429",
    header: "429s",
    align: "end",
    tight: true,
    cell: ({ usage }) => (usage ? formatCount(usage.refusals["429"]) : "…"),
  },
  budgetColumn("read"),
  budgetColumn("write"),
  budgetColumn("execute"),
];

export function ByKeyTable({ span }: { span: Span }) {
  const keys = useQuery(usedKeysQuery);
  const used = useMemo(() => busiestOf([...(keys.data?.items ?? [])]), [keys.data]);
  const usages = useQueries({ queries: used.map((key) => keyUsageQuery(key.id, span)) });
  const rows = used
    .map((part, index): KeyPart => ({ part, usage: usages[index]?.data }))
    .sort((a, b) => totalOf(b.usage?.buckets ?? []) - totalOf(a.usage?.buckets ?? []));
  return (
    <>
      <DataTable
        caption="Requests by key"
        columns={COLUMNS}
        rows={rows}
        rowKey={(row) => row.part.id}
        state={keys}
        linked
        empty={
          <EmptyState icon={IconKey} title="No key was used in 30 days">
            Requests are counted here within seconds of their arrival.
          </EmptyState>
        }
      />
      {used.length === MOST_KEYS && (
        <Text size="sm" c="dimmed" mt="xs">
          The {MOST_KEYS} busiest{keys.data?.meta.hasMore && " of your newest 100 keys"}. Each
          key&apos;s own page shows its use.
        </Text>
      )}
    </>
  );
}
