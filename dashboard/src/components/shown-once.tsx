/**
 * A dialog for what is shown once. It closes only by its button, after "I have stored it"; then the
 * secret leaves the document, since the parent drops it in `onStored`.
 */
import { Button, Checkbox, Group, Modal, Stack } from "@mantine/core";
import { type ReactNode, useState } from "react";

interface ShownOnceProps {
  opened: boolean;
  title: string;
  stored: string;
  onStored: () => void;
  children: ReactNode;
  size?: string;
}

export function ShownOnce({ opened, title, stored, onStored, children, size }: ShownOnceProps) {
  const [isStored, setStored] = useState(false);
  const close = () => {
    setStored(false);
    onStored();
  };
  return (
    <Modal
      opened={opened}
      onClose={() => undefined}
      title={title}
      size={size ?? "lg"}
      withCloseButton={false}
      closeOnClickOutside={false}
      closeOnEscape={false}
      keepMounted={false}
    >
      <Stack gap="md">
        {children}
        <Checkbox
          label={stored}
          checked={isStored}
          onChange={(event) => setStored(event.currentTarget.checked)}
        />
        <Group justify="flex-end">
          <Button disabled={!isStored} onClick={close}>
            Done
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
