/** Recomputes the chain and says, plainly, whether anything was changed or cut. */
import { Button, Group } from "@mantine/core";
import { IconShieldCheck, IconShieldX } from "@tabler/icons-react";
import { Callout } from "@/components/callout";
import { ErrorNotice } from "@/components/error-notice";
import { Identifier } from "@/components/identifier";
import type { Verification } from "@/lib/api-types";
import { counted } from "@/lib/format";
import { useVerifyAudit } from "./api";

export function useVerification() {
  const verify = useVerifyAudit();
  return {
    button: (
      <Button
        variant="default"
        leftSection={<IconShieldCheck size={16} />}
        loading={verify.isPending}
        onClick={() => verify.mutate()}
      >
        Verify the chain
      </Button>
    ),
    result: (
      <div role="status">
        <ErrorNotice error={verify.error} failed="The chain was not verified." />
        {verify.data && <Result verified={verify.data} />}
      </div>
    ),
  };
}

function Result({ verified }: { verified: Verification }) {
  if (verified.valid) {
    return (
      <Callout tone="green" spaced icon={IconShieldCheck} title="The chain holds">
        {counted(verified.rows, "row")} recomputed; none was changed, added or cut. Head{" "}
        <Identifier id={verified.head} />
      </Callout>
    );
  }
  return (
    <Callout tone="red" spaced icon={IconShieldX} title="The chain is broken">
      <Group gap={6}>
        {verified.firstBadId ? (
          <>
            The first row that does not fit is <Identifier id={verified.firstBadId} />
          </>
        ) : (
          "Rows are missing at the end."
        )}
      </Group>
      Keep the database as it is, and compare with the signed heads in your logs.
    </Callout>
  );
}
