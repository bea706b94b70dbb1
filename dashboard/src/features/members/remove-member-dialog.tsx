/** Removes a member; their keys go on working under a new owner, named here. */
import { Select, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { notifyDone } from "@/components/notify";
import type { Member } from "@/lib/api-types";
import { counted } from "@/lib/format";
import { useSession } from "@/lib/session";
import { useRemoveMember } from "./api";

interface RemoveMemberDialogProps {
  member: Member;
  others: Member[];
  onClose: () => void;
}

const KEY_ROLES = ["owner", "admin"];

export function RemoveMemberDialog({ member, others, onClose }: RemoveMemberDialogProps) {
  const own = useSession().member.id;
  const remove = useRemoveMember();
  const heirs = others.filter((one) => one.id !== member.id && KEY_ROLES.includes(one.role));
  const usual = heirs.find((one) => one.id === own) ?? heirs[0];
  const [newKeyOwner, setNewKeyOwner] = useState<string | null>(usual?.id ?? null);
  const confirm = () =>
    remove.mutate(
      { id: member.id, newKeyOwner },
      {
        onSuccess: ({ keysMoved }) => {
          onClose();
          const moved = keysMoved > 0 ? ` ${counted(keysMoved, "key")} got a new owner.` : "";
          notifyDone(`${member.name} was removed.${moved}`);
        },
      },
    );
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title={`Remove ${member.name}?`}
      verb="Remove member"
      failed={`${member.name} is still a member.`}
      onConfirm={confirm}
      isPending={remove.isPending}
      error={remove.error}
    >
      <Stack>
        <Text>
          {member.email} loses access to this company at once, and their sessions end. Keys they own
          go on working under a new owner.
        </Text>
        <Select
          label="New owner of their keys"
          data={heirs.map((one) => ({ value: one.id, label: one.name }))}
          value={newKeyOwner}
          onChange={setNewKeyOwner}
          allowDeselect={false}
        />
      </Stack>
    </ConfirmDialog>
  );
}
