/** Where a person is signed in, and the way to end each. */
import { Button, Text, VisuallyHidden } from "@mantine/core";
import { IconDevices } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { type Column, DataTable } from "@/components/data-table";
import { EmptyState } from "@/components/empty-state";
import { notifyDone, notifyFailed } from "@/components/notify";
import { StatusBadge } from "@/components/status-badge";
import { Time } from "@/components/time";
import type { SessionRow } from "@/lib/api-types";
import { sessionsQuery, useEndSession } from "./api";
import { agentName } from "./agent-name";

export function SessionsTable() {
  const sessions = useQuery(sessionsQuery);
  const end = useEndSession();
  const endOne = (row: SessionRow) =>
    end.mutate(row.id, {
      onSuccess: () => notifyDone("The session was ended."),
      onError: (error) => notifyFailed("The session was not ended.", error),
    });
  const columns: Column<SessionRow>[] = [
    {
      id: "agent",
      header: "Browser",
      main: true,
      cell: (row) => (
        <>
          <Text fw={600} title={row.agent ?? ""}>
            {agentName(row.agent)}
          </Text>
          <Text c="dimmed" fz={13}>
            {row.ip ?? "address unknown"}
          </Text>
        </>
      ),
    },
    { id: "seen", header: "Last seen", cell: (row) => <Time value={row.lastSeenAt} /> },
    {
      id: "began",
      header: "Signed in",
      hideBelow: "sm",
      cell: (row) => <Time value={row.createdAt} />,
    },
    {
      id: "act",
      header: <VisuallyHidden>Acts</VisuallyHidden>,
      align: "end",
      tight: true,
      cell: (row) =>
        row.current ? (
          <StatusBadge tone="green">This one</StatusBadge>
        ) : (
          <Button variant="default" size="compact-sm" onClick={() => endOne(row)}>
            End
          </Button>
        ),
    },
  ];
  return (
    <DataTable
      caption="Your sessions"
      columns={columns}
      rows={sessions.data?.items ?? []}
      rowKey={(row) => row.id}
      state={sessions}
      empty={
        <EmptyState icon={IconDevices} title="No sessions">
          You are signed in here, so this should not happen. Reload the page.
        </EmptyState>
      }
    />
  );
}
