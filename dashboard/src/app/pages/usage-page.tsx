/** Requests of the whole company, by key, route and status. */
import { Button, SimpleGrid } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { ErrorNotice } from "@/components/error-notice";
import { FilterBar, FilterChoice } from "@/components/filters";
import { ButtonLink } from "@/components/links";
import { LiveMark } from "@/components/live-mark";
import { Page, Section } from "@/components/page";
import { companyUsageQuery, csvAddress, usedKeysQuery } from "@/features/usage/api";
import { ByKeyTable } from "@/features/usage/by-key-table";
import { Refusals } from "@/features/usage/refusals";
import { sharesBy } from "@/features/usage/series";
import { SharesTable } from "@/features/usage/shares-table";
import { SpanSwitch } from "@/features/usage/span-switch";
import { UsageView } from "@/features/usage/usage-view";
import { STATUS_CLASSES } from "../search";

const STATUS_OPTIONS = STATUS_CLASSES.map((value) => ({ value, label: value }));

export function UsagePage() {
  const search = useSearch({ from: "/signed-in/usage" });
  const span = search.span ?? "7d";
  const filters = { ...search, span };
  const navigate = useNavigate();
  const set = (change: Partial<typeof search>) =>
    void navigate({ to: "/usage", search: { ...search, ...change }, replace: true });
  const usage = useQuery(companyUsageQuery(filters));
  const keys = useQuery(usedKeysQuery).data?.items ?? [];
  const buckets = usage.data?.buckets;
  const routes = buckets ? sharesBy(buckets, "route") : [];
  const isFiltered = Boolean(search.keyId ?? search.route ?? search.statusClass);
  const clear = () => set({ keyId: undefined, route: undefined, statusClass: undefined });
  return (
    <Page
      title="Usage"
      actions={
        <Button
          component="a"
          href={csvAddress(filters)}
          download
          variant="default"
          leftSection={<IconDownload size={16} />}
        >
          Download CSV
        </Button>
      }
    >
      <FilterBar onClear={isFiltered ? clear : undefined}>
        <SpanSwitch value={span} onChange={(next) => set({ span: next })} />
        <FilterChoice
          label="Key"
          value={search.keyId}
          options={keys.map((key) => ({ value: key.id, label: `${key.name} (${key.hint})` }))}
          onChange={(keyId) => set({ keyId })}
        />
        <FilterChoice
          label="Route"
          value={search.route}
          options={routes.map(({ name }) => ({ value: name, label: name }))}
          onChange={(route) => set({ route })}
        />
        <FilterChoice
          label="Status"
          value={search.statusClass}
          options={STATUS_OPTIONS}
          onChange={(next) => set({ statusClass: STATUS_CLASSES.find((one) => one === next) })}
        />
      </FilterBar>
      <Section
        title="Requests"
        actions={<LiveMark updatedAt={usage.dataUpdatedAt} isLost={usage.isError} />}
      >
        {usage.error && !usage.data ? (
          <ErrorNotice error={usage.error} onRetry={() => void usage.refetch()} />
        ) : (
          <UsageView buckets={buckets} span={span} />
        )}
      </Section>
      {usage.data && (
        <Section title="Refused">
          <Refusals usage={usage.data} />
        </Section>
      )}
      <Section
        title="By key"
        actions={
          <ButtonLink to="/keys" search={{ due: true }} variant="subtle" size="compact-sm">
            Keys due for rotation
          </ButtonLink>
        }
      >
        <ByKeyTable span={span} />
      </Section>
      {buckets && (
        <SimpleGrid cols={{ base: 1, md: 2 }} spacing="xl">
          <Section title="By route">
            <SharesTable caption="Requests by route" head="Route" shares={routes} />
          </Section>
          <Section title="By status">
            <SharesTable
              caption="Requests by status"
              head="Status"
              shares={sharesBy(buckets, "statusClass")}
            />
          </Section>
        </SimpleGrid>
      )}
    </Page>
  );
}
