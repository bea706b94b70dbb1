/** Rotation as the contract has it: generate, update applications, verify, revoke. */
import { Group, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { CodeTabs } from "@/components/code-block";
import { ErrorNotice } from "@/components/error-notice";
import { TextLink } from "@/components/links";
import { LiveMark } from "@/components/live-mark";
import { Time } from "@/components/time";
import type { Key, KeyPair, KeyWithSecret } from "@/lib/api-types";
import { firstCallSamples } from "@/lib/samples";
import { pairQuery } from "./api";
import { FirstUse } from "./first-use";
import { GenerateSuccessor } from "./generate-successor";
import { KeySecretDialog } from "./key-secret-dialog";
import { RevokeStep } from "./revoke-step";
import { Step, Steps, type StepState } from "./stepper";

/** Names the step a rotation stands at, 1 to 4, or 5 when it is over. */
export function currentStep(old: Key, pair: KeyPair | undefined): number {
  if (old.status === "revoked") return 5;
  if (!pair || pair.successor.status === "revoked") return 1;
  return pair.successorFirstUsedAt ? 4 : 2;
}

function stateOf(step: number, current: number): StepState {
  if (step < current) return "done";
  return step === current || (step === 3 && current === 2) ? "current" : "later";
}

export function Rotation({ old }: { old: Key }) {
  const [created, setCreated] = useState<KeyWithSecret | null>(null);
  const query = useQuery({ ...pairQuery(old.id), enabled: old.rotatedTo !== null });
  const pair = query.data;
  const current = currentStep(old, pair);
  return (
    <>
      {query.error && !pair && (
        <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />
      )}
      <Steps>
        <Step
          number={1}
          state={stateOf(1, current)}
          title="Generate the new key"
          text="It gets the same name, scopes and limits. The old key stays valid until you revoke it."
        >
          {current === 1 ? (
            <GenerateSuccessor old={old} onCreated={setCreated} />
          ) : (
            pair && <SuccessorLine successor={pair.successor} />
          )}
        </Step>
        <Step
          number={2}
          state={stateOf(2, current)}
          title="Update your applications"
          text="Put the new key where the old one is: the environment variable JUSTPAID_API_KEY, or your secrets manager. Then check it from there."
        >
          {current > 1 && current < 5 && <CodeTabs samples={firstCallSamples()} />}
        </Step>
        <Step
          number={3}
          state={stateOf(3, current)}
          title="Verify that the new key works"
          text="The first request with it shows here by itself."
        >
          {pair && current > 1 && <FirstUse keyId={pair.successor.id} />}
        </Step>
        <Step
          number={4}
          state={stateOf(4, current)}
          title="Revoke the old key"
          text={
            old.status === "revoked"
              ? "The old key is revoked: the rotation is over."
              : "When you decide so. Nothing revokes it for you."
          }
        >
          {pair && old.status !== "revoked" && (
            <Stack>
              <LiveMark updatedAt={query.dataUpdatedAt} isLost={query.isError} />
              <RevokeStep old={old} pair={pair} />
            </Stack>
          )}
        </Step>
      </Steps>
      <KeySecretDialog created={created} onStored={() => setCreated(null)} />
    </>
  );
}

function SuccessorLine({ successor }: { successor: Key }) {
  return (
    <Group gap="xs">
      <TextLink to="/keys/$keyId" params={{ keyId: successor.id }}>
        {successor.name}
      </TextLink>
      <code>{successor.hint}</code>
      <Text c="dimmed">
        made <Time value={successor.createdAt} />
      </Text>
    </Group>
  );
}
