/** Copies a text and says so, to the eye and to a screen reader. */
import { ActionIcon, Button, type ButtonProps, Tooltip } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { VisuallyHidden } from "@mantine/core";

const SHOWN_MS = 2000;

export function CopyIcon({ value, what }: { value: string; what: string }) {
  const clipboard = useClipboard({ timeout: SHOWN_MS });
  const label = clipboard.copied ? "Copied" : `Copy ${what}`;
  return (
    <>
      <Tooltip label={label}>
        <ActionIcon
          variant="subtle"
          color="gray"
          size={24}
          aria-label={`Copy ${what}`}
          onClick={(event) => {
            event.stopPropagation();
            clipboard.copy(value);
          }}
        >
          {clipboard.copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
        </ActionIcon>
      </Tooltip>
      <VisuallyHidden role="status">{clipboard.copied ? `Copied ${what}` : ""}</VisuallyHidden>
    </>
  );
}

interface CopyButtonProps extends ButtonProps {
  value: string;
  label: string;
  onCopied?: () => void;
}

export function CopyButton({ value, label, onCopied, ...props }: CopyButtonProps) {
  const clipboard = useClipboard({ timeout: SHOWN_MS });
  return (
    <>
      <Button
        leftSection={clipboard.copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
        onClick={() => {
          clipboard.copy(value);
          onCopied?.();
        }}
        {...props}
      >
        {clipboard.copied ? "Copied" : label}
      </Button>
      <VisuallyHidden role="status">{clipboard.copied ? "Copied" : ""}</VisuallyHidden>
    </>
  );
}
