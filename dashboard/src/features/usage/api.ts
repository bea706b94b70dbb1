/** What the keys were used for, over time. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, dataOf, pageOf } from "@/lib/api";
import type { UsageQuery } from "@/lib/api-types";
import { type Span, spanQuery } from "@/lib/spans";

const LIVE_MS = 30_000;

export interface UsageFilters {
  span: Span;
  keyId?: string | undefined;
  route?: string | undefined;
  statusClass?: string | undefined;
}

/** The query of an address: without keyId it is the company's, with it one key's. */
export function usageParameters({ span, ...filters }: UsageFilters): UsageQuery {
  const set = Object.entries(filters).filter(([, value]) => value);
  return { ...spanQuery(span), ...Object.fromEntries(set) };
}

export function companyUsageQuery(filters: UsageFilters) {
  return queryOptions({
    queryKey: ["usage", "company", filters],
    queryFn: () =>
      dataOf(api.GET("/api/v1/admin/usage", { params: { query: usageParameters(filters) } })),
    refetchInterval: LIVE_MS,
    placeholderData: keepPreviousData,
  });
}

export function keyUsageQuery(id: string, span: Span) {
  return queryOptions({
    queryKey: ["usage", "key", id, span],
    queryFn: () =>
      dataOf(
        api.GET("/api/v1/admin/keys/{id}/usage", {
          params: { path: { id }, query: spanQuery(span) },
        }),
      ),
    refetchInterval: LIVE_MS,
    placeholderData: keepPreviousData,
  });
}

/** The keys that usage is broken down by: the newest hundred. */
export const usedKeysQuery = queryOptions({
  queryKey: ["keys", "for-usage"],
  queryFn: () => pageOf(api.GET("/api/v1/admin/keys", { params: { query: { limit: 100 } } })),
});

export function csvAddress(filters: UsageFilters): string {
  const query = new URLSearchParams(usageParameters(filters) as Record<string, string>);
  return `/api/v1/admin/usage.csv?${query.toString()}`;
}
