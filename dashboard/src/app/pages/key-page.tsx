/** One key: its facts, use, access, flags and history. */
import { Skeleton, Tabs, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconFlag, IconHistory } from "@tabler/icons-react";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { EmptyState } from "@/components/empty-state";
import { Page } from "@/components/page";
import { AuditTable } from "@/features/audit/audit-table";
import { FlagList } from "@/features/flags/flag-list";
import { keyQuery } from "@/features/keys/api";
import { EditKey } from "@/features/keys/edit-key-form";
import { KeyActs } from "@/features/keys/key-acts";
import { KeyFacts } from "@/features/keys/key-facts";
import { KeyStatusBadge } from "@/features/keys/key-status";
import { TrimAdvice } from "@/features/keys/trim-advice";
import { KeyUsagePanel } from "@/features/usage/key-usage-panel";
import type { Key } from "@/lib/api-types";
import { may, useSession } from "@/lib/session";
import { KEY_TABS } from "../search";

const CRUMBS = [{ label: "API keys", to: "/keys" }];

export function KeyPage() {
  const { keyId } = useParams({ from: "/signed-in/keys/$keyId" });
  const found = useQuery(keyQuery(keyId));
  if (found.error && !found.data) throw found.error;
  if (!found.data) {
    return (
      <Page title="API key" crumbs={CRUMBS}>
        <Skeleton height={88} mb="lg" role="status" aria-label="Loading" />
        <Skeleton height={320} />
      </Page>
    );
  }
  const { value: shown, etag } = found.data;
  const heading = (
    <span style={{ display: "inline-flex", flexWrap: "wrap", gap: 12, alignItems: "center" }}>
      {shown.name} <KeyStatusBadge status={shown.status} />
    </span>
  );
  return (
    <Page
      title={shown.name}
      heading={heading}
      crumbs={CRUMBS}
      description={shown.note || undefined}
      actions={<KeyActs acted={shown} />}
    >
      <KeyFacts shown={shown} />
      <TrimAdvice advised={shown} />
      <KeyTabs shown={shown} etag={etag} onReload={async () => (await found.refetch()).data} />
    </Page>
  );
}

interface KeyTabsProps {
  shown: Key;
  etag: string | null;
  onReload: () => Promise<{ value: Key; etag: string | null } | undefined>;
}

function KeyTabs({ shown, etag, onReload }: KeyTabsProps) {
  const { tab = "usage", span = "7d" } = useSearch({ from: "/signed-in/keys/$keyId" });
  const navigate = useNavigate();
  const mayAudit = may(useSession(), "audit");
  const [openRow, setOpenRow] = useState<string | undefined>();
  const set = (search: { tab?: string; span?: string }) =>
    void navigate({
      to: "/keys/$keyId",
      params: { keyId: shown.id },
      search: { tab, span, ...search } as never,
      replace: true,
    });
  const tabs = KEY_TABS.filter((name) => name !== "history" || mayAudit);
  return (
    <Tabs value={tab} onChange={(next) => set({ tab: next ?? "usage" })} keepMounted={false}>
      <Tabs.List mb="lg">
        {tabs.map((name) => (
          <Tabs.Tab key={name} value={name} tt="capitalize">
            {name}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value="usage">
        <KeyUsagePanel keyId={shown.id} span={span} onSpan={(next) => set({ span: next })} />
      </Tabs.Panel>
      <Tabs.Panel value="access">
        {shown.status === "revoked" ? (
          <Text c="dimmed">A revoked key cannot be changed.</Text>
        ) : (
          <EditKey value={shown} etag={etag} onReload={onReload} />
        )}
      </Tabs.Panel>
      <Tabs.Panel value="flags">
        <FlagList
          filters={{ keyId: shown.id }}
          empty={
            <EmptyState icon={IconFlag} title="No flags">
              Nothing unusual was seen with this key.
            </EmptyState>
          }
        />
      </Tabs.Panel>
      <Tabs.Panel value="history">
        <AuditTable
          filters={{ object: shown.id }}
          openRow={openRow}
          onOpen={setOpenRow}
          empty={
            <EmptyState icon={IconHistory} title="No history">
              Every act on this key is written here.
            </EmptyState>
          }
        />
      </Tabs.Panel>
    </Tabs>
  );
}
