/** Says when the browser is offline, and stops saying it when it is back. */
import { IconPlugConnectedX } from "@tabler/icons-react";
import { onlineManager } from "@tanstack/react-query";
import { Callout } from "@/components/callout";
import { useSyncExternalStore } from "react";

export function Offline() {
  const isOnline = useSyncExternalStore(
    (listener) => onlineManager.subscribe(listener),
    () => onlineManager.isOnline(),
  );
  return (
    <div role="status">
      {!isOnline && (
        <Callout tone="amber" icon={IconPlugConnectedX} title="You are offline">
          What you see may be old. It refreshes by itself when the connection is back.
        </Callout>
      )}
    </div>
  );
}
