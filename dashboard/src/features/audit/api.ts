/** The audit log: who did what, and the proof that nothing was changed since. */
import { useMutation } from "@tanstack/react-query";
import { api, dataOf, losslessPageOf } from "@/lib/api";
import type { AuditRow } from "@/lib/api-types";
import { pagedQuery } from "@/lib/paged";

export interface AuditFilters {
  actor?: string | undefined;
  action?: string | undefined;
  object?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
}

const DAY_MS = 86_400_000;

/** Days of the viewer's zone become moments; the last day counts whole. */
export function auditParameters({ from, to, ...rest }: AuditFilters): Record<string, string> {
  const parameters: Record<string, string> = {};
  for (const [name, value] of Object.entries(rest)) if (value) parameters[name] = value;
  if (from) parameters.from = new Date(`${from}T00:00:00`).toISOString();
  if (to) {
    parameters.to = new Date(Date.parse(`${to}T00:00:00`) + DAY_MS).toISOString();
  }
  return parameters;
}

export function auditQuery(filters: AuditFilters, limit = 50) {
  return pagedQuery(["audit", filters, limit], (cursor) =>
    losslessPageOf<AuditRow>(
      api.GET("/api/v1/admin/audit", {
        params: { query: { ...auditParameters(filters), limit, cursor } },
        parseAs: "text",
      }),
    ),
  );
}

export function exportAddress(filters: AuditFilters, format: "jsonl" | "csv"): string {
  const query = new URLSearchParams({ ...auditParameters(filters), format });
  return `/api/v1/admin/audit/export?${query.toString()}`;
}

export function useVerifyAudit() {
  return useMutation({ mutationFn: () => dataOf(api.POST("/api/v1/admin/audit/verify")) });
}
