/** Says that a person has looked at a flag, with what they found. */
import { Stack, Text, Textarea } from "@mantine/core";
import { useState } from "react";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { notifyDone } from "@/components/notify";
import type { Flag } from "@/lib/api-types";
import { useAcknowledgeFlag } from "./api";
import { kindText } from "./kinds";

export function AcknowledgeDialog({ flag, onClose }: { flag: Flag | null; onClose: () => void }) {
  const acknowledge = useAcknowledgeFlag();
  const [comment, setComment] = useState("");
  const close = () => {
    setComment("");
    acknowledge.reset();
    onClose();
  };
  const confirm = () => {
    if (!flag) return;
    acknowledge.mutate(
      { id: flag.id, comment: comment.trim() },
      {
        onSuccess: () => {
          close();
          notifyDone("The flag is acknowledged.");
        },
      },
    );
  };
  return (
    <ConfirmDialog
      opened={flag !== null}
      onClose={close}
      title={flag ? `${kindText(flag.kind)}: acknowledge` : ""}
      verb="Acknowledge"
      failed="The flag stays open."
      onConfirm={confirm}
      isPending={acknowledge.isPending}
      error={acknowledge.error}
      calm
    >
      <Stack>
        <Text>{flag?.advice}</Text>
        <Textarea
          label="What you found"
          description="Stands in the audit log. Optional."
          autosize
          minRows={2}
          value={comment}
          onChange={(event) => setComment(event.currentTarget.value)}
        />
      </Stack>
    </ConfirmDialog>
  );
}
