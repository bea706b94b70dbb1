/** Everything that it takes to decide: the message, where it comes from, who has said what. */
import type { ReactNode } from "react";
import { Actor } from "@/components/actor";
import { Facts } from "@/components/facts";
import { Identifier } from "@/components/identifier";
import { Section } from "@/components/page";
import { StatusBadge } from "@/components/status-badge";
import { Time } from "@/components/time";
import type { Approval } from "@/lib/api-types";
import { Approvers } from "./approvers";
import classes from "./approvals.module.css";
import { approvedSoFar, timeoutText } from "./words";

function StartedBy({ approval }: { approval: Approval }) {
  if (!approval.startedBy) return <>Not known any more</>;
  if (approval.startedByKeyName) {
    return <span title={approval.startedBy}>{approval.startedByKeyName} (API key)</span>;
  }
  return <Actor actor={approval.startedBy} />;
}

function rulesOf(approval: Approval): string {
  const rules = [];
  if (approval.required > 1) rules.push(`${approval.required} of them have to approve.`);
  if (approval.noSelfApproval) rules.push("Whoever started the run cannot approve it alone.");
  if (approval.allowApiKeys) rules.push("API keys may decide too.");
  rules.push(`Without a decision in time, ${timeoutText(approval)}.`);
  return rules.join(" ");
}

export function ApprovalDetails({ approval }: { approval: Approval }) {
  // A single vote that decided is the decision, which stands below with its comment.
  const isOpen = approval.status === "open";
  const hasMoreToSay = approval.votes.length > (isOpen ? 0 : 1);
  const due: ReactNode = (
    <>
      <Time value={approval.dueAt} /> (<Time value={approval.dueAt} exact />)
    </>
  );
  return (
    <>
      {approval.reason && <p className={classes.reason}>{approval.reason}</p>}
      {approval.description && <p className={classes.said}>{approval.description}</p>}
      <Facts
        facts={[
          ["Workflow", approval.workflowName ?? <Identifier id={approval.workflowId} />],
          ["Step", <code key="step">{approval.stepPath}</code>],
          ["Run", <Identifier key="run" id={approval.runId} />],
          ["Started by", <StartedBy key="by" approval={approval} />],
          ["Asked", <Time key="asked" value={approval.createdAt} />],
          ["Approved so far", approvedSoFar(approval)],
          ["Due", due, "wide"],
          [
            "Who may decide",
            <div key="who">
              <Approvers approvers={approval.approvers} />
              <span className={classes.sub}>{rulesOf(approval)}</span>
            </div>,
            "wide",
          ],
        ]}
      />
      {hasMoreToSay && <Votes approval={approval} />}
    </>
  );
}

function Votes({ approval }: { approval: Approval }) {
  return (
    <Section title="Said so far">
      <ul className={classes.votes}>
        {approval.votes.map((vote) => (
          <li key={vote.by} className={classes.vote}>
            <span className={classes.titled}>
              <StatusBadge tone={vote.approved ? "green" : "red"}>
                {vote.approved ? "Approved" : "Rejected"}
              </StatusBadge>
              <Actor actor={vote.by} /> <Time value={vote.at} exact />
            </span>
            {vote.comment && <p>{vote.comment}</p>}
          </li>
        ))}
      </ul>
    </Section>
  );
}
