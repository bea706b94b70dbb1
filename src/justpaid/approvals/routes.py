"""`/api/v1/approvals`: what runs ask people, and their decisions."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request

from justpaid.approvals import repository
from justpaid.approvals.model import Approval, ApprovalStatus, Decider
from justpaid.approvals.schemas import ApprovalView, DecideRequest, show_approval
from justpaid.approvals.service import Approvals, Decision
from justpaid.audit.model import Actor
from justpaid.db.pool import Connection as DatabaseConnection
from justpaid.ids import Prefix
from justpaid.scopes import Scope
from justpaid.web.answers import Page, Success
from justpaid.web.caller import Caller, allows, allows_by_role, missing_permission, missing_scope
from justpaid.web.cursors import DEFAULT_LIMIT, Position, split_page
from justpaid.web.envelope import Answer, page, success
from justpaid.web.parameters import After, Limit, path_id
from justpaid.web.permissions import Permission
from justpaid.web.routing import api_router
from justpaid.web.unit_of_work import Connection

router = api_router("Approvals")


async def current_approvals(request: Request) -> Approvals:
    """Return the room that composition made for this app."""
    room: Approvals = request.app.state.approvals
    return room


Room = Annotated[Approvals, Depends(current_approvals)]
Reader = Annotated[Caller, allows(Scope.RUNS_READ)]
Approver = Annotated[Caller, allows_by_role(Scope.WORKFLOWS_EXECUTE, Permission.DECIDE)]
ApprovalId = Annotated[UUID, path_id(Prefix.APPROVAL, "approvalId")]


@router.get("/approvals", summary="List approvals", responses={200: {"model": Page[ApprovalView]}})
async def list_approvals(
    caller: Reader,
    connection: Connection,
    room: Room,
    after: After,
    limit: Limit = DEFAULT_LIMIT,
    status: Annotated[
        ApprovalStatus | None, Query(description="Only in this state; `open` can be decided.")
    ] = None,
) -> Answer:
    """List what the company's runs have asked people, newest first."""
    found = await repository.list_page(
        connection, caller.company_id, status=status, after=after, limit=limit
    )
    items, cursor = split_page(found, limit, _position)
    decider = await _decider(connection, caller)
    seen = await room.look(connection, caller.company_id, items, decider=decider)
    return page([show_approval(item) for item in seen], cursor)


@router.get(
    "/approvals/{approvalId}",
    summary="Get an approval",
    responses={200: {"model": Success[ApprovalView]}},
)
async def read_approval(
    caller: Reader, connection: Connection, approval_id: ApprovalId, room: Room
) -> Answer:
    """Return one approval with what has been said so far."""
    approval = await repository.get(connection, caller.company_id, approval_id)
    decider = await _decider(connection, caller)
    (seen,) = await room.look(connection, caller.company_id, [approval], decider=decider)
    return success(show_approval(seen))


@router.post(
    "/approvals/{approvalId}/decide",
    summary="Decide an approval",
    responses={200: {"model": Success[ApprovalView]}},
)
async def decide_approval(
    caller: Approver,
    connection: Connection,
    approval_id: ApprovalId,
    body: DecideRequest,
    room: Room,
) -> Answer:
    """Approve or reject, as one of those that the approval names.

    The first decision stands: deciding again is answered with it. A key may decide only where the
    step says `allowApiKeys`, and never for a run that it or whoever made it has started.
    """
    decider = await _decider(connection, caller)
    decided = await room.decide(
        connection,
        caller.company_id,
        approval_id,
        Decision(body.approved, body.comment),
        decider=decider,
        by=Actor(caller.actor, caller.address, caller.request_id),
    )
    (seen,) = await room.look(connection, caller.company_id, [decided], decider=decider)
    return success(show_approval(seen))


async def _decider(connection: DatabaseConnection, caller: Caller) -> Decider:
    if caller.member_id is None:
        is_able = Scope.WORKFLOWS_EXECUTE in caller.scopes
        lacks = None if is_able else missing_scope(Scope.WORKFLOWS_EXECUTE).message
        return Decider(caller.actor, frozenset({caller.actor}), is_key=True, lacks=lacks)
    is_able = Permission.DECIDE in caller.permissions
    lacks = None if is_able else missing_permission(Permission.DECIDE).message
    email = await repository.find_member_email(connection, caller.company_id, caller.member_id)
    known_as = frozenset(name for name in (caller.actor, email) if name is not None)
    return Decider(caller.actor, known_as, lacks=lacks)


def _position(approval: Approval) -> Position:
    return Position(approval.created_at, approval.id)
