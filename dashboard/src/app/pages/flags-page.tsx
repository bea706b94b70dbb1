/** Unusual patterns, each with evidence and advice. */
import { IconShieldCheck } from "@tabler/icons-react";
import { Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { EmptyState, NoMatch } from "@/components/empty-state";
import { FilterBar, FilterChoice } from "@/components/filters";
import { Page } from "@/components/page";
import { FlagList } from "@/features/flags/flag-list";
import { LeakList } from "@/features/leaks/leak-list";
import { FLAG_KINDS, isFlagKind } from "@/features/flags/kinds";
import { words } from "@/lib/format";
import { keyNamesQuery } from "@/lib/key-names";
import { FLAG_STATES } from "../search";

const STATE_OPTIONS = FLAG_STATES.map((value) => ({ value, label: words(value) }));
const KIND_OPTIONS = Object.entries(FLAG_KINDS).map(([value, label]) => ({ value, label }));

export function FlagsPage() {
  const { tab = "flags" } = useSearch({ from: "/signed-in/flags" });
  const navigate = useNavigate();
  return (
    <Page title="Flags" description="What looked unusual about a key, and what to do about it.">
      <Tabs
        value={tab}
        keepMounted={false}
        onChange={(next) =>
          void navigate({ to: "/flags", search: { tab: next ?? undefined }, replace: true })
        }
      >
        <Tabs.List mb="lg">
          <Tabs.Tab value="flags">Unusual patterns</Tabs.Tab>
          <Tabs.Tab value="leaks">Leak reports</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="flags">
          <FilteredFlags />
        </Tabs.Panel>
        <Tabs.Panel value="leaks">
          <LeakList />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}

function FilteredFlags() {
  const { tab, ...filters } = useSearch({ from: "/signed-in/flags" });
  const navigate = useNavigate();
  const names = useQuery(keyNamesQuery).data;
  const set = (change: Partial<typeof filters>) =>
    void navigate({ to: "/flags", search: { tab, ...filters, ...change }, replace: true });
  const isFiltered = Boolean(filters.state ?? filters.kind ?? filters.keyId);
  const clear = () => set({ state: undefined, kind: undefined, keyId: undefined });
  return (
    <>
      <FilterBar onClear={isFiltered ? clear : undefined}>
        <FilterChoice
          label="State"
          value={filters.state}
          options={STATE_OPTIONS}
          onChange={(state) => set({ state: FLAG_STATES.find((one) => one === state) })}
        />
        <FilterChoice
          label="Kind"
          value={filters.kind}
          options={KIND_OPTIONS}
          onChange={(kind) => set({ kind: isFlagKind(kind) ? kind : undefined })}
        />
        <FilterChoice
          label="Key"
          value={filters.keyId}
          options={[...(names ?? [])].map(([value, label]) => ({ value, label }))}
          onChange={(keyId) => set({ keyId })}
        />
      </FilterBar>
      <FlagList
        filters={filters}
        empty={
          isFiltered ? (
            <NoMatch what="flags" onClear={clear} />
          ) : (
            <EmptyState icon={IconShieldCheck} title="Nothing unusual was seen">
              Use from a new network, after long silence, from a browser, or far above a key's own
              norm shows up here with its evidence.
            </EmptyState>
          )
        }
      />
    </>
  );
}
