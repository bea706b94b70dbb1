"""Approvals and the rules by which they are decided; pure.

Guarantee: an approval is decided by those it names and by nobody else, and where self-approval is
not allowed, never by whoever started the run alone.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
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
class Background:
    """Where an approval comes from; `key_name` where an API key started the run."""

    workflow_name: str | None
    started_by: str | None
    key_name: str | None = None


@dataclass(frozen=True, slots=True)
class Decider:
    """Who decides: `name` as the audit log has it, `known_as` as approvers may be named.

    `lacks`: what role or scopes lack for any decision at all, as the refusal says it.
    """

    name: str
    known_as: frozenset[str]
    is_key: bool = False
    lacks: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody may do about an approval now; `why_not` when they may not approve."""

    may_approve: bool
    may_reject: bool
    why_not: str | None


@dataclass(frozen=True, slots=True)
class Seen:
    """An approval with where it comes from and what whoever looks may do about it."""

    approval: Approval
    background: Background
    standing: Standing


WHY_CLOSED: Final = {
    ApprovalStatus.APPROVED: "It has been decided.",
    ApprovalStatus.REJECTED: "It has been decided.",
    ApprovalStatus.EXPIRED: "The time to decide is over.",
    ApprovalStatus.CANCELLED: "The run no longer waits for this.",
}
_HAS_VOTED: Final = "You have decided already; others still have to."


def has_voted(approval: Approval, decider: Decider) -> bool:
    """Say whether somebody has said something to an approval."""
    return any(vote.voter == decider.name for vote in approval.votes)


def standing_of(
    approval: Approval,
    decider: Decider,
    people: AbstractSet[str],
    starters: AbstractSet[str],
    now: datetime,
) -> Standing:
    """Say what somebody may do about an approval, by the rules that a decision is held to.

    `people` and `starters` as for `require_may_decide`.
    """
    why_not = WHY_CLOSED.get(approval.status)
    if why_not is None and approval.due_at <= now:
        why_not = WHY_CLOSED[ApprovalStatus.EXPIRED]
    if why_not is None and has_voted(approval, decider):
        why_not = _HAS_VOTED
    why_not = why_not or decider.lacks
    if why_not is not None:
        return Standing(may_approve=False, may_reject=False, why_not=why_not)
    terms = approval.terms
    why_not = _why_not(terms, decider, people, starters, approves=True)
    may_reject = _why_not(terms, decider, people, starters, approves=False) is None
    return Standing(may_approve=why_not is None, may_reject=may_reject, why_not=why_not)


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
    why_not = _why_not(terms, decider, people, starters, approves=approves)
    if why_not is not None:
        raise Forbidden(why_not)


def _why_not(
    terms: Terms,
    decider: Decider,
    people: AbstractSet[str],
    starters: AbstractSet[str],
    *,
    approves: bool,
) -> str | None:
    is_self = not people.isdisjoint(starters)
    if decider.is_key:
        if not terms.allow_api_keys:
            return "This approval is for people: API keys may not decide it."
        if is_self:
            return "This key, or whoever made it, started the run: it may not decide."
        return None
    if decider.known_as.isdisjoint(terms.approvers):
        return "You are not among those who may decide this."
    if is_self and approves and terms.no_self_approval and terms.required == 1:
        return "You started the run, or made the key that did: somebody else has to decide."
    return None


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
