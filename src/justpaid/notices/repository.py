"""Every statement on notices."""

from datetime import datetime
from uuid import UUID

from justpaid.db.pool import Connection, Row
from justpaid.ids import new_id
from justpaid.notices.model import News, Notice
from justpaid.web.cursors import Position

_ADD = """
INSERT INTO notices (company_id, id, at, kind, title, body, link, distinct_by, member_ids)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (company_id, kind, distinct_by) DO NOTHING RETURNING id
"""
_COLUMNS = "n.id, n.kind, n.at, n.title, n.body, n.link, r.read_at"
_FOR_MEMBER = "(n.member_ids IS NULL OR $2 = ANY(n.member_ids))"
_FROM = "FROM notices n LEFT JOIN notice_reads r ON r.notice_id = n.id AND r.membership_id = $2"
_LIST = f"""
SELECT {_COLUMNS} {_FROM} WHERE n.company_id = $1 AND {_FOR_MEMBER}
  AND ($3::timestamptz IS NULL OR (n.at, n.id) < ($3, $4::uuid))
ORDER BY n.at DESC, n.id DESC LIMIT $5
"""
_FIND = f"SELECT {_COLUMNS} {_FROM} WHERE n.company_id = $1 AND {_FOR_MEMBER} AND n.id = $3"
_MARK_READ = f"""
INSERT INTO notice_reads (company_id, membership_id, notice_id)
SELECT n.company_id, $2, n.id FROM notices n WHERE n.company_id = $1 AND {_FOR_MEMBER} AND n.id = $3
ON CONFLICT (notice_id, membership_id) DO NOTHING
"""


async def add(connection: Connection, company_id: UUID, news: News, at: datetime) -> bool:
    """Tell a company something; False when it was told before."""
    added = await connection.fetchval(
        _ADD,
        company_id,
        new_id(),
        at,
        news.kind,
        news.title,
        news.body,
        news.link,
        news.distinct_by,
        None if news.member_ids is None else list(news.member_ids),
    )
    return added is not None


async def list_page(
    connection: Connection,
    company_id: UUID,
    membership_id: UUID,
    *,
    after: Position | None,
    limit: int,
) -> list[Notice]:
    """List up to limit + 1 notices for a member, the newest first, as they have read them."""
    at, notice_id = (None, None) if after is None else (after.created_at, after.id)
    rows = await connection.fetch(_LIST, company_id, membership_id, at, notice_id, limit + 1)
    return [_notice(row) for row in rows]


async def mark_read(
    connection: Connection, company_id: UUID, membership_id: UUID, notice_id: UUID
) -> Notice | None:
    """Note that a member has read a notice; None when there is none. A repeat keeps the first."""
    await connection.execute(_MARK_READ, company_id, membership_id, notice_id)
    row = await connection.fetchrow(_FIND, company_id, membership_id, notice_id)
    return None if row is None else _notice(row)


def _notice(row: Row) -> Notice:
    return Notice(*row.values())
