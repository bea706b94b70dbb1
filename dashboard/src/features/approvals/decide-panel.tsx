/** The decision: open to this person, or plainly why not; and what came of it. */
import { Stack } from "@mantine/core";
import { useRef } from "react";
import { Callout } from "@/components/callout";
import { notifyDone } from "@/components/notify";
import { Section } from "@/components/page";
import type { Approval } from "@/lib/api-types";
import { isStatus } from "@/lib/errors";
import { useSession } from "@/lib/session";
import { type Decision, useDecide } from "./api";
import classes from "./approvals.module.css";
import { DecideForm } from "./decide-form";
import { Outcome } from "./outcome";
import { holdsVote } from "./words";

/** Says that an answer came when the matter was closed: it changed nothing. */
function TooLate() {
  return (
    <Callout tone="amber" title="Your answer came too late">
      It had been closed before, and your answer changed nothing. This is how it stands:
    </Callout>
  );
}

export function DecidePanel({ approval }: { approval: Approval }) {
  const me = useSession().member.id;
  const decide = useDecide(approval.id);
  const panel = useRef<HTMLDivElement>(null);
  const { data: answer, variables: sent, isPending, error } = decide;
  const isOpen = approval.status === "open";
  const isLate =
    isStatus(error, 409) || Boolean(answer && sent && !holdsVote(answer, me, sent.approved));
  const send = (decision: Decision, onStored: () => void) =>
    decide.mutate(decision, {
      onSuccess: (stored) => {
        onStored();
        panel.current?.focus(); // the button that had it is gone
        if (holdsVote(stored, me, decision.approved)) {
          notifyDone(decision.approved ? "Your approval is stored." : "Your rejection is stored.");
        }
      },
    });
  const mayDecide = approval.mayApprove || approval.mayReject;
  return (
    <Section title={isOpen ? "Your decision" : "The decision"}>
      <div ref={panel} tabIndex={-1} className={classes.panel}>
        <Stack>
          <div role="status" className={classes.news}>
            {isLate && !isOpen && <TooLate />}
            {isOpen && approval.whyNot && (
              <Callout tone={mayDecide ? "amber" : "grey"} title={titleOf(approval, me)}>
                {approval.whyNot}
                {mayDecide && " You may take it back: reject it."}
              </Callout>
            )}
          </div>
          <Outcome approval={approval} />
          {mayDecide && (
            <DecideForm
              approval={approval}
              sending={isPending ? sent : undefined}
              error={isStatus(error, 409) ? null : error}
              onDecide={send}
            />
          )}
        </Stack>
      </div>
    </Section>
  );
}

function titleOf(approval: Approval, me: string): string {
  if (approval.votes.some((vote) => vote.by === me)) return "Your approval counts";
  return approval.mayReject ? "You may not approve this" : "You may not decide this";
}
