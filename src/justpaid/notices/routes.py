"""`/api/v1/admin/notices`: the inbox of whoever is signed in."""

from typing import Annotated
from uuid import UUID

from justpaid.errors import NotFound, Unauthenticated
from justpaid.ids import Prefix
from justpaid.notices import repository
from justpaid.notices.schemas import NoticeView, show_notice
from justpaid.web.answers import Page, Success, answers
from justpaid.web.caller import SESSION_NEEDED, Caller, permits
from justpaid.web.cursors import DEFAULT_LIMIT, Position, split_page
from justpaid.web.envelope import Answer, page, success
from justpaid.web.parameters import After, Limit, path_id
from justpaid.web.routing import api_router
from justpaid.web.unit_of_work import Connection

router = api_router("Notices", "/api/v1/admin")

AnySession = Annotated[Caller, permits(None)]
NoticeId = Annotated[UUID, path_id(Prefix.NOTICE, "id")]


@router.get("/notices", summary="List notices", responses=answers(Page[NoticeView]))
async def list_notices(
    caller: AnySession, connection: Connection, after: After, limit: Limit = DEFAULT_LIMIT
) -> Answer:
    """List what the company was told, the newest first, and whether you have read it."""
    rows = await repository.list_page(
        connection, caller.company_id, _member(caller), after=after, limit=limit
    )
    items, cursor = split_page(rows, limit, lambda row: Position(row.at, row.id))
    return page([show_notice(item) for item in items], cursor)


@router.post(
    "/notices/{id}/read", summary="Mark a notice as read", responses=answers(Success[NoticeView])
)
async def read_notice(caller: AnySession, connection: Connection, notice_id: NoticeId) -> Answer:
    """Note that you have read it; others still find it unread."""
    notice = await repository.mark_read(connection, caller.company_id, _member(caller), notice_id)
    if notice is None:
        raise NotFound("There is no such object.")
    return success(show_notice(notice))


def _member(caller: Caller) -> UUID:
    if caller.member_id is None:
        raise Unauthenticated(SESSION_NEEDED)
    return caller.member_id
