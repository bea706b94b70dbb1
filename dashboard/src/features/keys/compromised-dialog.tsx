/** For a key that leaked: revokes it at once, and makes its replacement in the same act. */
import { Checkbox, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { notifyDone } from "@/components/notify";
import type { Key, KeyWithSecret } from "@/lib/api-types";
import { useReportCompromised } from "./api";

interface CompromisedDialogProps {
  leaked: Key;
  opened: boolean;
  onClose: () => void;
  onReplaced: (key: KeyWithSecret) => void;
}

export function CompromisedDialog({ leaked, opened, onClose, onReplaced }: CompromisedDialogProps) {
  const [reason, setReason] = useState("");
  const [replace, setReplace] = useState(true);
  const report = useReportCompromised(leaked.id, (replacement) => {
    onClose();
    notifyDone(`${leaked.name} is revoked.`);
    if (replacement) onReplaced(replacement);
  });
  const close = () => {
    report.reset();
    onClose();
  };
  const confirm = () =>
    report.mutate(
      { replace, ...(reason.trim() ? { reason: reason.trim() } : {}) },
      { onSuccess: report.reset },
    );
  return (
    <ConfirmDialog
      opened={opened}
      onClose={close}
      title={`${leaked.name} is compromised`}
      verb={replace ? "Revoke and replace" : "Revoke now"}
      failed="Nothing was revoked: the key still works."
      onConfirm={confirm}
      isPending={report.isPending}
      error={report.error}
    >
      <Stack>
        <Text>
          The key is revoked at once and for good. Applications that use it are refused until they
          have the replacement.
        </Text>
        <Checkbox
          label="Make a replacement with the same name, scopes and limits"
          description="Shown once, right after this."
          checked={replace}
          onChange={(event) => setReplace(event.currentTarget.checked)}
        />
        <TextInput
          label="What happened"
          description="Stands in the audit log. Optional."
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
      </Stack>
    </ConfirmDialog>
  );
}
