/** A person's decision about a leak report: revoke the key, or clear the report with a reason. */
import { Radio, Stack, Textarea } from "@mantine/core";
import { useState } from "react";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { notifyDone } from "@/components/notify";
import type { Leak } from "@/lib/api-types";
import { useResolveLeak } from "./api";

type Act = "revoke" | "clear";

export function ResolveLeakDialog({ leak, onClose }: { leak: Leak; onClose: () => void }) {
  const [act, setAct] = useState<Act>("revoke");
  const [comment, setComment] = useState("");
  const resolve = useResolveLeak();
  const confirm = () =>
    resolve.mutate(
      { id: leak.id, act, comment: comment.trim() },
      {
        onSuccess: () => {
          onClose();
          notifyDone("The report is resolved.");
        },
      },
    );
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title="Resolve the leak report"
      verb={act === "revoke" ? "Revoke the key" : "Clear the report"}
      failed="The report stays open."
      onConfirm={confirm}
      isPending={resolve.isPending}
      error={resolve.error}
      ready={comment.trim() !== ""}
      calm={act === "clear"}
    >
      <Stack>
        <Radio.Group label="Decision" value={act} onChange={(next) => setAct(next as Act)}>
          <Stack gap="xs" mt={6}>
            <Radio
              value="revoke"
              label="The key leaked: revoke it"
              description="At once and for good. Make a new key for what uses it."
            />
            <Radio
              value="clear"
              label="It was a false alarm"
              description="The key's scopes stay as they are now; grant again what was cut."
            />
          </Stack>
        </Radio.Group>
        <Textarea
          label="What you found"
          description="Stands in the audit log."
          required
          autosize
          minRows={2}
          value={comment}
          onChange={(event) => setComment(event.currentTarget.value)}
        />
      </Stack>
    </ConfirmDialog>
  );
}
