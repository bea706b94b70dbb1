/** One approval: what is asked, where it comes from, and the decision. */
import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { Page } from "@/components/page";
import { StatusBadge } from "@/components/status-badge";
import { approvalQuery } from "@/features/approvals/api";
import { ApprovalDetails } from "@/features/approvals/approval-details";
import { DecidePanel } from "@/features/approvals/decide-panel";
import { STATUSES } from "@/features/approvals/words";

const CRUMBS = [{ label: "Approvals", to: "/approvals" }];

export function ApprovalPage() {
  const { approvalId } = useParams({ from: "/signed-in/approvals/$approvalId" });
  const found = useQuery(approvalQuery(approvalId));
  if (found.error && !found.data) throw found.error;
  if (!found.data) {
    return (
      <Page narrow title="Approval" crumbs={CRUMBS}>
        <Skeleton height={120} mb="lg" role="status" aria-label="Loading" />
        <Skeleton height={200} />
      </Page>
    );
  }
  const approval = found.data;
  const { text, tone } = STATUSES[approval.status];
  const heading = (
    <span style={{ display: "inline-flex", flexWrap: "wrap", gap: 12, alignItems: "center" }}>
      <span style={{ overflowWrap: "anywhere" }}>{approval.title}</span>{" "}
      <StatusBadge tone={tone}>{text}</StatusBadge>
    </span>
  );
  return (
    <Page narrow title={approval.title} heading={heading} crumbs={CRUMBS}>
      <ApprovalDetails approval={approval} />
      <DecidePanel key={approval.id} approval={approval} />
    </Page>
  );
}
