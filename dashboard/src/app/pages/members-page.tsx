/** The company's people and open invites. */
import { Button, Tabs } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconUserPlus } from "@tabler/icons-react";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Page } from "@/components/page";
import { InviteDialog } from "@/features/members/invite-dialog";
import { InvitesTable } from "@/features/members/invites-table";
import { MembersTable } from "@/features/members/members-table";
import { usePageActs } from "@/lib/page-acts";
import { may, useSession } from "@/lib/session";

export function MembersPage() {
  const { tab = "members" } = useSearch({ from: "/signed-in/members" });
  const navigate = useNavigate();
  const mayManage = may(useSession(), "members");
  const [isInviting, invite] = useDisclosure();
  usePageActs(mayManage ? [{ label: "Invite someone", key: "c", run: invite.open }] : []);
  if (!mayManage) {
    return (
      <Page title="Members">
        <MembersTable />
      </Page>
    );
  }
  return (
    <Page
      title="Members"
      actions={
        <Button leftSection={<IconUserPlus size={16} />} onClick={invite.open}>
          Invite someone
        </Button>
      }
    >
      <Tabs
        value={tab}
        keepMounted={false}
        onChange={(next) =>
          void navigate({ to: "/members", search: { tab: next ?? undefined }, replace: true })
        }
      >
        <Tabs.List mb="lg">
          <Tabs.Tab value="members">Members</Tabs.Tab>
          <Tabs.Tab value="invites">Open invites</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="members">
          <MembersTable />
        </Tabs.Panel>
        <Tabs.Panel value="invites">
          <InvitesTable onInvite={invite.open} />
        </Tabs.Panel>
      </Tabs>
      <InviteDialog opened={isInviting} onClose={invite.close} />
    </Page>
  );
}
