"""Reads what was written of any number of runs since each was last looked at, in one statement.

Guarantee: one snapshot for all of it, so that no commit is passed over between a run's rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from uuid import UUID

from justpaid.db.pool import Connection, Row

MOST_NOTES: Final = 501

_RUN_COLUMNS: Final = ("id", "status", "created_at", "started_at", "completed_at", "error")
_STEP_COLUMNS: Final = (
    "path", "attempt", "type", "status", "skip_reason", "error", "due_at", "reused_run_id",
    "started_at", "completed_at", "seq",
)  # fmt: skip
_NOTE_COLUMNS: Final = ("path", "seq", "at", "level", "message", "data")
# A run that nobody has claimed since the last look, and that is not being performed, has no new
# rows: for it the run's own row is all that is read.
_SINCE: Final = f"""
WITH r AS MATERIALIZED (
  SELECT r.*, q.from_seq,
    r.status = 'running' OR (r.status, r.fence) IS DISTINCT FROM (q.status, q.fence) AS is_new
  FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::integer[])
    AS q(company_id, run_id, from_seq, status, fence)
  CROSS JOIN LATERAL (
    SELECT id, company_id, status, fence, created_at, started_at, completed_at, error FROM runs
    WHERE id = q.run_id AND CASE WHEN company_id = q.company_id THEN true END LIMIT 1) r)
SELECT 'run' AS kind, id, status, created_at, started_at, completed_at, error, fence,
  null::text AS path, null::integer AS attempt, null::text AS type, null::text AS skip_reason,
  null::timestamptz AS due_at, null::uuid AS reused_run_id, null::bigint AS seq,
  null::timestamptz AS at, null::text AS level, null::text AS message, null::json AS data
FROM r
UNION ALL
SELECT 'step', r.id, s.status, null, s.started_at, s.completed_at, coalesce(s.error, o.error), null,
  s.path, s.attempt, s.type, s.skip_reason, s.due_at, s.reused_run_id, coalesce(s.seq, 0), null,
  null, null, null
FROM r JOIN steps s ON s.run_id = r.id AND r.is_new AND coalesce(s.seq, 0) >= r.from_seq
LEFT JOIN steps o ON o.run_id = s.reused_run_id AND o.path = s.path AND o.attempt = s.attempt
UNION ALL
SELECT 'note', r.id, null, null, null, null, null, null, l.path, null, null, null, null, null,
  l.seq, l.at, l.level, l.message, l.data
FROM r CROSS JOIN LATERAL (SELECT * FROM run_logs
  WHERE run_id = r.id AND r.is_new AND seq >= greatest(r.from_seq, 1)
  ORDER BY seq LIMIT {MOST_NOTES}) l
"""


class Look(NamedTuple):
    """What is known of a run; status and fence are None where its rows are to be read again."""

    company_id: UUID
    run_id: UUID
    from_seq: int
    status: str | None = None
    fence: int | None = None


@dataclass(slots=True)
class NewRows:
    """A run as it is now, and what of it was not read before."""

    run: dict[str, Any]
    fence: int
    steps: list[dict[str, Any]] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)


async def read_since(connection: Connection, looks: Sequence[Look]) -> dict[UUID, NewRows]:
    """Return the new rows of runs of any company, by run; one that is not there is left out."""
    columns: list[list[Any]] = [list(column) for column in zip(*looks, strict=True)]
    rows = await connection.fetch(_SINCE, *columns)
    found = {
        row["id"]: NewRows(_pick(row, _RUN_COLUMNS), row["fence"])
        for row in rows
        if row["kind"] == "run"
    }
    for row in rows:
        if row["kind"] == "step":
            found[row["id"]].steps.append(_pick(row, _STEP_COLUMNS))
        elif row["kind"] == "note":
            found[row["id"]].notes.append(_pick(row, _NOTE_COLUMNS))
    return found


def _pick(row: Row, names: Sequence[str]) -> dict[str, Any]:
    return {name: row[name] for name in names}
