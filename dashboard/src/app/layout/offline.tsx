/** Says when the browser is offline, and stops saying it when it is back. */
import { Alert } from "@mantine/core";
import { IconPlugConnectedX } from "@tabler/icons-react";
import { onlineManager } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";

export function Offline() {
  const isOnline = useSyncExternalStore(
    (listener) => onlineManager.subscribe(listener),
    () => onlineManager.isOnline(),
  );
  return (
    <div role="status">
      {!isOnline && (
        <Alert
          color="yellow"
          radius={0}
          icon={<IconPlugConnectedX size={18} />}
          title="You are offline"
        >
          What you see may be old. It refreshes by itself when the connection is back.
        </Alert>
      )}
    </div>
  );
}
