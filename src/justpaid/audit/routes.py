"""`/api/v1/admin/audit`: read the log, carry it away, and prove that nobody has changed it."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from fastapi import Depends, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, Field

from justpaid.audit import repository
from justpaid.audit.export import show_row, write_csv, write_json_lines
from justpaid.audit.model import AuditChoice
from justpaid.audit.service import AuditLog
from justpaid.ids import Prefix, encode_id
from justpaid.web.answers import Page, Success, View, answers
from justpaid.web.caller import Caller, permits
from justpaid.web.cursors import DEFAULT_LIMIT, Position, split_page
from justpaid.web.envelope import Answer, page, success
from justpaid.web.parameters import After, Limit, given_moment
from justpaid.web.permissions import Permission
from justpaid.web.routing import EdgeResources, api_router
from justpaid.web.unit_of_work import Connection

router = api_router("Audit", "/api/v1/admin")

_TYPES: Final = {"jsonl": "application/jsonl", "csv": "text/csv; charset=utf-8"}
_FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The file; its last line holds the signed head of the chain.",
        "content": {
            "application/jsonl": {"schema": {"type": "string"}},
            "text/csv": {"schema": {"type": "string"}},
        },
    }
}


class AuditRowView(View):
    """Who did what to which object."""

    id: str = Field(examples=["aud_01jd9yv1n4c6g8k0m2q4s6v8xa"])
    at: datetime
    actor: str = Field(
        description="A member, a key, `operator:<system user>`, or `system`.",
        examples=["mem_01jd9yv1n4c6g8k0m2q4s6v8xa"],
    )
    ip: str | None = Field(examples=["192.0.2.7"])
    request_id: str | None
    action: str = Field(examples=["api_key.revoked"])
    object: str = Field(examples=["key_01jd9yv1n4c6g8k0m2q4s6v8xa"])
    before: Any = Field(description="Without secrets.")
    after: Any = Field(description="Without secrets.")
    hash: str = Field(description="Covers this row and the one before it.")


class VerificationView(View):
    """What recomputing the chain found."""

    valid: bool
    rows: int = Field(description="Rows that fit, from the first on.", examples=[1204])
    head: str = Field(description="The hash of the last of them.")
    first_bad_id: str | None = Field(description="The first row that does not fit.")


async def current_audit(request: Request) -> AuditLog:
    """Return the audit log that composition made for this app."""
    audit: AuditLog = request.app.state.audit
    return audit


async def current_edge(request: Request) -> EdgeResources:
    """Return the edge's resources: what outlives a request's own connection."""
    edge: EdgeResources = request.app.state.edge
    return edge


async def wanted_rows(
    actor: Annotated[str | None, Query(description="Who acted.")] = None,
    action: Annotated[
        str | None, Query(description="An action, or the first word of many: `api_key`.")
    ] = None,
    object_id: Annotated[str | None, Query(alias="object", description="On what.")] = None,
    since: Annotated[AwareDatetime | None, Query(alias="from")] = None,
    until: Annotated[AwareDatetime | None, Query(alias="to", description="Exclusive.")] = None,
) -> AuditChoice:
    """Read which rows are wanted."""
    since, until = given_moment(since, "from"), given_moment(until, "to")
    return AuditChoice(actor, action, object_id, since, until)


Auditor = Annotated[Caller, permits(Permission.AUDIT)]
Audit = Annotated[AuditLog, Depends(current_audit)]
Edge = Annotated[EdgeResources, Depends(current_edge)]
Choice = Annotated[AuditChoice, Depends(wanted_rows)]


@router.get("/audit", summary="List audit rows", responses=answers(Page[AuditRowView]))
async def list_audit(
    caller: Auditor,
    connection: Connection,
    choice: Choice,
    after: After,
    limit: Limit = DEFAULT_LIMIT,
) -> Answer:
    """List what was done in the company, the newest first."""
    last = None if after is None else after.id
    rows = await repository.list_rows(
        connection, caller.company_id, choice, after=last, limit=limit + 1
    )
    items, cursor = split_page(rows, limit, lambda row: Position(row.at, row.id))
    return page([show_row(item) for item in items], cursor)


@router.get("/audit/export", summary="Export the audit log", responses=_FILE)
async def export_audit(
    caller: Auditor,
    connection: Connection,
    audit: Audit,
    edge: Edge,
    choice: Choice,
    file_format: Annotated[Literal["jsonl", "csv"], Query(alias="format")] = "jsonl",
) -> StreamingResponse:
    """Write the chosen rows, the oldest first, and a signed head that shows a later cut."""
    head = await audit.sign_head(connection, caller.company_id)
    write = write_csv if file_format == "csv" else write_json_lines
    name = f'attachment; filename="audit-{head.at:%Y-%m-%d}.{file_format}"'
    return StreamingResponse(
        write(edge.pool, caller.company_id, choice, head),
        media_type=_TYPES[file_format],
        headers={"Content-Disposition": name, "Cache-Control": "no-store"},
    )


@router.post(
    "/audit/verify", summary="Verify the audit log", responses=answers(Success[VerificationView])
)
async def verify_audit(caller: Auditor, audit: Audit, edge: Edge) -> Answer:
    """Recompute the chain from its first row: a changed, inserted or removed row shows."""
    async with edge.pool.acquire() as connection:
        found = await audit.verify(connection, caller.company_id)
    first_bad = found.first_bad_id
    return success(
        {
            "valid": found.valid,
            "rows": found.rows,
            "head": found.head.hex(),
            "firstBadId": None if first_bad is None else encode_id(Prefix.AUDIT, first_bad),
        }
    )
