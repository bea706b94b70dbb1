/** Revokes for good: says how much still uses the key, and asks for its name if anything did just now. */
import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { notifyDone } from "@/components/notify";
import type { Key } from "@/lib/api-types";
import { ApiError } from "@/lib/errors";
import { counted } from "@/lib/format";
import { lastHourQuery, useRevokeKey } from "./api";

interface RevokeDialogProps {
  revoked: Key;
  opened: boolean;
  onClose: () => void;
}

const HOUR_MS = 3_600_000;

function wasJustUsed(lastUsedAt: string | null): boolean {
  return lastUsedAt !== null && Date.now() - Date.parse(lastUsedAt) < HOUR_MS;
}

function asksForName(error: Error | null): boolean {
  return error instanceof ApiError && error.details.some((one) => one.field === "confirm");
}

export function RevokeDialog({ revoked, opened, onClose }: RevokeDialogProps) {
  const revoke = useRevokeKey(revoked.id);
  const usage = useQuery({ ...lastHourQuery(revoked.id), enabled: opened });
  const requests = usage.data ?? 0;
  const isInUse = requests > 0 || wasJustUsed(revoked.lastUsedAt) || asksForName(revoke.error);
  const close = () => {
    revoke.reset();
    onClose();
  };
  const confirm = () =>
    revoke.mutate(isInUse ? { confirm: revoked.name } : {}, {
      onSuccess: () => {
        close();
        notifyDone(`${revoked.name} is revoked. No request with it is accepted any more.`);
      },
    });
  return (
    <ConfirmDialog
      opened={opened}
      onClose={close}
      title={`Revoke ${revoked.name}?`}
      verb="Revoke key"
      failed="The key was not revoked and still works."
      onConfirm={confirm}
      isPending={revoke.isPending}
      error={revoke.error}
      typedName={isInUse ? revoked.name : null}
      ready={!usage.isLoading}
    >
      <Consequence isLoading={usage.isLoading} isInUse={isInUse} requests={requests} />
      <Text mt="xs">
        Revoking is final. To stop a key for a while, disable it instead; to replace one without
        downtime, rotate it.
      </Text>
    </ConfirmDialog>
  );
}

interface ConsequenceProps {
  isLoading: boolean;
  isInUse: boolean;
  requests: number;
}

function Consequence({ isLoading, isInUse, requests }: ConsequenceProps) {
  if (isLoading) return <Text role="status">Counting what still uses it…</Text>;
  if (!isInUse) return <Text>Nothing used this key in the last hour.</Text>;
  return (
    <Text fw={600} c="var(--status-red)">
      {requests > 0
        ? `${counted(requests, "request")} in the last hour came with this key. The next one will be refused.`
        : "This key was used in the last hour. Whatever uses it will be refused."}
    </Text>
  );
}
