"""Retries many runs at once: all that failed by a filter, oldest first, a bounded batch a call.

Guarantee: each run is retried as if it were asked alone, or skipped with the reason; its audit row
commits with it. A call takes up where its cursor says, so that no skipped run comes up for ever.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from justpaid.audit.model import Actor
from justpaid.db.pool import Connection, Row
from justpaid.engine.model import RunStatus
from justpaid.errors import AppError
from justpaid.runs.model import RunFilter, StartedRun
from justpaid.runs.service import RunControl
from justpaid.web.cursors import Position

MOST_AT_ONCE: Final = 500
MOST_COUNTED: Final = 100_000
MOST_SHOWN: Final = 20

_BEFORE_ALL: Final = UUID(int=0)
_RETRIED: Final = (RunStatus.FAILED, RunStatus.TIMED_OUT)
# A child run is done again by its parent. One that was retried already has a newer run in its line.
_CANDIDATES: Final = """
SELECT {columns} FROM runs r
WHERE r.company_id = $1 AND r.created_at < $2 AND (r.created_at, r.id) > ($3, $4)
  AND r.status = '{status}' AND r.parent_run_id IS NULL AND r.purged_at IS NULL {conditions}
  AND NOT EXISTS (SELECT 1 FROM runs n WHERE n.origin_run_id = r.origin_run_id
    AND n.origin_run_id <> n.id AND (n.created_at, n.id) > (r.created_at, r.id))
"""
_SUMMARY: Final = """r.id, r.workflow_id, r.version, r.status, r.trigger_type, r.started_at,
  r.completed_at, r.error, r.created_at"""


@dataclass(frozen=True, slots=True)
class BulkFilter:
    """Which runs are meant; each field that is None narrows nothing. `after`: only later ones."""

    workflow_id: UUID | None = None
    status: RunStatus | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    error_code: str | None = None
    after: Position | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A run that could not be retried, and why."""

    run_id: UUID
    reason: str


@dataclass(slots=True)
class Batch:
    """What one call came to; `last` is the run it went as far as, None when there was none."""

    retried: list[tuple[UUID, StartedRun]] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    remaining: int = 0
    last: Position | None = None

    @property
    def release_limits(self) -> Mapping[UUID, int]:
        """Return the workflows whose held runs are to be let in, with their limits."""
        return {
            started.workflow_id: started.release_limit
            for _, started in self.retried
            if started.release_limit is not None
        }


async def preview(
    connection: Connection, company_id: UUID, narrowed: BulkFilter
) -> tuple[int, list[Row]]:
    """Return how many runs a retry would take, and the first of them as narrow rows."""
    rows = await list_candidates(connection, company_id, narrowed, MOST_SHOWN)
    if len(rows) < MOST_SHOWN:  # these are all: a count would be of another moment
        return len(rows), rows
    matching = await count_candidates(connection, company_id, narrowed)
    return max(matching, len(rows)), rows


async def list_candidates(
    connection: Connection, company_id: UUID, narrowed: BulkFilter, most: int
) -> list[Row]:
    """Return the oldest runs that a retry would take, as narrow rows."""
    statement, arguments = write_candidates(company_id, narrowed, _SUMMARY)
    order = f"ORDER BY created_at, id LIMIT {most}"
    branches = " UNION ALL ".join(f"({branch} {order})" for branch in statement)
    return await connection.fetch(f"SELECT * FROM ({branches}) found {order}", *arguments)


async def count_candidates(connection: Connection, company_id: UUID, narrowed: BulkFilter) -> int:
    """Count the runs that a retry would take, no further than to MOST_COUNTED."""
    statement, arguments = write_candidates(company_id, narrowed, "1")
    branches = " UNION ALL ".join(f"({branch})" for branch in statement)
    count: int = await connection.fetchval(
        f"SELECT count(*) FROM ({branches} LIMIT {MOST_COUNTED}) found", *arguments
    )
    return count


def write_candidates(
    company_id: UUID, narrowed: BulkFilter, columns: str
) -> tuple[list[str], list[Any]]:
    """Return a search by index for each state, and the arguments of all of them."""
    oldest, end = RunFilter(
        created_after=narrowed.created_after, created_before=narrowed.created_before
    ).bounds(None)
    begin = Position(oldest, _BEFORE_ALL)
    if narrowed.after is not None and narrowed.after.created_at >= oldest:
        begin = narrowed.after
    arguments: list[Any] = [company_id, end.created_at, begin.created_at, begin.id]
    conditions = ""
    if narrowed.workflow_id is not None:
        arguments.append(narrowed.workflow_id)
        conditions += f" AND r.workflow_id = ${len(arguments)}"
    if narrowed.error_code is not None:
        arguments.append(narrowed.error_code)
        conditions += f" AND r.error ->> 'code' = ${len(arguments)}"
    states: Sequence[RunStatus] = _RETRIED if narrowed.status is None else (narrowed.status,)
    return [
        _CANDIDATES.format(columns=columns, status=state.value, conditions=conditions)
        for state in states
    ], arguments


async def retry_many(
    connection: Connection,
    control: RunControl,
    company_id: UUID,
    narrowed: BulkFilter,
    *,
    by: Actor,
    most: int,
) -> Batch:
    """Retry the oldest runs of a filter, at most so many, in the caller's transaction."""
    batch = Batch(last=narrowed.after)
    for row in await list_candidates(connection, company_id, narrowed, most):
        batch.last = Position(row["created_at"], row["id"])
        try:
            async with connection.transaction():  # one that cannot be retried leaves nothing
                started = await control.retry_unaudited(connection, company_id, row["id"], by=by)
        except AppError as error:
            batch.skipped.append(Skipped(row["id"], error.message))
        else:
            batch.retried.append((row["id"], started))
    for run_id, started in batch.retried:  # last: the company's audit chain is held from here on
        await control.note_retry(connection, company_id, run_id, started, by=by)
    rest = BulkFilter(
        narrowed.workflow_id,
        narrowed.status,
        narrowed.created_after,
        narrowed.created_before,
        narrowed.error_code,
        batch.last,
    )
    batch.remaining = await count_candidates(connection, company_id, rest)
    return batch
