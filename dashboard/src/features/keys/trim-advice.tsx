/** Scopes that a key holds and does not use, and the one act that takes them away. */
import { Button, Text } from "@mantine/core";
import { IconScissors } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Callout } from "@/components/callout";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { notifyDone } from "@/components/notify";
import { ScopeChips } from "@/components/scope-chips";
import type { Key } from "@/lib/api-types";
import { counted, formatDay } from "@/lib/format";
import { adviceQuery, useTrimKey } from "./api";

export function TrimAdvice({ advised }: { advised: Key }) {
  const advice = useQuery({ ...adviceQuery(advised.id), enabled: advised.status !== "revoked" });
  const trim = useTrimKey(advised.id);
  const [isAsking, setAsking] = useState(false);
  const unused = advice.data?.unusedScopes ?? [];
  if (unused.length === 0) return null;
  const kept = advised.scopes.filter((scope) => !unused.includes(scope));
  const close = () => {
    setAsking(false);
    trim.reset();
  };
  const confirm = () =>
    trim.mutate(unused, {
      onSuccess: () => {
        close();
        notifyDone(`${advised.name} lost ${counted(unused.length, "scope")} it did not use.`);
      },
    });
  return (
    <>
      <Callout
        tone="blue"
        icon={IconScissors}
        spaced
        title="Least privilege"
        action={
          kept.length > 0 && (
            <Button variant="default" onClick={() => setAsking(true)}>
              Trim {counted(unused.length, "scope")}
            </Button>
          )
        }
      >
        <Text mb={6}>
          Not used since {advice.data && formatDay(advice.data.since)}
          {kept.length === 0 && ". No scope is used: consider revoking the key."}
        </Text>
        <ScopeChips scopes={unused} />
      </Callout>
      <ConfirmDialog
        opened={isAsking}
        onClose={close}
        title={`Trim ${advised.name}?`}
        verb="Trim scopes"
        failed="The key keeps its scopes."
        onConfirm={confirm}
        isPending={trim.isPending}
        error={trim.error}
        calm
      >
        <Text mb="xs">
          The key keeps the scopes below. Requests that need a trimmed one are refused with 403; you
          can grant it again.
        </Text>
        <ScopeChips scopes={kept} />
      </ConfirmDialog>
    </>
  );
}
