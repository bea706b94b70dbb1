/** People of the company and invites to it. */
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, dataOf, pageOf } from "@/lib/api";
import type { AcceptInvite, Role } from "@/lib/api-types";

export const invitesQuery = queryOptions({
  queryKey: ["invites"],
  queryFn: () => pageOf(api.GET("/api/v1/admin/invites", { params: { query: { limit: 100 } } })),
});

function useRefresh(...keys: string[]) {
  const queries = useQueryClient();
  return () =>
    Promise.all([...keys, "audit"].map((key) => queries.invalidateQueries({ queryKey: [key] })));
}

export function useInvite() {
  return useMutation({
    mutationFn: (body: { email: string; role: Role }) =>
      dataOf(api.POST("/api/v1/admin/invites", { body })),
    onSuccess: useRefresh("invites"),
    gcTime: 0,
  });
}

export function useWithdrawInvite() {
  return useMutation({
    mutationFn: (id: string) =>
      dataOf(api.DELETE("/api/v1/admin/invites/{id}", { params: { path: { id } } })),
    onSuccess: useRefresh("invites"),
  });
}

export function useAcceptInvite() {
  return useMutation({
    mutationFn: (body: AcceptInvite) => dataOf(api.POST("/api/v1/admin/invites/accept", { body })),
  });
}

export function useChangeRole() {
  return useMutation({
    mutationFn: ({ id, role }: { id: string; role: Role }) =>
      dataOf(api.PATCH("/api/v1/admin/members/{id}", { params: { path: { id } }, body: { role } })),
    onSuccess: useRefresh("members", "session"),
  });
}

export function useRemoveMember() {
  return useMutation({
    mutationFn: ({ id, newKeyOwner }: { id: string; newKeyOwner: string | null }) =>
      dataOf(
        api.DELETE("/api/v1/admin/members/{id}", {
          params: { path: { id } },
          body: newKeyOwner ? { newKeyOwner } : {},
        }),
      ),
    onSuccess: useRefresh("members", "keys"),
  });
}
