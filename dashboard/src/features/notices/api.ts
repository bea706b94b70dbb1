/** What the product has to tell: expiries, ages, leaks. */
import { useMutation, useQuery, useQueryClient, queryOptions } from "@tanstack/react-query";
import { api, dataOf, pageOf } from "@/lib/api";
import { pagedQuery } from "@/lib/paged";

const REFRESH_MS = 60_000;

/** As many are looked at to count the unread ones; a count that reaches it may be more. */
export const MOST_UNREAD = 100;

export const noticesQuery = pagedQuery(["notices", "list"], (cursor) =>
  pageOf(api.GET("/api/v1/admin/notices", { params: { query: { limit: 50, cursor } } })),
);

const newestNoticesQuery = queryOptions({
  queryKey: ["notices", "newest"],
  queryFn: async () =>
    (await pageOf(api.GET("/api/v1/admin/notices", { params: { query: { limit: MOST_UNREAD } } })))
      .items,
  refetchInterval: REFRESH_MS,
});

export function useUnreadNoticeCount(): number {
  return useQuery(newestNoticesQuery).data?.filter((notice) => !notice.readAt).length ?? 0;
}

export function useReadNotice() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) =>
      dataOf(api.POST("/api/v1/admin/notices/{id}/read", { params: { path: { id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["notices"] }),
  });
}
