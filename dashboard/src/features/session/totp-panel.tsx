/** Two-step sign-in: on with a QR code and recovery codes shown once, off with the password. */
import { Button, Group, Modal, PasswordInput, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { ErrorNotice } from "@/components/error-notice";
import { notifyDone } from "@/components/notify";
import { StatusBadge } from "@/components/status-badge";
import { useSession } from "@/lib/session";
import { useRemoveTotp, useStartTotp } from "./api";
import { TotpSetup } from "./totp-setup";

type Ask = "on" | "off" | null;

export function TotpPanel() {
  const { member } = useSession();
  const [ask, setAsk] = useState<Ask>(null);
  const start = useStartTotp();
  const remove = useRemoveTotp();
  const close = () => {
    setAsk(null);
    start.reset();
    remove.reset();
  };
  const { secret, uri } = start.data ?? {};
  if (secret && uri) return <TotpSetup secret={secret} uri={uri} onDone={close} />;
  return (
    <>
      <Group>
        {member.totpEnabled === true && <StatusBadge tone="green">On</StatusBadge>}
        {member.totpEnabled === false && <StatusBadge tone="grey">Off</StatusBadge>}
        {member.totpEnabled !== true && (
          <Button onClick={() => setAsk("on")}>Turn on two-step sign-in</Button>
        )}
        {member.totpEnabled !== false && (
          <Button variant="default" onClick={() => setAsk("off")}>
            Turn off
          </Button>
        )}
      </Group>
      <Modal opened={ask !== null} onClose={close} title="Confirm that it is you">
        {ask && (
          <PasswordAsk
            verb={ask === "on" ? "Continue" : "Turn off"}
            text={
              ask === "on"
                ? "You will scan a code with an authenticator app."
                : "From then on your password alone signs you in, and the recovery codes stop working."
            }
            error={ask === "on" ? start.error : remove.error}
            isPending={start.isPending || remove.isPending}
            onSubmit={(password) =>
              ask === "on"
                ? start.mutate(password)
                : remove.mutate(password, {
                    onSuccess: () => {
                      close();
                      notifyDone("Two-step sign-in is off.");
                    },
                  })
            }
          />
        )}
      </Modal>
    </>
  );
}

interface PasswordAskProps {
  verb: string;
  text: string;
  error: Error | null;
  isPending: boolean;
  onSubmit: (password: string) => void;
}

function PasswordAsk({ verb, text, error, isPending, onSubmit }: PasswordAskProps) {
  const [password, setPassword] = useState("");
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit(password);
      }}
    >
      <Stack>
        <Text>{text}</Text>
        <PasswordInput
          label="Your password"
          autoComplete="current-password"
          required
          data-autofocus
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <ErrorNotice error={error} failed="Nothing was changed." />
        <Group justify="flex-end">
          <Button type="submit" loading={isPending}>
            {verb}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
