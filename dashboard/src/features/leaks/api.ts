/** Reports, from anyone, that a key was seen where it should not be. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, dataOf, pageOf } from "@/lib/api";
import { pagedQuery } from "@/lib/paged";

export const leaksQuery = pagedQuery(["leaks"], (cursor) =>
  pageOf(api.GET("/api/v1/admin/leaks", { params: { query: { limit: 50, cursor } } })),
);

export function useResolveLeak() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ id, ...body }: { id: string; act: "revoke" | "clear"; comment: string }) =>
      dataOf(api.POST("/api/v1/admin/leaks/{id}/resolve", { params: { path: { id } }, body })),
    onSuccess: () =>
      Promise.all(
        ["leaks", "keys", "audit"].map((key) => queries.invalidateQueries({ queryKey: [key] })),
      ),
  });
}
