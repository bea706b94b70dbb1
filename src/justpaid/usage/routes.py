"""`/api/v1/admin` on the use of API keys: counts by hour and day, and what looks unusual."""

from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from pydantic import AwareDatetime

from justpaid import clock
from justpaid.api_keys import repository as api_keys
from justpaid.api_keys.model import ApiKey
from justpaid.audit.model import Actor
from justpaid.audit.service import AuditLog
from justpaid.errors import InvalidInput, NotFound, Problem
from justpaid.ids import Prefix, decode_id, encode_id
from justpaid.scopes import Category
from justpaid.usage import repository
from justpaid.usage.model import FlagKind
from justpaid.usage.report import Period, UsageFilter, choose_period, list_buckets, make_report
from justpaid.usage.schemas import Acknowledge, FlagView, UsageView, show_flag, show_report
from justpaid.web.answers import Page, Success, answers
from justpaid.web.caller import Caller, permits
from justpaid.web.csv_lines import csv_line
from justpaid.web.cursors import DEFAULT_LIMIT, Position, split_page
from justpaid.web.envelope import Answer, page, success
from justpaid.web.gate_contract import Decision, Limiter
from justpaid.web.parameters import After, Limit, given_moment, path_id
from justpaid.web.permissions import Permission
from justpaid.web.routing import api_router
from justpaid.web.unit_of_work import Connection

router = api_router("Usage", "/api/v1/admin")

_CSV: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "Columns at, route, statusClass, requests.",
        "content": {"text/csv": {"schema": {"type": "string"}}},
    }
}


async def current_limiter(request: Request) -> Limiter:
    """Return the limiter that composition made for this app."""
    limiter: Limiter = request.app.state.limiter
    return limiter


async def current_audit(request: Request) -> AuditLog:
    """Return the audit log that composition made for this app."""
    audit: AuditLog = request.app.state.audit
    return audit


async def wanted_period(
    since: Annotated[
        AwareDatetime | None, Query(alias="from", description="A week before `to` if left out.")
    ] = None,
    until: Annotated[
        AwareDatetime | None,
        Query(alias="to", description="Exclusive; at most 90 days after `from`."),
    ] = None,
    bucket: Annotated[Literal["hour", "day"] | None, Query(description="Steps, in UTC.")] = None,
) -> Period:
    """Read which moments are wanted."""
    return choose_period(given_moment(since, "from"), given_moment(until, "to"), bucket)


KeyIdQuery = Annotated[str | None, Query(alias="keyId", description="Only this key's.")]
Route = Annotated[str | None, Query(description="Such as `GET /api/v1/workflows`.")]
StatusClass = Annotated[
    Literal["1xx", "2xx", "3xx", "4xx", "5xx"] | None, Query(alias="statusClass")
]


async def wanted_usage(
    period: Annotated[Period, Depends(wanted_period)],
    key_id: KeyIdQuery = None,
    route: Route = None,
    status_class: StatusClass = None,
) -> UsageFilter:
    """Read what is wanted of all keys' usage."""
    return UsageFilter(period, _key_id(key_id), route, _digit(status_class))


Manager = Annotated[Caller, permits(Permission.KEYS)]
KeyId = Annotated[UUID, path_id(Prefix.KEY, "id")]
FlagId = Annotated[UUID, path_id(Prefix.FLAG, "id")]
CurrentLimiter = Annotated[Limiter, Depends(current_limiter)]
Audit = Annotated[AuditLog, Depends(current_audit)]
WantedPeriod = Annotated[Period, Depends(wanted_period)]
WantedUsage = Annotated[UsageFilter, Depends(wanted_usage)]


@router.get("/usage", summary="Show usage", responses=answers(Success[UsageView]))
async def show_usage(
    caller: Manager, connection: Connection, limiter: CurrentLimiter, wanted: WantedUsage
) -> Answer:
    """Show requests by hour or day, route and status class, of all keys or of one."""
    budgets = None
    if wanted.key_id is not None:
        key = await _get_key(connection, caller.company_id, wanted.key_id)
        budgets = await _budgets(limiter, key)
    report = await make_report(connection, caller.company_id, wanted)
    return success(show_report(report, budgets))


