/** Step 1 of a rotation: makes the successor; an expiry and a quiet-time revocation only if asked for. */
import { Button, Checkbox, NumberInput, Stack } from "@mantine/core";
import { useState } from "react";
import { ErrorNotice } from "@/components/error-notice";
import type { Key, KeyWithSecret } from "@/lib/api-types";
import { useRotateKey } from "./api";
import { ExpiryField } from "./expiry-field";

const DEFAULT_QUIET_HOURS = 72;

interface GenerateSuccessorProps {
  old: Key;
  onCreated: (key: KeyWithSecret) => void;
}

export function GenerateSuccessor({ old, onCreated }: GenerateSuccessorProps) {
  const rotate = useRotateKey(old.id);
  const [expiresAt, setExpiresAt] = useState<string | null>(null);
  const [isAutomatic, setAutomatic] = useState(false);
  const [quietHours, setQuietHours] = useState<number>(DEFAULT_QUIET_HOURS);
  const generate = () =>
    rotate.mutate(
      {
        ...(expiresAt ? { expiresAt } : {}),
        ...(isAutomatic ? { autoRevokeAfterQuietHours: quietHours } : {}),
      },
      {
        onSuccess: ({ successor }) => {
          rotate.reset();
          onCreated(successor);
        },
      },
    );
  return (
    <Stack>
      <ExpiryField value={expiresAt} onChange={setExpiresAt} />
      <Checkbox
        label="Revoke the old key by itself once it has been quiet"
        description="Off unless you ask for it: the old key then stays valid until you revoke it."
        checked={isAutomatic}
        onChange={(event) => setAutomatic(event.currentTarget.checked)}
      />
      {isAutomatic && (
        <NumberInput
          label="Hours without a request"
          min={24}
          max={2160}
          allowDecimal={false}
          w={200}
          value={quietHours}
          onChange={(value) => setQuietHours(Number(value) || DEFAULT_QUIET_HOURS)}
        />
      )}
      <ErrorNotice error={rotate.error} failed="No key was generated; the old one is as it was." />
      <div>
        <Button onClick={generate} loading={rotate.isPending} disabled={old.status !== "active"}>
          Generate new key
        </Button>
      </div>
    </Stack>
  );
}
