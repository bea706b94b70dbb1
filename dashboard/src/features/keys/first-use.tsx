/** Turns green by itself when the first request with a key arrives. */
import { Group, Loader, Text } from "@mantine/core";
import { IconCircleCheckFilled } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Time } from "@/components/time";
import { firstUseQuery } from "./api";

export function FirstUse({ keyId }: { keyId: string }) {
  const { data, isError } = useQuery(firstUseQuery(keyId));
  const usedAt = data?.value.lastUsedAt;
  return (
    <Group gap="xs" role="status" wrap="nowrap">
      {usedAt ? (
        <>
          <IconCircleCheckFilled size={20} color="var(--status-green)" aria-hidden="true" />
          <Text>
            The key works: first used <Time value={usedAt} />
            {data.value.lastUsedIp && <> from {data.value.lastUsedIp}</>}.
          </Text>
        </>
      ) : (
        <>
          <Loader size="xs" aria-hidden="true" />
          <Text c="dimmed">
            {isError
              ? "Connection lost: trying again."
              : "Waiting for the first request. This turns green by itself, within a minute of it."}
          </Text>
        </>
      )}
    </Group>
  );
}
