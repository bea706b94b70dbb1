/**
 * A new key on its one showing: copy, try it in three languages, watch it be used.
 * The parent holds the key in state alone and drops it in `onStored`; then it is nowhere in the page.
 */
import { Group, Text } from "@mantine/core";
import { Callout } from "@/components/callout";
import { CodeTabs } from "@/components/code-block";
import { CopyButton } from "@/components/copy-button";
import { SecretField } from "@/components/secret-field";
import { ShownOnce } from "@/components/shown-once";
import type { KeyWithSecret } from "@/lib/api-types";
import { firstCallSamples } from "@/lib/samples";
import { FirstUse } from "./first-use";

interface KeySecretDialogProps {
  created: KeyWithSecret | null;
  onStored: () => void;
}

export function KeySecretDialog({ created, onStored }: KeySecretDialogProps) {
  if (created && created.key === null)
    return <AlreadyShown created={created} onStored={onStored} />;
  return (
    <ShownOnce
      opened={created !== null}
      title="Store this key now"
      stored="I have stored it"
      onStored={onStored}
      size="xl"
    >
      {created?.key && (
        <>
          <Text>
            <strong>{created.name}</strong> is ready. This is the only time that the key is shown:
            put it into an environment variable or a secrets manager, never into client-side code or
            a repository.
          </Text>
          <SecretField value={created.key} label="API key" />
          <Group gap="xs">
            <CopyButton
              value={`JUSTPAID_API_KEY=${created.key}`}
              label="Copy as JUSTPAID_API_KEY=…"
              variant="default"
              size="xs"
            />
          </Group>
          <div>
            <Text fw={600} mb={4}>
              Try it
            </Text>
            <CodeTabs samples={firstCallSamples()} />
          </div>
          <FirstUse keyId={created.id} />
        </>
      )}
    </ShownOnce>
  );
}

function AlreadyShown({ created, onStored }: { created: KeyWithSecret; onStored: () => void }) {
  return (
    <ShownOnce opened title="The key was made before" stored="I understand" onStored={onStored}>
      <Callout tone="amber" title={`${created.name} (${created.hint})`}>
        This request was repeated. The key was shown with the first answer and cannot be shown
        again. If that answer never reached you, rotate the key to get a new one.
      </Callout>
    </ShownOnce>
  );
}
