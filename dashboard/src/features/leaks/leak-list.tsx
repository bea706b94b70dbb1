/** Leak reports: which key, where it was seen, what was done by itself, what a person decided. */
import { Button, VisuallyHidden } from "@mantine/core";
import { IconShieldCheck } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type Column, DataTable } from "@/components/data-table";
import { EmptyState } from "@/components/empty-state";
import { KeyName } from "@/components/key-name";
import { TextLink } from "@/components/links";
import { StatusBadge } from "@/components/status-badge";
import { Time } from "@/components/time";
import type { Leak } from "@/lib/api-types";
import { rowsOf } from "@/lib/paged";
import { leaksQuery } from "./api";
import { ResolveLeakDialog } from "./resolve-leak-dialog";

const ACT_TEXT: Record<Leak["act"], string> = {
  revoked: "Revoked the key",
  cut_to_read: "Cut it to its read scopes",
  none: "Nothing",
};

function columnsFor(onAsk: (leak: Leak) => void): Column<Leak>[] {
  return [
    {
      id: "key",
      header: "Key",
      main: true,
      cell: (leak) => (
        <TextLink to="/keys/$keyId" params={{ keyId: leak.keyId }} c="inherit" fw={600}>
          <KeyName id={leak.keyId} />
        </TextLink>
      ),
    },
    { id: "url", header: "Seen at", hideBelow: "md", cell: (leak) => leak.url ?? "not said" },
    { id: "act", header: "Done by itself", hideBelow: "sm", cell: (leak) => ACT_TEXT[leak.act] },
    { id: "at", header: "Reported", tight: true, cell: (leak) => <Time value={leak.at} /> },
    {
      id: "state",
      header: <VisuallyHidden>State and acts</VisuallyHidden>,
      align: "end",
      tight: true,
      cell: (leak) =>
        leak.state === "open" ? (
          <Button variant="default" size="compact-sm" onClick={() => onAsk(leak)}>
            Resolve
          </Button>
        ) : (
          <StatusBadge tone="grey">Resolved</StatusBadge>
        ),
    },
  ];
}

export function LeakList() {
  const query = useInfiniteQuery(leaksQuery);
  const [asked, setAsked] = useState<Leak | null>(null);
  return (
    <>
      <DataTable
        caption="Leak reports"
        columns={columnsFor(setAsked)}
        rows={rowsOf(query.data)}
        rowKey={(leak) => leak.id}
        state={query}
        empty={
          <EmptyState icon={IconShieldCheck} title="No leak was reported">
            Whoever finds one of your keys can report it without an account. What then happens to
            the key is your company's setting.
          </EmptyState>
        }
      />
      {asked && <ResolveLeakDialog leak={asked} onClose={() => setAsked(null)} />}
    </>
  );
}
