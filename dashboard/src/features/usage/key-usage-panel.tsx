/** One key's use: chart, routes, status, refusals, and its three budgets right now. */
import { SimpleGrid } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { ErrorNotice } from "@/components/error-notice";
import { LiveMark } from "@/components/live-mark";
import { Section } from "@/components/page";
import type { Span } from "@/lib/spans";
import { keyUsageQuery } from "./api";
import { BudgetMeters } from "./budget-meters";
import { Refusals } from "./refusals";
import { sharesBy } from "./series";
import { SharesTable } from "./shares-table";
import { SpanSwitch } from "./span-switch";
import { UsageView } from "./usage-view";

interface KeyUsagePanelProps {
  keyId: string;
  span: Span;
  onSpan: (span: Span) => void;
}

export function KeyUsagePanel({ keyId, span, onSpan }: KeyUsagePanelProps) {
  const usage = useQuery(keyUsageQuery(keyId, span));
  const buckets = usage.data?.buckets;
  if (usage.error && !usage.data) {
    return <ErrorNotice error={usage.error} onRetry={() => void usage.refetch()} />;
  }
  return (
    <>
      <Section
        title="Budgets"
        actions={<LiveMark updatedAt={usage.dataUpdatedAt} isLost={usage.isError} />}
      >
        <BudgetMeters budgets={usage.data?.budgets} />
      </Section>
      <Section title="Requests" actions={<SpanSwitch value={span} onChange={onSpan} />}>
        <UsageView buckets={buckets} span={span} />
      </Section>
      {buckets && usage.data && (
        <>
          <SimpleGrid cols={{ base: 1, md: 2 }} spacing="xl">
            <Section title="By route">
              <SharesTable
                caption="Requests by route"
                head="Route"
                shares={sharesBy(buckets, "route")}
              />
            </Section>
            <Section title="By status">
              <SharesTable
                caption="Requests by status"
                head="Status"
                shares={sharesBy(buckets, "statusClass")}
              />
            </Section>
          </SimpleGrid>
          <Section title="Refused">
            <Refusals usage={usage.data} />
          </Section>
        </>
      )}
    </>
  );
}
