/** What runs ask people, and their decisions. */
import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, dataOf, pageOf } from "@/lib/api";
import type { Approval, ApprovalStatus, Session } from "@/lib/api-types";
import { pagedQuery } from "@/lib/paged";
import { may } from "@/lib/session";

const COUNTED = 100;
const REFRESH_MS = 60_000;
const OPEN_REFRESH_MS = 15_000;

export function approvalsQuery(status: ApprovalStatus | undefined) {
  return pagedQuery(["approvals", "list", status ?? "all"], (cursor) =>
    pageOf(api.GET("/api/v1/approvals", { params: { query: { status, limit: 50, cursor } } })),
  );
}

/** The approvals that wait, the newest first; those of others too. */
export const openApprovalsQuery = queryOptions({
  queryKey: ["approvals", "open"],
  queryFn: async () => {
    const query = { status: "open" as const, limit: COUNTED };
    return (await pageOf(api.GET("/api/v1/approvals", { params: { query } }))).items;
  },
  refetchInterval: REFRESH_MS,
});

/** Counts what waits for this person's own decision. */
export function useApprovalsForMe(session: Session): number {
  const open = useQuery({ ...openApprovalsQuery, enabled: may(session, "decide") });
  return open.data?.filter((approval) => approval.mayApprove).length ?? 0;
}

export function approvalQuery(approvalId: string) {
  return queryOptions({
    queryKey: ["approvals", "one", approvalId],
    queryFn: () =>
      dataOf(api.GET("/api/v1/approvals/{approvalId}", { params: { path: { approvalId } } })),
    refetchInterval: (query) => (query.state.data?.status === "open" ? OPEN_REFRESH_MS : false),
  });
}

export interface Decision {
  approved: boolean;
  comment: string;
}

export function useDecide(approvalId: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ approved, comment }: Decision): Promise<Approval> =>
      dataOf(
        api.POST("/api/v1/approvals/{approvalId}/decide", {
          params: { path: { approvalId } },
          body: comment ? { approved, comment } : { approved },
        }),
      ),
    onSuccess: (answer) => queries.setQueryData(approvalQuery(approvalId).queryKey, answer),
    // A refusal too may mean that it stands otherwise than was shown.
    onSettled: () => queries.invalidateQueries({ queryKey: ["approvals"] }),
  });
}
