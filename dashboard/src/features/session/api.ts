/** A person's own sessions, password and second factor. */
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, dataOf, pageOf } from "@/lib/api";
import { sessionQuery } from "@/lib/session";

export const setupNeededQuery = queryOptions({
  queryKey: ["setup-needed"],
  queryFn: () => dataOf(api.GET("/api/v1/admin/setup")),
  retry: false,
});

export const sessionsQuery = queryOptions({
  queryKey: ["sessions"],
  queryFn: () => pageOf(api.GET("/api/v1/admin/sessions", { params: { query: { limit: 100 } } })),
});

export function useEndSession() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) =>
      dataOf(api.DELETE("/api/v1/admin/sessions/{id}", { params: { path: { id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["sessions"] }),
  });
}

export function useEndOtherSessions() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => dataOf(api.DELETE("/api/v1/admin/sessions")),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["sessions"] }),
  });
}

export function useChangePassword() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: { current: string; new: string }) =>
      dataOf(api.PUT("/api/v1/admin/me/password", { body })),
    onSuccess: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: ["sessions"] }),
        queries.invalidateQueries({ queryKey: sessionQuery.queryKey }),
      ]),
  });
}

export function useStartTotp() {
  return useMutation({
    mutationFn: (password: string) =>
      dataOf(api.POST("/api/v1/admin/me/totp", { body: { password } })),
    gcTime: 0,
  });
}

export function useConfirmTotp() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (code: string) =>
      dataOf(api.POST("/api/v1/admin/me/totp/confirm", { body: { code } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: sessionQuery.queryKey }),
    gcTime: 0,
  });
}

export function useRemoveTotp() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (password: string) =>
      dataOf(api.DELETE("/api/v1/admin/me/totp", { body: { password } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: sessionQuery.queryKey }),
  });
}

export function useRedeemReset() {
  return useMutation({
    mutationFn: (body: { token: string; password: string }) =>
      dataOf(api.POST("/api/v1/admin/password-resets/redeem", { body })),
  });
}
