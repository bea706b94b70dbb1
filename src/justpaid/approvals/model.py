"""Approvals and the rules by which they are decided; pure.

Guarantee: an approval is decided by those it names and by nobody else, and where self-approval is
not allowed, never by whoever started the run alone.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from justpaid.errors import Forbidden


class ApprovalStatus(StrEnum):
    """Where an approval stands; only an open one can be decided."""

    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Terms:
    """What is asked, of whom, and when it is decided; as the step resolved it."""

    title: str
    reason: str | None
    description: str | None
    approvers: tuple[str, ...]
    required: int
    allow_api_keys: bool
    no_self_approval: bool
    on_timeout: str
    approve_label: str | None
    reject_label: str | None
    notify: bool = True


@dataclass(frozen=True, slots=True)
class Vote:
    """What one approver said."""

    voter: str
    is_approved: bool
    comment: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Approval:
    """An approval with the votes there are."""

    id: UUID
    run_id: UUID
    workflow_id: UUID
    path: str
    status: ApprovalStatus
    terms: Terms
    votes: tuple[Vote, ...]
    created_at: datetime
    due_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    comment: str | None


@dataclass(frozen=True, slots=True)
class Decider:
    """Who decides: `name` as the audit log has it, `known_as` as approvers may be named."""

    name: str
    known_as: frozenset[str]
    is_key: bool = False


def require_may_decide(
    terms: Terms,
    decider: Decider,
    people: AbstractSet[str],
    starters: AbstractSet[str],
    *,
    approves: bool,
) -> None:
    """Refuse whoever may not decide; raises Forbidden.

    `people` are those behind the decider (itself, and of a key whoever made or owns it), `starters`
    those behind the run.
    """
    is_self = not people.isdisjoint(starters)
    if decider.is_key:
        if not terms.allow_api_keys:
            raise Forbidden("This approval is for people: API keys may not decide it.")
        if is_self:
            raise Forbidden("This key, or whoever made it, started the run: it may not decide.")
        return
    if decider.known_as.isdisjoint(terms.approvers):
        raise Forbidden("You are not among those who may decide this.")
    if is_self and approves and terms.no_self_approval and terms.required == 1:
        raise Forbidden(
            "You started the run, or made the key that did: somebody else has to decide."
        )


def judge(terms: Terms, votes: Sequence[Vote], self_voters: AbstractSet[str]) -> bool | None:
    """Say what the votes come to; None while it is open.

    One rejection decides. `self_voters` are the voters who started the run: without self-approval
    somebody else has to be among those who approve.
    """
    if any(not vote.is_approved for vote in votes):
        return False
    if len(votes) < terms.required:
        return None
    if terms.no_self_approval and all(vote.voter in self_voters for vote in votes):
        return None
    return True
