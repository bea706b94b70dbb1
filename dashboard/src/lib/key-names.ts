/** Names of keys by id, for what speaks of keys by id. */
import { queryOptions } from "@tanstack/react-query";
import { api, dataOf, pageOf } from "./api";

const SOME = 100;

export const keyNamesQuery = queryOptions({
  queryKey: ["keys", "names"],
  queryFn: async () => {
    const page = await pageOf(
      api.GET("/api/v1/admin/keys", { params: { query: { limit: SOME } } }),
    );
    return new Map(page.items.map((key) => [key.id, key.name]));
  },
  staleTime: 60_000,
});

/** For a key that is not among the newest, which the list of names holds. */
export function keyNameQuery(id: string) {
  return queryOptions({
    queryKey: ["keys", "name", id],
    queryFn: async () => {
      const path = { id };
      return (await dataOf(api.GET("/api/v1/admin/keys/{id}", { params: { path } }))).name;
    },
    staleTime: 60_000,
  });
}
