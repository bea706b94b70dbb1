/** A key's facts, and what stands out about it: a rotation under way, an age or expiry that asks for one. */
import { Stack } from "@mantine/core";
import type { ReactNode } from "react";
import { Actor } from "@/components/actor";
import { Callout } from "@/components/callout";
import { Facts } from "@/components/facts";
import { Identifier } from "@/components/identifier";
import { TextLink } from "@/components/links";
import { ScopeChips } from "@/components/scope-chips";
import { Time } from "@/components/time";
import type { Key } from "@/lib/api-types";
import { KeyAge } from "./key-age";

const EXPIRY_NOTICE_MS = 30 * 86_400_000;

function remarksOf(shown: Key): ReactNode[] {
  const remarks: ReactNode[] = [];
  if (shown.status === "revoked") return remarks;
  if (shown.rotatedTo) {
    remarks.push(
      <>
        This key has a successor, and both are valid.{" "}
        <TextLink
          to="/keys/$keyId/rotation"
          params={{ keyId: shown.id }}
          inherit
          underline="always"
        >
          See who still uses this one
        </TextLink>{" "}
        before you revoke it.
      </>,
    );
  } else if (shown.rotateDue) {
    remarks.push("This key is older than the 90 days after which keys should be rotated.");
  }
  const left = shown.expiresAt ? Date.parse(shown.expiresAt) - Date.now() : Infinity;
  if (left > 0 && left < EXPIRY_NOTICE_MS) {
    remarks.push(
      <>
        It expires <Time value={shown.expiresAt} />. From then on its requests are refused.
      </>,
    );
  }
  return remarks;
}

function successionOf(shown: Key): [string, ReactNode][] {
  if (!shown.rotatedFrom) return [];
  const link = (
    <TextLink key="from" to="/keys/$keyId" params={{ keyId: shown.rotatedFrom }}>
      An older key
    </TextLink>
  );
  return [["Successor of", link]];
}

export function KeyFacts({ shown }: { shown: Key }) {
  const remarks = remarksOf(shown);
  return (
    <>
      {remarks.length > 0 && (
        <Callout tone="amber" spaced>
          <Stack gap={4}>
            {remarks.map((remark, index) => (
              <div key={`${index.toString()}`}>{remark}</div>
            ))}
          </Stack>
        </Callout>
      )}
      <Facts
        facts={[
          ["Key", <code key="hint">{shown.hint}</code>],
          ["Id", <Identifier key="id" id={shown.id} />],
          ["Created by", <Actor key="by" actor={shown.createdBy} />],
          ["Owner", <Actor key="owner" actor={shown.owner} />],
          ["Age", <KeyAge key="age" keyed={shown} />],
          ["Last used", <Time key="used" value={shown.lastUsedAt} />],
          ["Expires", <Time key="expires" value={shown.expiresAt} exact />],
          ...successionOf(shown),
          ["Scopes", <ScopeChips key="scopes" scopes={shown.scopes} />, "wide"],
        ]}
      />
    </>
  );
}
