/** How answers are kept: shown at once when seen before, refreshed behind, retried only when it can help. */
import { QueryClient } from "@tanstack/react-query";
import { ApiError } from "@/lib/errors";

const MOST_RETRIES = 2;

function isWorthRetrying(failures: number, error: Error): boolean {
  if (error instanceof ApiError && error.status < 500) return false;
  return failures < MOST_RETRIES;
}

export function createQueries(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: { staleTime: 15_000, gcTime: 10 * 60_000, retry: isWorthRetrying },
      mutations: { retry: false },
    },
  });
}
