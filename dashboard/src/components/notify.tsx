/** Short toasts for what worked; failures stay until they are read. */
import { Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import type { ReactNode } from "react";
import { nextStep } from "@/lib/errors";
import { RequestId } from "./error-notice";

const SHORT_MS = 5000;

export function notifyDone(message: string, more?: ReactNode): void {
  notifications.show({
    message: (
      <>
        {message} {more}
      </>
    ),
    autoClose: SHORT_MS,
    withBorder: true,
    color: "green",
    role: "status",
    closeButtonProps: { "aria-label": "Close" },
  });
}

/** `failed` says what did not happen: "The flag was not acknowledged." */
export function notifyFailed(failed: string, error: Error): void {
  notifications.show({
    title: failed,
    message: (
      <>
        <Text size="sm">
          {error.message} {nextStep(error)}
        </Text>
        <RequestId error={error} />
      </>
    ),
    autoClose: false,
    withBorder: true,
    color: "red",
    role: "alert",
    closeButtonProps: { "aria-label": "Close" },
  });
}
