/** Says that a page updates by itself, when it last did, and when the connection is lost. */
import { Group, Text } from "@mantine/core";
import { IconAccessPoint, IconPlugConnectedX } from "@tabler/icons-react";
import { formatRelative } from "@/lib/format";
import { useNow } from "./time";

const TICK_MS = 1000;

export function LiveMark({ updatedAt, isLost }: { updatedAt: number; isLost: boolean }) {
  const now = useNow(TICK_MS);
  const Icon = isLost ? IconPlugConnectedX : IconAccessPoint;
  const seen = updatedAt > 0 ? formatRelative(new Date(updatedAt).toISOString(), now) : "soon";
  return (
    <Group gap={6} wrap="nowrap" c={isLost ? "var(--status-red)" : "dimmed"}>
      <Icon size={16} aria-hidden="true" />
      <Text size="sm" inherit={false} c="inherit">
        {isLost ? "Connection lost: trying again" : `Live, updated ${seen}`}
      </Text>
    </Group>
  );
}
