/** Asks before an act that hurts: names the thing, the consequence in numbers, and the verb on the button. */
import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { ErrorNotice } from "./error-notice";

interface ConfirmDialogProps {
  opened: boolean;
  onClose: () => void;
  title: string;
  children: ReactNode;
  verb: string;
  failed: string;
  onConfirm: () => void;
  isPending: boolean;
  error: Error | null;
  /** Must be typed before the verb works; null asks for nothing. */
  typedName?: string | null | undefined;
  /** False while what is asked about is not yet known. */
  ready?: boolean;
  calm?: boolean;
}

export function ConfirmDialog(props: ConfirmDialogProps) {
  const [typed, setTyped] = useState("");
  const { typedName, isPending, ready = true } = props;
  const matches = !typedName || typed.trim() === typedName;
  const close = () => {
    setTyped("");
    props.onClose();
  };
  return (
    <Modal opened={props.opened} onClose={close} title={props.title} size="md">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (matches && ready) props.onConfirm();
        }}
      >
        <Stack gap="md">
          <div>{props.children}</div>
          {typedName && (
            <TextInput
              label={
                <>
                  Type <strong>{typedName}</strong> to confirm
                </>
              }
              value={typed}
              autoComplete="off"
              spellCheck={false}
              onChange={(event) => setTyped(event.currentTarget.value)}
            />
          )}
          <ErrorNotice error={props.error} failed={props.failed} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button
              type="submit"
              color={props.calm ? undefined : "red"}
              loading={isPending}
              disabled={!matches || !ready}
            >
              {props.verb}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
