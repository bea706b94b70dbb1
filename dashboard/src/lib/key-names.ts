/** Names of keys by id, for what speaks of keys by id. */
import { queryOptions } from "@tanstack/react-query";
import { api, pageOf } from "./api";

export const keyNamesQuery = queryOptions({
  queryKey: ["keys", "names"],
  queryFn: async () => {
    const page = await pageOf(api.GET("/api/v1/admin/keys", { params: { query: { limit: 100 } } }));
    return new Map(page.items.map((key) => [key.id, key.name]));
  },
  staleTime: 60_000,
});
