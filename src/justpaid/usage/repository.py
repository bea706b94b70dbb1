"""Every SQL statement on usage and flags."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from justpaid import exact_json
from justpaid.db.pool import Connection, Row
from justpaid.ids import new_id
from justpaid.usage.model import (
    DORMANT_DAYS,
    SPIKE_NORM_DAYS,
    Finding,
    Flag,
    FlagKind,
    HourCount,
    SourceCount,
)

# Rows go in in the order of the keys, or two processes deadlock.
_ADD_HOURS: Final = """
INSERT INTO usage_hours (company_id, key_id, hour, route, status, requests)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[], $5::smallint[],
  $6::bigint[]) AS u(company_id, key_id, hour, route, status, requests) ORDER BY 1, 2, 3, 4, 5
ON CONFLICT (company_id, key_id, hour, route, status)
DO UPDATE SET requests = usage_hours.requests + excluded.requests
"""
_ADD_SOURCES: Final = """
INSERT INTO usage_sources (company_id, key_id, hour, address, agent, route, requests, last_at)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[], $5::text[],
  $6::text[], $7::bigint[], $8::timestamptz[])
  AS u(company_id, key_id, hour, address, agent, route, requests, last_at)
ORDER BY 1, 2, 3, 4, 5, 6
ON CONFLICT (company_id, key_id, hour, address, agent, route)
DO UPDATE SET requests = usage_sources.requests + excluded.requests,
  last_at = greatest(usage_sources.last_at, excluded.last_at)
"""
_ADD_NETWORKS: Final = """
WITH seen AS (SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[])
    AS u(company_id, key_id, network)),
added AS (INSERT INTO key_networks (key_id, company_id, network)
  SELECT key_id, company_id, network FROM seen ORDER BY key_id, network
  ON CONFLICT DO NOTHING RETURNING key_id, company_id, network)
SELECT company_id, key_id, network FROM added a
WHERE EXISTS (SELECT 1 FROM key_networks k WHERE k.key_id = a.key_id)
"""
_LAST_HOURS: Final = """
SELECT u.company_id, u.key_id, (SELECT max(h.hour) FROM usage_hours h
  WHERE h.company_id = u.company_id AND h.key_id = u.key_id) AS last_hour
FROM unnest($1::uuid[], $2::uuid[]) AS u(company_id, key_id)
"""
_RATES: Final = """
SELECT u.company_id, u.key_id,
  coalesce((SELECT sum(h.requests) FROM usage_hours h WHERE h.company_id = u.company_id
    AND h.key_id = u.key_id AND h.hour = $3), 0)::bigint AS this_hour,
  coalesce((SELECT sum(h.requests) / $5 FROM usage_hours h WHERE h.company_id = u.company_id
    AND h.key_id = u.key_id AND h.hour >= $4 AND h.hour < $3), 0)::bigint AS norm
FROM unnest($1::uuid[], $2::uuid[]) AS u(company_id, key_id)
"""
_ADD_FLAG: Final = """
INSERT INTO flags (id, company_id, key_id, kind, distinct_by, evidence)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (key_id, kind, distinct_by) DO NOTHING RETURNING id
"""
_FLAG_COLUMNS: Final = """
id, company_id, key_id, kind, at, distinct_by, evidence, state, acknowledged_by, comment
"""
_LIST_FLAGS: Final = f"""
SELECT {_FLAG_COLUMNS} FROM flags WHERE company_id = $1
  AND ($2::uuid IS NULL OR key_id = $2) AND ($3::text IS NULL OR kind = $3)
  AND ($4::text IS NULL OR state = $4)
  AND ($5::timestamptz IS NULL OR (at, id) < ($5, $6::uuid))
ORDER BY at DESC, id DESC LIMIT $7
"""
_ACKNOWLEDGE: Final = f"""
UPDATE flags SET state = 'acknowledged', acknowledged_by = coalesce(acknowledged_by, $3),
  acknowledged_at = coalesce(acknowledged_at, now()), comment = coalesce($4, comment)
