import { useQuery } from "@tanstack/react-query";
import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { approvalQuery } from "@/features/approvals/api";
import { ApprovalDetails } from "@/features/approvals/approval-details";
import { DecidePanel } from "@/features/approvals/decide-panel";
import type { Approval } from "@/lib/api-types";
import { fakeService } from "./fake-service";
import { renderInApp, SESSION } from "./render";

const READ = "GET /api/v1/approvals/apr_1";
const DECIDE = "POST /api/v1/approvals/apr_1/decide";
const GRACE = { ...SESSION.member, id: "mem_2", name: "Grace", email: "grace@example.com" };
const REJECTED_BY_GRACE: Partial<Approval> = {
  status: "rejected",
  decidedBy: "mem_2",
  decidedAt: "2026-01-15T10:00:00.000Z",
  comment: "Not this week",
  votes: [
    { by: "mem_2", approved: false, comment: "Not this week", at: "2026-01-15T10:00:00.000Z" },
  ],
  mayApprove: false,
  mayReject: false,
  whyNot: "It has been decided.",
};

function anApproval(change: Partial<Approval> = {}): Approval {
  return {
    id: "apr_1",
    runId: "run_1",
    workflowId: "wf_1",
    workflowName: "Payments",
    stepPath: "release",
    startedBy: "key_1",
    startedByKeyName: "Billing",
    status: "open",
    title: "Pay?",
    reason: "EUR 19,400.00",
    description: null,
    approvers: ["ada@example.com", "mem_2", "auditor@partner.example"],
    required: 1,
    allowApiKeys: false,
    noSelfApproval: true,
    onTimeout: "reject",
    approveLabel: null,
    rejectLabel: null,
    votes: [],
    createdAt: "2026-01-15T09:30:00.000Z",
    dueAt: "2099-01-16T09:30:00.000Z",
    decidedAt: null,
    decidedBy: null,
    comment: null,
    mayApprove: true,
    mayReject: true,
    whyNot: null,
    ...change,
  };
}

function Shown() {
  const approval = useQuery(approvalQuery("apr_1")).data;
  if (!approval) return null;
  return (
    <>
      <ApprovalDetails approval={approval} />
      <DecidePanel approval={approval} />
    </>
  );
}

const MEMBERS = { "GET /members": { data: [SESSION.member, GRACE] } };

beforeEach(() => sessionStorage.clear());
afterEach(() => {
  vi.unstubAllGlobals();
});

describe("deciding an approval", () => {
  it("shows what it takes to decide, people by their names", async () => {
    fakeService({ ...MEMBERS, [READ]: { data: anApproval({ required: 2 }) } });
    await renderInApp(<Shown />);
    await screen.findByText("Ada, Grace, auditor@partner.example");
    for (const text of ["EUR 19,400.00", "Payments", "release", "Billing (API key)", "0 of 2"]) {
      expect(screen.getByText(text)).toBeTruthy();
    }
    expect(screen.getByText(/Whoever started the run cannot approve it alone/)).toBeTruthy();
  });

  it("sends the decision with its comment, and shows how it stands", async () => {
    let stored = anApproval();
    const log = fakeService({
      ...MEMBERS,
      [READ]: () => ({ data: stored }),
      [DECIDE]: () => {
        const vote = { by: "mem_1", approved: true, comment: "Seen", at: stored.createdAt };
        const decided = { decidedBy: "mem_1", decidedAt: vote.at, comment: "Seen" };
        const closed = { mayApprove: false, mayReject: false, whyNot: "It has been decided." };
        stored = anApproval({ status: "approved", votes: [vote], ...decided, ...closed });
        return { data: stored };
      },
    });
    await renderInApp(<Shown />);
    await userEvent.type(await screen.findByLabelText("Comment"), " Seen ");
    await userEvent.click(screen.getByRole("button", { name: "Approve" }));
    await screen.findByText(/The run goes on with this decision/);
    const sent = log.find((asked) => asked.method === "POST");
    expect(sent?.body).toEqual({ approved: true, comment: "Seen" });
    expect(sent?.headers.get("X-CSRF-Token")).toBe("csrf-1");
    expect(screen.queryByRole("button", { name: "Approve" })).toBeNull();
    expect(screen.queryByText("Your answer came too late")).toBeNull();
    expect(Object.keys(sessionStorage).filter((key) => key.includes("apr_1"))).toEqual([]);
  });

  it("shows the first decision to whoever decides after it", async () => {
    let isDecided = false;
    const now = () => ({ data: anApproval(isDecided ? REJECTED_BY_GRACE : {}) });
    fakeService({
      ...MEMBERS,
      [READ]: now,
      [DECIDE]: () => {
        isDecided = true;
        return now();
      },
    });
    await renderInApp(<Shown />);
    await userEvent.click(await screen.findByRole("button", { name: "Approve" }));
    await screen.findByText("Your answer came too late");
    expect(screen.getByText(/decided it/).textContent).toMatch(/Grace decided it/);
    expect(screen.getByText("“Not this week”")).toBeTruthy();
  });

  it("says that the time is over when it ended before the answer came", async () => {
    let isOver = false;
    const expired: Partial<Approval> = { status: "expired", mayApprove: false, mayReject: false };
    fakeService({
      ...MEMBERS,
      [READ]: () => ({ data: anApproval(isOver ? expired : {}) }),
      [DECIDE]: () => {
        isOver = true;
        const error = { code: "INVALID_STATE", message: "The time to decide is over." };
        return { status: 409, error };
      },
    });
    await renderInApp(<Shown />);
    await userEvent.click(await screen.findByRole("button", { name: "Reject" }));
    await screen.findByText("Nobody decided in time");
    expect(screen.getByText("Your answer came too late")).toBeTruthy();
  });

  it("keeps the comment and says that nothing was decided when the service fails", async () => {
    const error = { code: "INTERNAL_ERROR", message: "A fault on our side." };
    fakeService({ ...MEMBERS, [READ]: { data: anApproval() }, [DECIDE]: { status: 500, error } });
    await renderInApp(<Shown />);
    await userEvent.type(await screen.findByLabelText("Comment"), "Seen");
    await userEvent.click(screen.getByRole("button", { name: "Approve" }));
    await screen.findByText("Nothing was decided.");
    expect(screen.getByLabelText<HTMLTextAreaElement>("Comment").value).toBe("Seen");
    await waitFor(() => expect(screen.getByRole("button", { name: "Approve" })).toBeTruthy());
  });
});

describe("who may not decide", () => {
  it("may take back what they started, and reads why they may not approve it", async () => {
    const whyNot = "You started the run, or made the key that did: somebody else has to decide.";
    fakeService({ ...MEMBERS, [READ]: { data: anApproval({ mayApprove: false, whyNot }) } });
    await renderInApp(<Shown />);
    await screen.findByText("You may not approve this");
    expect(screen.getByText(new RegExp(whyNot))).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Approve" })).toBeNull();
    expect(screen.getByRole("button", { name: "Reject" })).toBeTruthy();
  });

  it("reads why, and has nothing to press", async () => {
    const whyNot = "You are not among those who may decide this.";
    const closed = { mayApprove: false, mayReject: false, whyNot };
    fakeService({ ...MEMBERS, [READ]: { data: anApproval(closed) } });
    await renderInApp(<Shown />);
    await screen.findByText("You may not decide this");
    expect(screen.getByText(whyNot)).toBeTruthy();
    expect(screen.queryByLabelText("Comment")).toBeNull();
    expect(screen.queryByRole("button", { name: /Approve|Reject/ })).toBeNull();
  });
});
