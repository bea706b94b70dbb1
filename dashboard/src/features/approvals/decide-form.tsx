/** Approve or reject, with a comment that the run's next steps can read. */
import { Button, Group, Stack, Textarea } from "@mantine/core";
import { useForm } from "@mantine/form";
import { ErrorNotice } from "@/components/error-notice";
import { useDraft } from "@/components/use-draft";
import type { Approval } from "@/lib/api-types";
import type { Decision } from "./api";
import classes from "./approvals.module.css";

const MOST_COMMENT = 2000;

interface DecideFormProps {
  approval: Approval;
  /** What is being sent now. */
  sending: Decision | undefined;
  error: Error | null;
  /** Calls back once the decision is stored. */
  onDecide: (decision: Decision, onStored: () => void) => void;
}

export function DecideForm({ approval, sending, error, onDecide }: DecideFormProps) {
  const form = useForm({ initialValues: { comment: "" } });
  const draft = useDraft(`approval-${approval.id}`, form, ["comment"]);
  const decide = (approved: boolean) =>
    onDecide({ approved, comment: form.values.comment.trim() }, draft.forget);
  return (
    <Stack>
      <Textarea
        label="Comment"
        description="Optional. Stands beside your decision and in the audit log; the steps that follow can read it."
        autosize
        minRows={2}
        maxLength={MOST_COMMENT}
        {...form.getInputProps("comment")}
      />
      <ErrorNotice error={error} failed="Nothing was decided." />
      <Group gap="xs">
        {approval.mayApprove && (
          <Button
            className={classes.act}
            loading={sending?.approved === true}
            disabled={sending?.approved === false}
            onClick={() => decide(true)}
          >
            {approval.approveLabel ?? "Approve"}
          </Button>
        )}
        <Button
          className={classes.act}
          variant="default"
          c={sending ? undefined : "var(--status-red)"}
          loading={sending?.approved === false}
          disabled={sending?.approved === true}
          onClick={() => decide(false)}
        >
          {approval.rejectLabel ?? "Reject"}
        </Button>
      </Group>
    </Stack>
  );
}