WHERE company_id = $1 AND id = $2 RETURNING {_FLAG_COLUMNS}
"""
_BUCKETS: Final = """
SELECT date_trunc($4, hour AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' AS at, route,
  (status / 100)::smallint AS status_class, sum(requests)::bigint AS requests
FROM usage_hours WHERE company_id = $1 AND hour >= $2 AND hour < $3
  AND ($5::uuid IS NULL OR key_id = $5) AND ($6::text IS NULL OR route = $6)
  AND ($7::smallint IS NULL OR status / 100 = $7)
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
_REFUSALS: Final = """
SELECT status, sum(requests)::bigint AS requests FROM usage_hours
WHERE company_id = $1 AND hour >= $2 AND hour < $3 AND ($4::uuid IS NULL OR key_id = $4)
  AND status IN (401, 403, 429) GROUP BY status
"""
_ADDRESSES: Final = """
SELECT count(DISTINCT address) FROM usage_sources
WHERE company_id = $1 AND hour >= $2 AND hour < $3 AND ($4::uuid IS NULL OR key_id = $4)
"""
_FIRST_USE: Final = """
SELECT min(last_at) FROM usage_sources WHERE company_id = $1 AND key_id = $2
  AND hour = (SELECT min(hour) FROM usage_sources WHERE company_id = $1 AND key_id = $2)
"""
_COUNT_SINCE: Final = """
SELECT coalesce(sum(requests), 0)::bigint FROM usage_hours
WHERE company_id = $1 AND key_id = $2 AND hour >= $3
"""
_SOURCES: Final = """
SELECT address, agent, route, sum(requests)::bigint AS requests, max(last_at) AS last_at
FROM usage_sources WHERE company_id = $1 AND key_id = $2 AND hour >= $3
GROUP BY 1, 2, 3 ORDER BY last_at DESC LIMIT 100
"""
_DAYS: Final = """
SELECT key_id, (hour AT TIME ZONE 'UTC')::date AS day, sum(requests)::bigint AS requests
FROM usage_hours WHERE company_id = $1 AND key_id = ANY($2) AND hour >= $3 GROUP BY 1, 2
"""
_ROUTES_USED: Final = """
SELECT DISTINCT route FROM usage_hours WHERE company_id = $1 AND key_id = $2 AND hour >= $3
  AND status < 400
"""


class Bucket(NamedTuple):
    """Requests by route and status class within an hour or a day."""

    at: datetime
    route: str
    status_class: int
    requests: int


class Source(NamedTuple):
    """Who still uses a key."""

    address: str
    agent: str
    route: str
    requests: int
    last_at: datetime


class Rate(NamedTuple):
    """A key's requests in the present hour, and its own norm an hour."""

    company_id: UUID
    key_id: UUID
    this_hour: int
    norm: int


async def add_hours(connection: Connection, hours: Sequence[HourCount]) -> None:
    """Add a batch of counts, of any company."""
    columns = zip(*[(h.company_id, h.key_id, h.hour, h.route, h.status, h.requests) for h in hours])  # noqa: B905  tuples of one length
    await connection.execute(_ADD_HOURS, *columns)


async def add_sources(connection: Connection, sources: Sequence[SourceCount]) -> None:
    """Add a batch of counts by address and program, of any company."""
    rows = [
        (s.company_id, s.key_id, s.hour, s.address, s.agent, s.route, s.requests, s.last_at)
        for s in sources
    ]
    await connection.execute(_ADD_SOURCES, *zip(*rows))  # noqa: B905  tuples of one length


async def add_networks(
    connection: Connection, networks: Sequence[tuple[UUID, UUID, str]]
) -> list[tuple[UUID, UUID, str]]:
    """Store (company, key, network) of any company; return those new to a key that had others."""
    rows = await connection.fetch(_ADD_NETWORKS, *zip(*networks))  # noqa: B905  tuples of one length
    return [(row["company_id"], row["key_id"], row["network"]) for row in rows]


async def find_dormant(
    connection: Connection, keys: Sequence[tuple[UUID, UUID]], now: datetime
) -> list[tuple[UUID, UUID, datetime]]:
    """Find which (company, key), of any company, were last used long ago; ask before counting."""
    rows = await connection.fetch(_LAST_HOURS, *zip(*keys))  # noqa: B905  tuples of one length
    return [
        (row["company_id"], row["key_id"], row["last_hour"])
        for row in rows
        if row["last_hour"] is not None and row["last_hour"] < now - timedelta(days=DORMANT_DAYS)
    ]


async def read_rates(
    connection: Connection, keys: Sequence[tuple[UUID, UUID]], hour: datetime
) -> list[Rate]:
    """Read the rates of (company, key), of any company."""
    companies, key_ids = zip(*keys)  # noqa: B905  tuples of one length
    since = hour - timedelta(days=SPIKE_NORM_DAYS)
    rows = await connection.fetch(_RATES, companies, key_ids, hour, since, SPIKE_NORM_DAYS * 24)
    return [Rate(*row.values()) for row in rows]


async def add_flag(connection: Connection, company_id: UUID, finding: Finding) -> UUID | None:
    """Store a finding; None when it is a flag already."""
    flag_id: UUID | None = await connection.fetchval(
        _ADD_FLAG,
        new_id(),
        company_id,
        finding.key_id,
        finding.kind,
        finding.distinct_by,
        exact_json.encode_text(finding.evidence),
    )
    return flag_id


async def list_flags(
    connection: Connection,
    company_id: UUID,
    *,
    limit: int,
    key_id: UUID | None = None,
    kind: FlagKind | None = None,
    state: str | None = None,
    after: tuple[datetime, UUID] | None = None,
) -> list[Flag]:
    """List a company's flags, newest first."""
    at, flag_id = after or (None, None)
    rows = await connection.fetch(_LIST_FLAGS, company_id, key_id, kind, state, at, flag_id, limit)
    return [_flag(row) for row in rows]


async def acknowledge_flag(
    connection: Connection, company_id: UUID, flag_id: UUID, *, by: str, comment: str | None
) -> Flag | None:
    """Mark a flag as seen by a person; a repeat keeps the first; None when there is none."""
    row = await connection.fetchrow(_ACKNOWLEDGE, company_id, flag_id, by, comment)
    return None if row is None else _flag(row)


async def list_buckets(
    connection: Connection,
    company_id: UUID,
    since: datetime,
    until: datetime,
    *,
    unit: str,
    key_id: UUID | None = None,
    route: str | None = None,
    status_class: int | None = None,
) -> list[Bucket]:
    """List requests by hour or day (`unit`), route and status class, oldest first."""
    rows = await connection.fetch(
        _BUCKETS, company_id, since, until, unit, key_id, route, status_class
    )
    return [Bucket(*row.values()) for row in rows]


async def count_refusals(
    connection: Connection,
    company_id: UUID,
    since: datetime,
    until: datetime,
    key_id: UUID | None = None,
) -> dict[int, int]:
    """Count the answers 401, 403 and 429."""
    rows = await connection.fetch(_REFUSALS, company_id, since, until, key_id)
    return {401: 0, 403: 0, 429: 0} | {row["status"]: row["requests"] for row in rows}


async def count_addresses(
    connection: Connection,
    company_id: UUID,
    since: datetime,
    until: datetime,
    key_id: UUID | None = None,
) -> int:
    """Count the distinct addresses that called."""
    count: int = await connection.fetchval(_ADDRESSES, company_id, since, until, key_id)
    return count


async def find_first_use(connection: Connection, company_id: UUID, key_id: UUID) -> datetime | None:
    """Return when a key was first used, to within its first hour; None before that."""
    at: datetime | None = await connection.fetchval(_FIRST_USE, company_id, key_id)
    return at


async def count_since(
    connection: Connection, company_id: UUID, key_id: UUID, hour: datetime
) -> int:
    """Count a key's requests since the beginning of an hour."""
    count: int = await connection.fetchval(_COUNT_SINCE, company_id, key_id, hour)
    return count


async def list_sources(
    connection: Connection, company_id: UUID, key_id: UUID, since: datetime
) -> list[Source]:
    """List who used a key since a moment, the latest first; at most 100."""
    rows = await connection.fetch(_SOURCES, company_id, key_id, since)
    return [Source(*row.values()) for row in rows]


async def count_by_day(
    connection: Connection, company_id: UUID, key_ids: Sequence[UUID], since: datetime
) -> dict[tuple[UUID, date], int]:
    """Count requests by key and UTC day."""
    rows = await connection.fetch(_DAYS, company_id, key_ids, since)
    return {(row["key_id"], row["day"]): row["requests"] for row in rows}


async def list_routes_used(
    connection: Connection, company_id: UUID, key_id: UUID, since: datetime
) -> list[str]:
    """List the routes, as `METHOD /path`, that a key has used with success."""
    return [row["route"] for row in await connection.fetch(_ROUTES_USED, company_id, key_id, since)]


def _flag(row: Row) -> Flag:
    evidence = exact_json.stored(row["evidence"])
    finding = Finding(
        row["company_id"],
        row["key_id"],
        FlagKind(row["kind"]),
        row["distinct_by"],
        evidence if isinstance(evidence, dict) else {},
    )
    return Flag(
        row["id"],
        finding,
        row["at"],
        row["state"] == "acknowledged",
        row["acknowledged_by"],
        row["comment"],
    )
