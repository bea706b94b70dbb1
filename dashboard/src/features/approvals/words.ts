/** Approvals in words: their states, who may decide them, what happened. */
import type { Tone } from "@/components/status-badge";
import type { Approval, ApprovalStatus, Member } from "@/lib/api-types";
import { shortenId } from "@/lib/format";

export const STATUSES: Record<ApprovalStatus, { text: string; tone: Tone }> = {
  open: { text: "Waiting", tone: "amber" },
  approved: { text: "Approved", tone: "green" },
  rejected: { text: "Rejected", tone: "red" },
  expired: { text: "Expired", tone: "grey" },
  cancelled: { text: "No longer asked", tone: "grey" },
};

/** Names an approver as the step does, by e-mail or id; by name where it is a member. */
export function approverName(approver: string, members: Member[]): string {
  const member = members.find(
    (one) => one.id === approver || one.email.toLowerCase() === approver.toLowerCase(),
  );
  if (member) return member.name;
  return approver.includes("@") ? approver : shortenId(approver);
}

export function approvedSoFar({ votes, required }: Approval): string {
  return `${votes.filter((vote) => vote.approved).length} of ${required}`;
}

/** What follows when nobody decides in time. */
export function timeoutText({ onTimeout }: Approval): string {
  return onTimeout === "fail" ? "the step fails" : "it counts as rejected";
}

/** Says whether the answer holds what was sent, or the decision that somebody else made before. */
export function holdsVote(answer: Approval, voter: string, isApproved: boolean): boolean {
  return answer.votes.some((vote) => vote.by === voter && vote.approved === isApproved);
}
