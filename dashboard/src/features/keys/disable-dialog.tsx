/** Stops a key for a while; it can be enabled again. */
import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { notifyDone } from "@/components/notify";
import type { Key } from "@/lib/api-types";
import { counted } from "@/lib/format";
import { lastHourQuery, useSwitchKey } from "./api";

interface DisableDialogProps {
  disabled: Key;
  opened: boolean;
  onClose: () => void;
}

export function DisableDialog({ disabled, opened, onClose }: DisableDialogProps) {
  const change = useSwitchKey(disabled.id);
  const usage = useQuery({ ...lastHourQuery(disabled.id), enabled: opened });
  const close = () => {
    change.reset();
    onClose();
  };
  const confirm = () =>
    change.mutate(
      { to: "disabled" },
      {
        onSuccess: () => {
          close();
          notifyDone(`${disabled.name} is disabled. You can enable it again at any time.`);
        },
      },
    );
  return (
    <ConfirmDialog
      opened={opened}
      onClose={close}
      title={`Disable ${disabled.name}?`}
      verb="Disable key"
      failed="The key was not disabled and still works."
      onConfirm={confirm}
      isPending={change.isPending}
      error={change.error}
    >
      <Text>
        {usage.data
          ? `${counted(usage.data, "request")} in the last hour came with this key. They will be refused until you enable it again.`
          : "Requests with this key will be refused until you enable it again."}
      </Text>
    </ConfirmDialog>
  );
}
