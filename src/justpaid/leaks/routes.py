"""`POST /api/v1/leaks` for anybody, and `/api/v1/admin/leaks` for people with `keys`."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Depends, Request

from justpaid.api_keys.key_changes import changing_keys
from justpaid.audit.model import Actor
from justpaid.db.pool import Pool
from justpaid.errors import RateLimited
from justpaid.ids import Prefix
from justpaid.leaks import repository
from justpaid.leaks.schemas import LeakView, ReportLeak, ResolveLeak, Thanks, show_leak
from justpaid.leaks.service import Leaks
from justpaid.web.answers import Page, Success, answers
from justpaid.web.caller import Caller, permits
from justpaid.web.cursors import DEFAULT_LIMIT, Position, split_page
from justpaid.web.envelope import Answer, page, success
from justpaid.web.gate_address import ADDRESS_KEY
from justpaid.web.gate_contract import FailureCounter, decided
from justpaid.web.parameters import After, Limit, path_id
from justpaid.web.permissions import Permission
from justpaid.web.routing import EdgeResources, api_router, request_id_of
from justpaid.web.unit_of_work import Connection, Unit

router = api_router("Leaks")

REPORTS_A_MINUTE: Final = 30

_LIMITED: Final[dict[int | str, dict[str, Any]]] = {
    400: {"description": "The request is not valid; `details` names every problem."},
    429: {"description": "Too many reports from your address."},
}


async def current_leaks(request: Request) -> Leaks:
    """Return what composition made for this app."""
    leaks: Leaks = request.app.state.leaks
    return leaks


async def current_pool(request: Request) -> Pool:
    """Return the pool on which a change of keys is settled."""
    edge: EdgeResources = request.app.state.edge
    return edge.pool


async def limited_by_address(request: Request) -> str | None:
    """Return the caller's address; raises RateLimited past its reports a minute."""
    reports: FailureCounter = request.app.state.leak_reports
    address: str | None = request.scope.get(ADDRESS_KEY)
    decision = await decided(reports.count(address))
    if not decision.accepted:
        raise RateLimited(
            f"Your address may report {decision.limit} keys a minute.",
            retry_after_seconds=decision.retry_after_seconds,
        )
    return address


Room = Annotated[Leaks, Depends(current_leaks)]
Settling = Annotated[Pool, Depends(current_pool)]
Address = Annotated[str | None, Depends(limited_by_address)]
Manager = Annotated[Caller, permits(Permission.KEYS)]
LeakId = Annotated[UUID, path_id(Prefix.LEAK, "id")]


@router.post(
    "/leaks",
    status_code=202,
    summary="Report a leaked key",
    responses=answers(Success[Thanks], 202) | _LIMITED,
)
async def report_leak(
    request: Request, unit: Unit, pool: Settling, room: Room, address: Address, body: ReportLeak
) -> Answer:
    """Tell that a key was found in public. It is shut at once, if it is one.

    Anybody may report; the answer is always the same. At most 30 a minute from an address.
    """
    async with changing_keys(unit, pool) as changes:
        await room.report(
            changes, body.key, body.url, address=address, request_id=request_id_of(request)
        )
    return success({"received": True}, 202)


@router.get("/admin/leaks", summary="List leak reports", responses=answers(Page[LeakView]))
async def list_leaks(
    caller: Manager, connection: Connection, after: After, limit: Limit = DEFAULT_LIMIT
) -> Answer:
    """List reports about the company's keys, the newest first."""
    rows = await repository.list_page(connection, caller.company_id, after=after, limit=limit)
    items, cursor = split_page(rows, limit, lambda row: Position(row.at, row.id))
    return page([show_leak(item) for item in items], cursor)


@router.post(
    "/admin/leaks/{id}/resolve",
    summary="Resolve a leak report",
    responses=answers(Success[LeakView]),
)
async def resolve_leak(
    caller: Manager, unit: Unit, pool: Settling, room: Room, leak_id: LeakId, body: ResolveLeak
) -> Answer:
    """Revoke the key, or clear the report: the key stays as it is."""
    by = Actor(caller.actor, caller.address, caller.request_id)
    async with changing_keys(unit, pool) as changes:
        leak = await room.resolve(
            changes, caller.company_id, leak_id, body.act, body.comment, by=by
        )
    return success(show_leak(leak))
