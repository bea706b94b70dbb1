/** Step 1 of a rotation: makes the successor, with an expiry only if asked for. */
import { Button, Stack } from "@mantine/core";
import { useState } from "react";
import { ErrorNotice } from "@/components/error-notice";
import type { Key, KeyWithSecret } from "@/lib/api-types";
import { useRotateKey } from "./api";
import { ExpiryField } from "./expiry-field";

interface GenerateSuccessorProps {
  old: Key;
  onCreated: (key: KeyWithSecret) => void;
}

export function GenerateSuccessor({ old, onCreated }: GenerateSuccessorProps) {
  const rotate = useRotateKey(old.id, onCreated);
  const [expiresAt, setExpiresAt] = useState<string | null>(null);
  const generate = () => rotate.mutate({ expiresAt }, { onSuccess: rotate.reset });
  return (
    <Stack>
      <ExpiryField value={expiresAt} onChange={setExpiresAt} />
      <ErrorNotice error={rotate.error} failed="No key was generated; the old one is as it was." />
      <div>
        <Button onClick={generate} loading={rotate.isPending} disabled={old.status !== "active"}>
          Generate new key
        </Button>
      </div>
    </Stack>
  );
}
