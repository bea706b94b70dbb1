/** API keys: what is asked of the service, and what each act makes stale. */
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { api, dataOf, newIdempotencyKey, type Paged, pageOf, versionedOf } from "@/lib/api";
import type {
  KeyChange,
  KeyDraft,
  KeyListed,
  KeyStatus,
  KeyWithSecret,
  Scope,
} from "@/lib/api-types";
import { isStatus, NoAnswer } from "@/lib/errors";
import { pagedQuery } from "@/lib/paged";

export interface KeyFilters {
  status?: KeyStatus | undefined;
  search?: string | undefined;
  due?: boolean | undefined;
}

const LIVE_MS = 3000;
const FOUND = 8;
const KEY_ID = /^key_[0-9a-z]{26}$/;

/** The service searches names; a whole id is looked up, so that a pasted one is found too. */
async function findById(id: string): Promise<Paged<KeyListed>> {
  const meta = { cursor: null, hasMore: false };
  try {
    const path = { id };
    const found = await dataOf(api.GET("/api/v1/admin/keys/{id}", { params: { path } }));
    return { items: [{ ...found, requests30d: [] }], meta };
  } catch (error) {
    if (isStatus(error, 400, 404)) return { items: [], meta };
    throw error;
  }
}

export function keysQuery(filters: KeyFilters) {
  return pagedQuery(["keys", "list", filters], (cursor) =>
    filters.search && KEY_ID.test(filters.search)
      ? findById(filters.search)
      : pageOf(
          api.GET("/api/v1/admin/keys", { params: { query: { ...filters, limit: 50, cursor } } }),
        ),
  );
}

export function foundKeysQuery(search: string) {
  return queryOptions({
    queryKey: ["keys", "found", search],
    queryFn: async () => {
      if (KEY_ID.test(search)) return (await findById(search)).items;
      const query = { search, limit: FOUND };
      return (await pageOf(api.GET("/api/v1/admin/keys", { params: { query } }))).items;
    },
  });
}

export function keyQuery(id: string) {
  return queryOptions({
    queryKey: ["keys", "one", id],
    queryFn: () => versionedOf(api.GET("/api/v1/admin/keys/{id}", { params: { path: { id } } })),
  });
}

/** Asks until the key is first used. */
export function firstUseQuery(id: string) {
  return queryOptions({
    ...keyQuery(id),
    refetchInterval: (query) => (query.state.data?.value.lastUsedAt ? false : LIVE_MS),
  });
}

export function pairQuery(id: string) {
  return queryOptions({
    queryKey: ["keys", "pair", id],
    queryFn: () => dataOf(api.GET("/api/v1/admin/keys/{id}/pair", { params: { path: { id } } })),
    refetchInterval: LIVE_MS,
  });
}

export function adviceQuery(id: string) {
  return queryOptions({
    queryKey: ["keys", "advice", id],
    queryFn: () => dataOf(api.GET("/api/v1/admin/keys/{id}/advice", { params: { path: { id } } })),
    staleTime: 60_000,
  });
}

/** Counts what used the key in the last hour: what revoking would cut off. */
export function lastHourQuery(id: string) {
  return queryOptions({
    queryKey: ["keys", "last-hour", id],
    queryFn: async () => {
      const from = new Date(Date.now() - 3_600_000).toISOString();
      const query = { from, to: new Date().toISOString(), bucket: "hour" as const };
      const usage = await dataOf(
        api.GET("/api/v1/admin/keys/{id}/usage", { params: { path: { id }, query } }),
      );
      return usage.buckets.reduce((sum, bucket) => sum + bucket.requests, 0);
    },
    staleTime: 0,
  });
}

function useRefresh() {
  const queries = useQueryClient();
  return () =>
    Promise.all(
      ["keys", "audit", "flags", "usage"].map((key) =>
        queries.invalidateQueries({ queryKey: [key] }),
      ),
    );
}

/** One Idempotency-Key a submission: kept only while no answer has come. */
function useSubmission() {
  const key = useRef<string | null>(null);
  return {
    header: () => ({ "Idempotency-Key": (key.current ??= newIdempotencyKey()) }),
    settle: (error: Error | null) => {
      if (!(error instanceof NoAnswer)) key.current = null;
    },
  };
}

// A secret is shown once: it is handed on before anything is read anew, because the fresh data may take whoever
// asked for it off the page, and what `mutate` itself is given is not called then.

export function useCreateKey(onMade: (key: KeyWithSecret) => void) {
  const refresh = useRefresh();
  const submission = useSubmission();
  return useMutation({
    mutationFn: (body: KeyDraft) =>
      dataOf(api.POST("/api/v1/admin/keys", { body, params: { header: submission.header() } })),
    onSuccess: (key) => {
      onMade(key);
      return refresh();
    },
    onSettled: (_, error) => submission.settle(error),
    gcTime: 0,
  });
}

export function useRotateKey(id: string, onMade: (successor: KeyWithSecret) => void) {
  const refresh = useRefresh();
  const submission = useSubmission();
  return useMutation({
    mutationFn: (body: { expiresAt: string | null }) =>
      dataOf(
        api.POST("/api/v1/admin/keys/{id}/rotate", {
          params: { path: { id }, header: submission.header() },
          body,
        }),
      ),
    onSuccess: ({ successor }) => {
      onMade(successor);
      return refresh();
    },
    onSettled: (_, error) => submission.settle(error),
    gcTime: 0,
  });
}

export function useReportCompromised(
  id: string,
  onRevoked: (replacement: KeyWithSecret | null) => void,
) {
  const refresh = useRefresh();
  const submission = useSubmission();
  return useMutation({
    mutationFn: (body: { reason?: string; replace: boolean }) =>
      dataOf(
        api.POST("/api/v1/admin/keys/{id}/compromised", {
          params: { path: { id }, header: submission.header() },
          body,
        }),
      ),
    onSuccess: ({ replacement }) => {
      onRevoked(replacement ?? null);
      return refresh();
    },
    onSettled: (_, error) => submission.settle(error),
    gcTime: 0,
  });
}

export function useRevokeKey(id: string) {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: (body: { reason?: string; confirm?: string }) =>
      dataOf(api.POST("/api/v1/admin/keys/{id}/revoke", { params: { path: { id } }, body })),
    onSuccess: refresh,
  });
}

export function useSwitchKey(id: string) {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: ({ to, reason }: { to: "disabled" | "active"; reason?: string }) => {
      const options = { params: { path: { id } }, body: reason ? { reason } : {} };
      return to === "disabled"
        ? dataOf(api.POST("/api/v1/admin/keys/{id}/disable", options))
        : dataOf(api.POST("/api/v1/admin/keys/{id}/enable", options));
    },
    onSuccess: refresh,
  });
}

export function useEditKey(id: string, etag: string | null) {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: (body: KeyChange) =>
      versionedOf(
        api.PATCH("/api/v1/admin/keys/{id}", {
          params: { path: { id }, header: etag ? { "If-Match": etag } : {} },
          body,
        }),
      ),
    onSuccess: refresh,
  });
}

export function useTrimKey(id: string) {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: (scopes: Scope[]) =>
      dataOf(
        api.POST("/api/v1/admin/keys/{id}/trim", { params: { path: { id } }, body: { scopes } }),
      ),
    onSuccess: refresh,
  });
}
