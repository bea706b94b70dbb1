"""Decides approvals.

Guarantee: the first decision stands, whoever decides at the same moment; the vote, the decision,
the run's wake-up and the audit row are one transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from justpaid import clock
from justpaid.approvals import repository
from justpaid.approvals.model import (
    WHY_CLOSED,
    Approval,
    ApprovalStatus,
    Decider,
    Seen,
    Vote,
    has_voted,
    judge,
    require_may_decide,
    standing_of,
)
from justpaid.audit.model import Actor
from justpaid.audit.service import AuditLog
from justpaid.db.pool import Connection
from justpaid.engine.journal import wake_run
from justpaid.errors import InvalidState
from justpaid.ids import Prefix, encode_id

_DECIDED: Final = frozenset({ApprovalStatus.APPROVED, ApprovalStatus.REJECTED})


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody says to an approval."""

    approves: bool
    comment: str | None = None


class Approvals:
    """The verbs; made once at composition."""

    def __init__(self, audit: AuditLog, now: clock.Clock = clock.now) -> None:
        self._audit = audit
        self._now = now

    async def look(
        self,
        connection: Connection,
        company_id: UUID,
        approvals: Sequence[Approval],
        *,
        decider: Decider,
    ) -> list[Seen]:
        """Add to approvals what it takes to decide them, and whether this one may."""
        now = self._now()
        backgrounds = await repository.list_backgrounds(
            connection, company_id, [approval.id for approval in approvals]
        )
        starters = [background.started_by for background in backgrounds.values()]
        people = await repository.list_people_behind(
            connection, company_id, [decider.name, *starters]
        )
        seen: list[Seen] = []
        for approval in approvals:
            background = backgrounds[approval.id]
            behind = people.get(background.started_by or "", frozenset[str]())
            standing = standing_of(approval, decider, people[decider.name], behind, now)
            seen.append(Seen(approval, background, standing))
        return seen

    async def decide(
        self,
        connection: Connection,
        company_id: UUID,
        approval_id: UUID,
        decision: Decision,
        *,
        decider: Decider,
        by: Actor,
    ) -> Approval:
        """Note a decision and, when it is the last that was needed, wake the run.

        Returns the approval as it stands then; one that was decided before, or a second word of the
        same person, changes nothing. Raises NotFound, Forbidden, or InvalidState when it has
        expired or the run no longer waits for it.
        """
        found = await repository.get(connection, company_id, approval_id)
        started_by = await repository.lock_run(connection, company_id, found.run_id)
        approval = await repository.lock(connection, company_id, approval_id)
        names = (started_by, decider.name, *(vote.voter for vote in approval.votes))
        people = await repository.list_people_behind(connection, company_id, names)
        starters = people.get(started_by or "", frozenset[str]())
        require_may_decide(
            approval.terms,
            decider,
            people[decider.name],
            starters,
            approves=decision.approves,
        )
        now = self._now()
        if approval.status in _DECIDED or has_voted(approval, decider):
            return approval
        if approval.status is not ApprovalStatus.OPEN:
            raise InvalidState(WHY_CLOSED[approval.status])
        if approval.due_at <= now:
            raise InvalidState(WHY_CLOSED[ApprovalStatus.EXPIRED])
        vote = Vote(decider.name, decision.approves, decision.comment, now)
        await repository.add_vote(connection, company_id, approval_id, vote)
        votes = (*approval.votes, vote)
        selves = {one.voter for one in votes if not people[one.voter].isdisjoint(starters)}
        verdict = judge(approval.terms, votes, selves)
        if verdict is not None:
            status = ApprovalStatus.APPROVED if verdict else ApprovalStatus.REJECTED
            await repository.decide(connection, company_id, approval_id, status, vote)
            await wake_run(connection, company_id, approval.run_id)
        await self._record(connection, company_id, approval, vote, verdict, by)
        return await repository.get(connection, company_id, approval_id)

    async def _record(
        self,
        connection: Connection,
        company_id: UUID,
        approval: Approval,
        vote: Vote,
        verdict: bool | None,  # noqa: FBT001  three-valued: None is still open
        by: Actor,
    ) -> None:
        await self._audit.record_event(
            connection,
            company_id,
            by=by,
            action="approval.decided" if verdict is not None else "approval.voted",
            object_type="approval",
            object_id=encode_id(Prefix.APPROVAL, approval.id),
            after={
                "runId": encode_id(Prefix.RUN, approval.run_id),
                "stepPath": approval.path,
                "approved": vote.is_approved,
                "comment": vote.comment,
            },
        )
