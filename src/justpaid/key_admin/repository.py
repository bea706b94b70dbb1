"""What people should be told of: keys that end soon or grow old, and flags nobody was told of."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from justpaid.db.pool import Connection

_EXPIRING = """
SELECT k.company_id, k.id, k.name, k.hint, k.expires_at, due.distinct_by
FROM api_keys k
CROSS JOIN LATERAL (SELECT CASE WHEN k.expires_at <= $1::timestamptz + interval '1 day' THEN 1
  WHEN k.expires_at <= $1::timestamptz + interval '7 days' THEN 7
  WHEN k.expires_at <= $1::timestamptz + interval '14 days' THEN 14 ELSE 30 END AS days) step
CROSS JOIN LATERAL (SELECT concat_ws(':', k.id, extract(epoch FROM k.expires_at)::bigint, step.days)
  AS distinct_by) due
WHERE k.status = 'active'
  AND k.expires_at > $1 AND k.expires_at <= $1::timestamptz + interval '30 days'
  AND k.created_at <= k.expires_at - make_interval(days => step.days)
  AND NOT EXISTS (SELECT 1 FROM notices n WHERE n.company_id = k.company_id
    AND n.kind = $2 AND n.distinct_by = due.distinct_by)
ORDER BY k.expires_at LIMIT $3
"""
_AGING = """
SELECT k.company_id, k.id, k.name, k.hint, k.created_at, due.distinct_by
FROM api_keys k
CROSS JOIN LATERAL (SELECT CASE WHEN k.created_at <= $1::timestamptz - interval '90 days'
  THEN 90 ELSE 75 END AS days) step
CROSS JOIN LATERAL (SELECT concat_ws(':', k.id, step.days) AS distinct_by) due
WHERE k.status = 'active' AND (k.expires_at IS NULL OR k.expires_at > $1)
  AND k.rotated_to IS NULL AND k.created_at <= $1::timestamptz - interval '75 days'
  AND NOT EXISTS (SELECT 1 FROM notices n WHERE n.company_id = k.company_id
    AND n.kind = $2 AND n.distinct_by = due.distinct_by)
ORDER BY k.created_at LIMIT $3
"""
_FLAGS = """
SELECT f.company_id, f.key_id, k.name, k.hint, f.at, f.id::text AS distinct_by, f.kind
FROM flags f JOIN api_keys k ON k.id = f.key_id
WHERE f.at > $1::timestamptz - interval '7 days' AND f.state = 'open'
  AND NOT EXISTS (SELECT 1 FROM notices n WHERE n.company_id = f.company_id
    AND n.kind = $2 AND n.distinct_by = f.id::text)
ORDER BY f.at LIMIT $3
"""


class Untold(NamedTuple):
    """A key to tell about: `at` is its expiry, its making, or the flag's moment."""

    company_id: UUID
    key_id: UUID
    name: str
    hint: str
    at: datetime
    distinct_by: str


async def list_expiring(
    connection: Connection, now: datetime, *, told_as: str, limit: int
) -> list[Untold]:
    """List active keys of any company 30, 14, 7 or 1 days before their end, each step once."""
    return [Untold(*row.values()) for row in await connection.fetch(_EXPIRING, now, told_as, limit)]


async def list_aging(
    connection: Connection, now: datetime, *, told_as: str, limit: int
) -> list[Untold]:
    """List active keys of any company at 75 and 90 days that nobody has rotated, each step once."""
    return [Untold(*row.values()) for row in await connection.fetch(_AGING, now, told_as, limit)]


async def list_flags(
    connection: Connection, now: datetime, *, told_as: str, limit: int
) -> list[tuple[Untold, str]]:
    """List open flags of any company, each with its kind."""
    rows = await connection.fetch(_FLAGS, now, told_as, limit)
    return [(Untold(*list(row.values())[:-1]), row["kind"]) for row in rows]
