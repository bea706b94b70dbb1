/** Step 4 of a rotation: who still uses the old key, a plain verdict, and the act. */
import { Button, Group, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { StatusBadge } from "@/components/status-badge";
import type { Key, KeyPair } from "@/lib/api-types";
import { OldTrafficTable } from "./old-traffic";
import { RevokeDialog } from "./revoke-dialog";
import { VERDICTS } from "./verdict";

export function RevokeStep({ old, pair }: { old: Key; pair: KeyPair }) {
  const [isAsking, setAsking] = useState(false);
  const verdict = VERDICTS[pair.verdict];
  const isSafe = pair.verdict === "safe_to_revoke";
  return (
    <Stack>
      <Group gap="xs" role="status">
        <StatusBadge tone={verdict.tone}>{verdict.word}</StatusBadge>
        <Text>{verdict.text(pair)}</Text>
      </Group>
      <OldTrafficTable pair={pair} />
      <div>
        <Button
          variant={isSafe ? "filled" : "default"}
          color={isSafe ? "red" : undefined}
          onClick={() => setAsking(true)}
        >
          Revoke the old key
        </Button>
      </div>
      <RevokeDialog
        revoked={{ ...old, lastUsedAt: pair.predecessor.lastUsedAt }}
        opened={isAsking}
        onClose={() => setAsking(false)}
      />
    </Stack>
  );
}