@router.get("/usage.csv", summary="Download usage", responses=_CSV)
async def download_usage(caller: Manager, connection: Connection, wanted: WantedUsage) -> Response:
    """Write the buckets as a file for a spreadsheet."""
    buckets = await list_buckets(connection, caller.company_id, wanted)
    lines = [csv_line(["at", "route", "statusClass", "requests"])]
    for at, route, status_class, requests in buckets:
        lines.append(csv_line([clock.to_wire(at), route, f"{status_class}xx", requests]))
    return Response(
        "".join(lines),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="usage.csv"'},
    )


@router.get("/keys/{id}/usage", summary="Show a key's usage", responses=answers(Success[UsageView]))
async def show_key_usage(
    caller: Manager,
    connection: Connection,
    limiter: CurrentLimiter,
    key_id: KeyId,
    period: WantedPeriod,
    route: Route = None,
    status_class: StatusClass = None,
) -> Answer:
    """Show one key's requests by hour or day, and what is left of its budgets now."""
    key = await _get_key(connection, caller.company_id, key_id)
    wanted = UsageFilter(period, key_id, route, _digit(status_class))
    report = await make_report(connection, caller.company_id, wanted)
    return success(show_report(report, await _budgets(limiter, key)))


@router.get("/flags", summary="List flags", responses=answers(Page[FlagView]))
async def list_flags(
    caller: Manager,
    connection: Connection,
    after: After,
    limit: Limit = DEFAULT_LIMIT,
    key_id: KeyIdQuery = None,
    kind: Annotated[FlagKind | None, Query(description="Only of this kind.")] = None,
    state: Annotated[Literal["open", "acknowledged"] | None, Query()] = None,
) -> Answer:
    """List what looked unusual, the newest first, with evidence and advice."""
    rows = await repository.list_flags(
        connection,
        caller.company_id,
        limit=limit + 1,
        key_id=_key_id(key_id),
        kind=kind,
        state=state,
        after=None if after is None else (after.created_at, after.id),
    )
    items, cursor = split_page(rows, limit, lambda row: Position(row.at, row.id))
    return page([show_flag(item) for item in items], cursor)


@router.post(
    "/flags/{id}/acknowledge", summary="Acknowledge a flag", responses=answers(Success[FlagView])
)
async def acknowledge_flag(
    caller: Manager, connection: Connection, audit: Audit, flag_id: FlagId, body: Acknowledge
) -> Answer:
    """Say that somebody has looked at it; a repeat keeps the first name."""
    flag = await repository.acknowledge_flag(
        connection, caller.company_id, flag_id, by=caller.actor, comment=body.comment
    )
    if flag is None:
        raise NotFound("There is no such object.")
    await audit.record_event(
        connection,
        caller.company_id,
        by=Actor(caller.actor, caller.address, caller.request_id),
        action="flag.acknowledged",
        object_type="flag",
        object_id=encode_id(Prefix.FLAG, flag.id),
        after={"kind": flag.finding.kind.value, "comment": body.comment},
    )
    return success(show_flag(flag))


async def _get_key(connection: Connection, company_id: UUID, key_id: UUID) -> ApiKey:
    key = await api_keys.find(connection, company_id, key_id)
    if key is None:
        raise NotFound("There is no such object.")
    return key


async def _budgets(limiter: Limiter, key: ApiKey) -> dict[str, Decision]:
    """Look at the budgets of a key, spending none."""
    budgets: dict[str, Decision] = {}
    for category in Category:
        said = limiter.peek(key.id, category, key.limit_of(category))
        budgets[category.value] = said if isinstance(said, Decision) else await said
    return budgets


def _key_id(text: str | None) -> UUID | None:
    if text is None:
        return None
    key_id = decode_id(Prefix.KEY, text)
    if key_id is None:
        raise InvalidInput("The key is not valid.", [Problem("keyId", "must be a key's id")])
    return key_id


def _digit(status_class: str | None) -> int | None:
    return None if status_class is None else int(status_class[0])
