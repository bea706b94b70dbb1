/** Changes what a member may do. */
import { Stack, Text } from "@mantine/core";
import { useState } from "react";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { notifyDone } from "@/components/notify";
import type { Member } from "@/lib/api-types";
import { words } from "@/lib/format";
import { useChangeRole } from "./api";
import { RolePicker } from "./role-picker";

export function RoleDialog({ member, onClose }: { member: Member; onClose: () => void }) {
  const [role, setRole] = useState(member.role);
  const change = useChangeRole();
  const confirm = () =>
    change.mutate(
      { id: member.id, role },
      {
        onSuccess: () => {
          onClose();
          notifyDone(`${member.name} is now ${words(role).toLowerCase()}.`);
        },
      },
    );
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title={`Role of ${member.name}`}
      verb="Change role"
      failed={`${member.name} keeps the role ${member.role}.`}
      onConfirm={confirm}
      isPending={change.isPending}
      error={change.error}
      ready={role !== member.role}
      calm
    >
      <Stack>
        <RolePicker value={role} onChange={setRole} />
        <Text size="sm" c="dimmed">
          Their other sessions end, so that the new role holds at once.
        </Text>
      </Stack>
    </ConfirmDialog>
  );
}
