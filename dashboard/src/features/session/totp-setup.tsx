/** Scan, confirm with a code, store the recovery codes: they are shown this once. */
import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { CopyButton } from "@/components/copy-button";
import { ErrorNotice } from "@/components/error-notice";
import { SecretField } from "@/components/secret-field";
import { ShownOnce } from "@/components/shown-once";
import { useConfirmTotp } from "./api";
import { QrCode } from "./qr-code";

interface TotpSetupProps {
  secret: string;
  uri: string;
  onDone: () => void;
}

export function TotpSetup({ secret, uri, onDone }: TotpSetupProps) {
  const [code, setCode] = useState("");
  const confirm = useConfirmTotp();
  const codes = confirm.data?.recoveryCodes ?? [];
  const finish = () => {
    confirm.reset();
    onDone();
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        confirm.mutate(code.replaceAll(" ", ""));
      }}
    >
      <Stack maw={520}>
        <Text>1. Scan this with your authenticator app, or type the secret into it.</Text>
        <QrCode text={uri} label="QR code for the authenticator app" />
        <SecretField value={secret} label="Authenticator secret" />
        <TextInput
          label="2. Type the six-digit code that the app shows"
          inputMode="numeric"
          autoComplete="one-time-code"
          required
          maw={240}
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
        />
        <ErrorNotice error={confirm.error} failed="Two-step sign-in is not on yet." />
        <Group gap="xs">
          <Button type="submit" loading={confirm.isPending}>
            Turn on
          </Button>
          <Button variant="default" onClick={onDone}>
            Cancel
          </Button>
        </Group>
      </Stack>
      <ShownOnce
        opened={codes.length > 0}
        title="Two-step sign-in is on: store your recovery codes"
        stored="I have stored the recovery codes"
        onStored={finish}
      >
        <Text>Each code signs you in once if you lose your phone. They are not shown again.</Text>
        <pre tabIndex={0} aria-label="Recovery codes">
          {codes.join("\n")}
        </pre>
        <div>
          <CopyButton value={codes.join("\n")} label="Copy all" variant="default" />
        </div>
      </ShownOnce>
    </form>
  );
}
