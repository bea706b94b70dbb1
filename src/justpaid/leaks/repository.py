"""Every statement on leak reports."""

from uuid import UUID

from justpaid.db.pool import Connection, Row
from justpaid.ids import new_id
from justpaid.leaks.model import Leak, LeakAct, Resolution
from justpaid.web.cursors import Position

_COLUMNS = """id, company_id, key_id, at, url, act, state, resolved_by, resolved_at, resolution,
  comment"""
# A report without an address is the same as any other of it: one open row is enough. And whoever
# holds a leaked key cannot fill the table with invented addresses.
_ADD = f"""
INSERT INTO leaks (company_id, id, key_id, url, reported_by, act)
SELECT $1, $2, $3, $4, $5, $6 WHERE ($4::text IS NOT NULL OR NOT EXISTS (
  SELECT 1 FROM leaks WHERE company_id = $1 AND key_id = $3 AND url IS NULL AND state = 'open'))
  AND (SELECT count(*) FROM leaks WHERE company_id = $1 AND key_id = $3) < 100
ON CONFLICT (key_id, url) DO NOTHING RETURNING {_COLUMNS}
"""
_LIST = f"""
SELECT {_COLUMNS} FROM leaks WHERE company_id = $1
  AND ($2::timestamptz IS NULL OR (at, id) < ($2, $3::uuid))
ORDER BY at DESC, id DESC LIMIT $4
"""
_LOCK = f"SELECT {_COLUMNS} FROM leaks WHERE company_id = $1 AND id = $2 FOR UPDATE"
_RESOLVE = f"""
UPDATE leaks SET state = 'resolved', resolved_by = $3, resolved_at = now(), resolution = $4,
  comment = $5
WHERE company_id = $1 AND id = $2 RETURNING {_COLUMNS}
"""


async def add(
    connection: Connection,
    company_id: UUID,
    key_id: UUID,
    *,
    url: str | None,
    reported_by: str | None,
    act: LeakAct,
) -> Leak | None:
    """Store a report; None when the same was reported before."""
    row = await connection.fetchrow(_ADD, company_id, new_id(), key_id, url, reported_by, act)
    return None if row is None else _leak(row)


async def list_page(
    connection: Connection, company_id: UUID, *, after: Position | None, limit: int
) -> list[Leak]:
    """List up to limit + 1 reports, the newest first."""
    at, leak_id = (None, None) if after is None else (after.created_at, after.id)
    rows = await connection.fetch(_LIST, company_id, at, leak_id, limit + 1)
    return [_leak(row) for row in rows]


async def lock(connection: Connection, company_id: UUID, leak_id: UUID) -> Leak | None:
    """Lock a report until the transaction ends and return it, or None."""
    row = await connection.fetchrow(_LOCK, company_id, leak_id)
    return None if row is None else _leak(row)


async def resolve(
    connection: Connection,
    company_id: UUID,
    leak_id: UUID,
    *,
    by: str,
    resolution: Resolution,
    comment: str,
) -> Leak:
    """Write down what a person decided; the caller holds the row's lock."""
    row = await connection.fetchrow(_RESOLVE, company_id, leak_id, by, resolution, comment)
    if row is None:
        raise RuntimeError("a locked row was not found")
    return _leak(row)


def _leak(row: Row) -> Leak:
    resolution = row["resolution"]
    return Leak(
        id=row["id"],
        company_id=row["company_id"],
        key_id=row["key_id"],
        at=row["at"],
        url=row["url"],
        act=LeakAct(row["act"]),
        is_resolved=row["state"] == "resolved",
        resolved_by=row["resolved_by"],
        resolved_at=row["resolved_at"],
        resolution=None if resolution is None else Resolution(resolution),
        comment=row["comment"],
    )
