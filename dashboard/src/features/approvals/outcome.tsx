/** How an approval ended, and what the run makes of it. */
import { Actor } from "@/components/actor";
import { Callout, type CalloutTone } from "@/components/callout";
import { Time } from "@/components/time";
import type { Approval } from "@/lib/api-types";
import classes from "./approvals.module.css";
import { timeoutText } from "./words";

const TONES: Record<Exclude<Approval["status"], "open">, CalloutTone> = {
  approved: "green",
  rejected: "red",
  expired: "grey",
  cancelled: "grey",
};

export function Outcome({ approval }: { approval: Approval }) {
  const { status, decidedBy, decidedAt, comment } = approval;
  if (status === "open") return null;
  if (status === "expired") {
    return (
      <Callout tone={TONES[status]} title="Nobody decided in time">
        It was due <Time value={approval.dueAt} exact />; now {timeoutText(approval)}.
      </Callout>
    );
  }
  if (status === "cancelled") {
    return (
      <Callout tone={TONES[status]} title="Nothing is left to decide">
        The run has ended, or no longer waits for this.
      </Callout>
    );
  }
  return (
    <Callout tone={TONES[status]} title={status === "approved" ? "Approved" : "Rejected"}>
      {decidedBy ? <Actor actor={decidedBy} /> : "Somebody"} decided it,{" "}
      <Time value={decidedAt} exact />. The run goes on with this decision.
      {comment && <p className={classes.comment}>“{comment}”</p>}
    </Callout>
  );
}
