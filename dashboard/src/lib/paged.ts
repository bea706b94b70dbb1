/** Lists that page by cursor: one shape for every "load more". */
import { infiniteQueryOptions } from "@tanstack/react-query";
import type { Paged } from "./api";

export function pagedQuery<T, Key extends readonly unknown[]>(
  queryKey: Key,
  fetchPage: (cursor: string | undefined) => Promise<Paged<T>>,
) {
  return infiniteQueryOptions({
    queryKey,
    queryFn: ({ pageParam }) => fetchPage(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page: Paged<T>) => page.meta.cursor ?? undefined,
  });
}

/** Everything loaded so far, in order. */
export function rowsOf<T>(data: { pages: Paged<T>[] } | undefined): T[] {
  return data?.pages.flatMap((page) => page.items) ?? [];
}
