"""Every statement on saved budgets: written at a clean stop, read and removed at the next start."""

from collections.abc import Sequence

from justpaid.db.pool import Connection
from justpaid.rate_limits.limiter import SavedBucket
from justpaid.scopes import Category

_SAVE = """
INSERT INTO rate_limit_buckets AS saved (key_id, category, second, accepted)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::int[])
ON CONFLICT (key_id, category, second) DO UPDATE SET accepted = saved.accepted + excluded.accepted
"""
_TAKE = "DELETE FROM rate_limit_buckets RETURNING key_id, category, second, accepted"


async def save(connection: Connection, buckets: Sequence[SavedBucket]) -> None:
    """Keep what keys of any company spent, for the process that starts next."""
    if buckets:
        await connection.execute(_SAVE, *map(list, zip(*buckets, strict=True)))


async def take(connection: Connection) -> list[SavedBucket]:
    """Return what was saved for any company and remove it: no later start counts it again."""
    rows = await connection.fetch(_TAKE)
    return [SavedBucket(row[0], Category(row[1]), row[2], row[3]) for row in rows]
