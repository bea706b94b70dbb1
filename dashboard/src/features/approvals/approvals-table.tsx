/** Approvals as a list: what is asked, by which workflow, who may decide, until when. */
import { useInfiniteQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { type Column, DataTable } from "@/components/data-table";
import { TextLink } from "@/components/links";
import { StatusBadge } from "@/components/status-badge";
import { Time } from "@/components/time";
import type { Approval, ApprovalStatus } from "@/lib/api-types";
import { rowsOf } from "@/lib/paged";
import { Approvers } from "./approvers";
import { approvalsQuery } from "./api";
import classes from "./approvals.module.css";
import { approvedSoFar, STATUSES } from "./words";

const REMOVED = "A removed workflow";

const WHAT: Column<Approval> = {
  id: "what",
  header: "What is asked",
  main: true,
  cell: (approval) => (
    <>
      <span className={classes.titled}>
        <TextLink
          to="/approvals/$approvalId"
          params={{ approvalId: approval.id }}
          c="inherit"
          fw={600}
        >
          {approval.title}
        </TextLink>
        {approval.mayApprove && <StatusBadge tone="blue">For you</StatusBadge>}
      </span>
      <span className={`${classes.sub} ${classes.narrowly}`}>
        {approval.workflowName ?? REMOVED}, step {approval.stepPath}
      </span>
      {approval.reason && (
        <span className={`${classes.sub} ${classes.clamped}`}>{approval.reason}</span>
      )}
    </>
  ),
};
const WORKFLOW: Column<Approval> = {
  id: "workflow",
  header: "Workflow",
  hideBelow: "sm",
  cell: (approval) => (
    <>
      {approval.workflowName ?? REMOVED}
      <span className={classes.sub}>step {approval.stepPath}</span>
    </>
  ),
};
const WHO: Column<Approval> = {
  id: "who",
  header: "Who may decide",
  hideBelow: "md",
  cell: (approval) => (
    <>
      <Approvers approvers={approval.approvers} most={2} />
      {approval.required > 1 && (
        <span className={classes.sub}>{approvedSoFar(approval)} have approved</span>
      )}
    </>
  ),
};
const DUE: Column<Approval> = {
  id: "due",
  header: "Due",
  tight: true,
  cell: (approval) => <Time value={approval.dueAt} />,
};
const STATE: Column<Approval> = {
  id: "state",
  header: "State",
  tight: true,
  cell: ({ status }) => (
    <StatusBadge tone={STATUSES[status].tone}>{STATUSES[status].text}</StatusBadge>
  ),
};
const ASKED: Column<Approval> = {
  id: "asked",
  header: "Asked",
  tight: true,
  hideBelow: "sm",
  cell: (approval) => <Time value={approval.createdAt} />,
};

interface ApprovalsTableProps {
  status: ApprovalStatus | undefined;
  empty: ReactNode;
}

export function ApprovalsTable({ status, empty }: ApprovalsTableProps) {
  const query = useInfiniteQuery(approvalsQuery(status));
  const when = status === "open" ? [DUE] : [STATE, ASKED];
  return (
    <DataTable
      caption="Approvals"
      columns={[WHAT, WORKFLOW, WHO, ...when]}
      rows={rowsOf(query.data)}
      rowKey={(approval) => approval.id}
      state={query}
      empty={empty}
      linked
    />
  );
}
