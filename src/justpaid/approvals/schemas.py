"""Bodies of this room's routes."""

from typing import Any, Final

from pydantic import Field

from justpaid.approvals.model import ApprovalStatus, Seen
from justpaid.clock import to_wire
from justpaid.ids import Prefix, encode_id
from justpaid.web.answers import Body, View

_APPROVAL_ID: Final = "apr_01jd9z4c1m8f0q2s4t6v8x0za2"
_RUN_ID: Final = "run_01jd9z3k8pf7r9v2m4t6w8y0ab"
_WORKFLOW_ID: Final = "wf_01jd9yw5q2e6s8n0p3r5t7v9xb"
_KEY_ID: Final = "key_01jd9yv2t8n4k6m0p2r4t6v8wc"
_MEMBER_ID: Final = "mem_01jd9yx7c3h5k7n9q1s3v5x7zd"


class DecideRequest(Body):
    """What is decided."""

    approved: bool = Field(description="True to approve, false to reject.", examples=[True])
    comment: str | None = Field(
        default=None, max_length=2000, description="Read by the steps that follow.", examples=["ok"]
    )


class VoteView(View):
    """What one approver said."""

    by: str = Field(description="A member or a key.", examples=[_MEMBER_ID])
    approved: bool = Field(examples=[True])
    comment: str | None = Field(examples=[None])
    at: str = Field(examples=["2026-01-15T10:02:11.000Z"])


class ApprovalView(View):
    """What a run asks people."""

    id: str = Field(examples=[_APPROVAL_ID])
    run_id: str = Field(examples=[_RUN_ID])
    workflow_id: str = Field(examples=[_WORKFLOW_ID])
    workflow_name: str | None = Field(examples=["Credit notes"])
    step_path: str = Field(examples=["release"])
    started_by: str | None = Field(
        description="Who started the run: a key, a member or `system`.", examples=[_KEY_ID]
    )
    started_by_key_name: str | None = Field(
        description="The key's name, where a key did.", examples=["Billing worker"]
    )
    status: ApprovalStatus = Field(examples=[ApprovalStatus.OPEN])
    title: str = Field(examples=["Release the credit note?"])
    reason: str | None = Field(examples=["A credit note of €1,200.00 to Globex"])
    description: str | None = Field(examples=[None])
    approvers: list[str] = Field(
        description="E-mail addresses or ids of members.", examples=[["cfo@example.com"]]
    )
    required: int = Field(description="How many have to approve.", examples=[1])
    allow_api_keys: bool = Field(examples=[False])
    no_self_approval: bool = Field(
        description="Whoever started the run cannot decide alone.", examples=[True]
    )
    on_timeout: str = Field(description="`reject` or `fail`.", examples=["reject"])
    approve_label: str | None = Field(examples=[None])
    reject_label: str | None = Field(examples=[None])
    votes: list[VoteView] = Field(description="What has been said so far.", examples=[[]])
    created_at: str = Field(examples=["2026-01-15T09:30:00.000Z"])
    due_at: str = Field(examples=["2026-01-16T09:30:00.000Z"])
    decided_at: str | None = Field(examples=[None])
    decided_by: str | None = Field(
        description="Whose word decided it; a member or a key.", examples=[None]
    )
    comment: str | None = Field(examples=[None])
    may_approve: bool = Field(description="Whether the caller may approve it now.", examples=[True])
    may_reject: bool = Field(description="Whether the caller may reject it now.", examples=[True])
    why_not: str | None = Field(
        description="Why the caller may not approve it; null when it may.", examples=[None]
    )


def show_approval(seen: Seen) -> dict[str, Any]:
    """Return an approval as answers show it."""
    approval, terms = seen.approval, seen.approval.terms
    return {
        "id": encode_id(Prefix.APPROVAL, approval.id),
        "runId": encode_id(Prefix.RUN, approval.run_id),
        "workflowId": encode_id(Prefix.WORKFLOW, approval.workflow_id),
        "workflowName": seen.background.workflow_name,
        "stepPath": approval.path,
        "startedBy": seen.background.started_by,
        "startedByKeyName": seen.background.key_name,
        "status": approval.status,
        "title": terms.title,
        "reason": terms.reason,
        "description": terms.description,
        "approvers": list(terms.approvers),
        "required": terms.required,
        "allowApiKeys": terms.allow_api_keys,
        "noSelfApproval": terms.no_self_approval,
        "onTimeout": terms.on_timeout,
        "approveLabel": terms.approve_label,
        "rejectLabel": terms.reject_label,
        "votes": [
            {
                "by": vote.voter,
                "approved": vote.is_approved,
                "comment": vote.comment,
                "at": to_wire(vote.at),
            }
            for vote in approval.votes
        ],
        "createdAt": to_wire(approval.created_at),
        "dueAt": to_wire(approval.due_at),
        "decidedAt": None if approval.decided_at is None else to_wire(approval.decided_at),
        "decidedBy": approval.decided_by,
        "comment": approval.comment,
        "mayApprove": seen.standing.may_approve,
        "mayReject": seen.standing.may_reject,
        "whyNot": seen.standing.why_not,
    }
