/** Invites that nobody has accepted yet. */
import { Button, VisuallyHidden } from "@mantine/core";
import { IconMail } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { type Column, DataTable } from "@/components/data-table";
import { EmptyState } from "@/components/empty-state";
import { notifyDone, notifyFailed } from "@/components/notify";
import { Time } from "@/components/time";
import type { Invite } from "@/lib/api-types";
import { words } from "@/lib/format";
import { invitesQuery, useWithdrawInvite } from "./api";

export function InvitesTable({ onInvite }: { onInvite: () => void }) {
  const invites = useQuery(invitesQuery);
  const withdraw = useWithdrawInvite();
  const withdrawOne = (invite: Invite) =>
    withdraw.mutate(invite.id, {
      onSuccess: () => notifyDone(`The invite of ${invite.email} no longer works.`),
      onError: (error) => notifyFailed("The invite still works.", error),
    });
  const columns: Column<Invite>[] = [
    { id: "email", header: "E-mail", cell: (invite) => invite.email },
    { id: "role", header: "Role", tight: true, cell: (invite) => words(invite.role) },
    {
      id: "sent",
      header: "Invited",
      hideBelow: "sm",
      tight: true,
      cell: (invite) => <Time value={invite.createdAt} />,
    },
    {
      id: "expires",
      header: "Expires",
      tight: true,
      cell: (invite) => <Time value={invite.expiresAt} />,
    },
    {
      id: "act",
      header: <VisuallyHidden>Acts</VisuallyHidden>,
      align: "end",
      tight: true,
      cell: (invite) => (
        <Button variant="default" size="compact-sm" onClick={() => withdrawOne(invite)}>
          Withdraw
        </Button>
      ),
    },
  ];
  return (
    <DataTable
      caption="Open invites"
      columns={columns}
      rows={invites.data?.items ?? []}
      rowKey={(invite) => invite.id}
      state={invites}
      empty={
        <EmptyState
          icon={IconMail}
          title="No open invites"
          action={<Button onClick={onInvite}>Invite someone</Button>}
        >
          Invite a colleague with the least role that does. The link works once, for seven days.
        </EmptyState>
      }
    />
  );
}
