/** Unusual patterns that the service saw. */
import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, dataOf, pageOf } from "@/lib/api";
import type { FlagKind, FlagState, Session } from "@/lib/api-types";
import { pagedQuery } from "@/lib/paged";
import { may } from "@/lib/session";

export interface FlagFilters {
  state?: FlagState | undefined;
  kind?: FlagKind | undefined;
  keyId?: string | undefined;
}

const COUNTED = 100;
const REFRESH_MS = 60_000;

export function flagsQuery(filters: FlagFilters) {
  return pagedQuery(["flags", "list", filters], (cursor) =>
    pageOf(
      api.GET("/api/v1/admin/flags", { params: { query: { ...filters, limit: 50, cursor } } }),
    ),
  );
}

export const openFlagsQuery = queryOptions({
  queryKey: ["flags", "open"],
  queryFn: async () => {
    const query = { state: "open" as const, limit: COUNTED };
    return (await pageOf(api.GET("/api/v1/admin/flags", { params: { query } }))).items;
  },
  refetchInterval: REFRESH_MS,
});

export function useOpenFlagCount(session: Session): number {
  return useQuery({ ...openFlagsQuery, enabled: may(session, "keys") }).data?.length ?? 0;
}

export function useAcknowledgeFlag() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ id, comment }: { id: string; comment: string }) =>
      dataOf(
        api.POST("/api/v1/admin/flags/{id}/acknowledge", {
          params: { path: { id } },
          body: comment ? { comment } : {},
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["flags"] }),
  });
}
