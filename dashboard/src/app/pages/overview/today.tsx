/** The last 24 hours of requests, against the 24 before. */
import { useQuery } from "@tanstack/react-query";
import { ErrorNotice } from "@/components/error-notice";
import { TextLink } from "@/components/links";
import { Facts } from "@/components/facts";
import { Section } from "@/components/page";
import { companyUsageQuery } from "@/features/usage/api";
import { UsageView } from "@/features/usage/usage-view";
import { totalOf } from "@/features/usage/series";
import type { Usage } from "@/lib/api-types";
import { formatCount } from "@/lib/format";

const DAY_MS = 86_400_000;

function sumsOf(week: Usage) {
  const since = Date.now() - DAY_MS;
  const recent = week.buckets.filter((bucket) => Date.parse(bucket.at) >= since);
  const before = week.buckets.filter((bucket) => {
    const at = Date.parse(bucket.at);
    return at < since && at >= since - DAY_MS;
  });
  const failed = recent.filter((bucket) => bucket.statusClass === "5xx");
  const refused = recent.filter((bucket) => bucket.statusClass === "4xx");
  return {
    requests: totalOf(recent),
    before: totalOf(before),
    refused: totalOf(refused),
    failed: totalOf(failed),
  };
}

export function Today() {
  const week = useQuery(companyUsageQuery({ span: "7d" }));
  const sums = week.data && sumsOf(week.data);
  return (
    <Section
      title="API requests"
      actions={
        <TextLink to="/usage" size="sm">
          All usage
        </TextLink>
      }
    >
      {sums && (
        <Facts
          large
          facts={[
            ["Last 24 hours", formatCount(sums.requests)],
            ["The 24 hours before", formatCount(sums.before)],
            ["Refused (4xx)", formatCount(sums.refused)],
            ["Failed (5xx)", formatCount(sums.failed)],
          ]}
        />
      )}
      {week.error && !week.data ? (
        <ErrorNotice error={week.error} onRetry={() => void week.refetch()} />
      ) : (
        <UsageView buckets={week.data?.buckets} span="7d" />
      )}
    </Section>
  );
}
