/** The company's people: who they are, what they may do, and the acts on each. */
import { Button, Menu, Text, VisuallyHidden } from "@mantine/core";
import { IconDots, IconUsers } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type Column, DataTable } from "@/components/data-table";
import { EmptyState } from "@/components/empty-state";
import { Time } from "@/components/time";
import type { Member, Session } from "@/lib/api-types";
import { words } from "@/lib/format";
import { membersQuery } from "@/lib/people";
import { may, useSession } from "@/lib/session";
import { RemoveMemberDialog } from "./remove-member-dialog";
import { RoleDialog } from "./role-dialog";

interface Ask {
  act: "role" | "remove";
  member: Member;
}

function mayActOn(session: Session, member: Member): boolean {
  return may(session, "members") && (member.role !== "owner" || may(session, "owners"));
}

function columnsFor(session: Session, onAsk: (ask: Ask) => void): Column<Member>[] {
  return [
    {
      id: "name",
      header: "Name",
      main: true,
      cell: (member) => (
        <>
          <Text fw={600}>
            {member.name}
            {member.id === session.member.id && (
              <Text span c="dimmed" fw={400}>
                {" "}
                (you)
              </Text>
            )}
          </Text>
          <Text size="sm" c="dimmed">
            {member.email}
          </Text>
        </>
      ),
    },
    { id: "role", header: "Role", tight: true, cell: (member) => words(member.role) },
    {
      id: "joined",
      header: "Joined",
      hideBelow: "sm",
      tight: true,
      cell: (member) => (member.createdAt ? <Time value={member.createdAt} /> : null),
    },
    {
      id: "acts",
      header: <VisuallyHidden>Acts</VisuallyHidden>,
      align: "end",
      tight: true,
      cell: (member) => mayActOn(session, member) && <MemberMenu member={member} onAsk={onAsk} />,
    },
  ];
}

function MemberMenu({ member, onAsk }: { member: Member; onAsk: (ask: Ask) => void }) {
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button
          variant="subtle"
          color="gray"
          size="compact-sm"
          aria-label={`Acts on ${member.name}`}
        >
          <IconDots size={16} />
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => onAsk({ act: "role", member })}>Change role</Menu.Item>
        <Menu.Item color="red" onClick={() => onAsk({ act: "remove", member })}>
          Remove from the company
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

export function MembersTable() {
  const session = useSession();
  const members = useQuery(membersQuery);
  const [ask, setAsk] = useState<Ask | null>(null);
  const rows = members.data?.items ?? [];
  const close = () => setAsk(null);
  return (
    <>
      <DataTable
        caption="Members"
        columns={columnsFor(session, setAsk)}
        rows={rows}
        rowKey={(member) => member.id}
        state={members}
        empty={
          <EmptyState icon={IconUsers} title="Nobody here">
            A company has at least its owner. Reload the page.
          </EmptyState>
        }
      />
      {ask?.act === "role" && <RoleDialog member={ask.member} onClose={close} />}
      {ask?.act === "remove" && (
        <RemoveMemberDialog member={ask.member} others={rows} onClose={close} />
      )}
    </>
  );
}
