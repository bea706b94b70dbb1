"""Every statement of this room: the engine's rows as people read them. The engine alone moves them.

Lists page by (created_at, id) on an index for each filter that can be rare.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from justpaid.db.pool import Connection, Row
from justpaid.engine.model import EffectOutcome, RunStatus
from justpaid.errors import NotFound
from justpaid.runs.model import KEY_MEMORY_DAYS, RunFilter
from justpaid.web.cursors import Position

_SUMMARY: Final = """id, workflow_id, version, status, trigger_type, started_at, completed_at,
  error, created_at"""
_IN_ORDER: Final = "ORDER BY created_at DESC, id DESC LIMIT $5"
# Literal states, so that the partial indexes apply. A started run that waits for a worker reads as
# running; `due_at` and `held` are what the indexes of those states are built on.
_STATES: Final = {
    RunStatus.PENDING: (
        "status = 'pending' AND NOT held AND started_at IS NULL",
        "status = 'pending' AND held AND started_at IS NULL",
    ),
    RunStatus.RUNNING: (
        "status = 'running' AND due_at IS NOT NULL",
        "status = 'pending' AND NOT held AND started_at IS NOT NULL",
    ),
    **{
        status: (f"status = '{status}'",)
        for status in RunStatus
        if status not in {RunStatus.PENDING, RunStatus.RUNNING}
    },
}
_RUN_COLUMNS: Final = """id, company_id, workflow_id, version, status, trigger_type, trigger, input,
  output, error, waiting_for, created_at, started_at, completed_at, cancel_at, retried_from,
  origin_run_id, parent_run_id, started_by, connection_id, depth, purged_at"""
_RUN: Final = f"""
SELECT {_RUN_COLUMNS} FROM runs WHERE id = $2 AND CASE WHEN company_id = $1 THEN true END
"""
# The CASE and the LIMIT keep a search on the primary key: to a plan made on an empty table a walk
# through all of a company's runs looks as cheap. A reused step's values stand in the run that made
# them.
_WHOLE_RUNS: Final = f"""
SELECT r.*, ARRAY(
  SELECT ROW(s.path, s.attempt, s.type, s.status, s.skip_reason, coalesce(s.input, o.input),
    coalesce(s.output, o.output), coalesce(s.error, o.error), s.due_at,
    s.reused_run_id IS NOT NULL, s.started_at, s.completed_at, e.id, e.key, e.receipt, e.outcome,
    e.resolved_at, e.resolution)::step_shown
  FROM (SELECT DISTINCT ON (path) * FROM steps WHERE run_id = r.id AND company_id = r.company_id
    ORDER BY path, attempt DESC) s
  LEFT JOIN steps o ON o.run_id = s.reused_run_id AND o.path = s.path AND o.attempt = s.attempt
  LEFT JOIN LATERAL (
    SELECT id, key, receipt, outcome, resolved_at, resolution FROM effects
    WHERE origin_run_id = r.origin_run_id AND path = s.path AND key = s.effect_key LIMIT 1
  ) e ON s.effect_key IS NOT NULL) AS steps
FROM unnest($1::uuid[], $2::uuid[]) AS q(company_id, run_id)
CROSS JOIN LATERAL (SELECT {_RUN_COLUMNS} FROM runs
  WHERE id = q.run_id AND CASE WHEN company_id = q.company_id THEN true END LIMIT 1) r
"""
_STATUS: Final = """
SELECT status, started_at FROM runs WHERE id = $2 AND CASE WHEN company_id = $1 THEN true END
"""
_ENDED: Final = """
SELECT id FROM runs WHERE id = ANY($1::uuid[])
  AND CASE WHEN status IN ('completed', 'failed', 'timed_out', 'cancelled') THEN true END
"""
# An effect that somebody has found done makes its step one that completed.
_STEP_STATES: Final = """
SELECT DISTINCT ON (s.path) s.path, s.type,
  CASE WHEN e.is_done THEN 'completed' ELSE s.status END AS status
FROM runs r JOIN steps s ON s.run_id = r.id
LEFT JOIN LATERAL (
  SELECT outcome = 'done' AS is_done FROM effects
  WHERE origin_run_id = r.origin_run_id AND path = s.path AND key = s.effect_key
    AND resolved_at IS NOT NULL LIMIT 1
) e ON s.status = 'unknown'
WHERE r.id = $2 AND CASE WHEN r.company_id = $1 THEN true END ORDER BY s.path, s.attempt DESC
"""
_STEP_EVENTS: Final = """
SELECT s.path, s.attempt, s.type, s.status, s.skip_reason, coalesce(s.error, o.error) AS error,
  s.due_at, s.reused_run_id, s.started_at, s.completed_at, coalesce(s.seq, 0) AS seq
FROM steps s
LEFT JOIN steps o ON o.run_id = s.reused_run_id AND o.path = s.path AND o.attempt = s.attempt
WHERE s.run_id = $2 AND s.company_id = $1 AND coalesce(s.seq, 0) >= $3
"""
_LOGS: Final = """
SELECT seq, at, level, path, message, data FROM run_logs
WHERE run_id = $2 AND company_id = $1 AND seq >= $3 ORDER BY seq LIMIT $4
"""
# Of a line's effects those that this run made or relies on.
_EFFECTS: Final = """
SELECT e.id, e.run_id, e.path, e.generation, e.attempt, e.class, e.provider, e.action,
  e.connection_id, e.request, e.key, e.amount, e.currency, e.intended_at, e.sent_at, e.outcome,
  e.receipt, e.resolved_at, e.resolved_by, e.resolution, e.comment
FROM runs r JOIN effects e ON e.origin_run_id = r.origin_run_id
WHERE r.id = $2 AND CASE WHEN r.company_id = $1 THEN e.company_id = $1 END
  AND (e.run_id = r.id OR EXISTS (SELECT 1 FROM steps s
    WHERE s.run_id = r.id AND s.path = e.path AND s.effect_key = e.key))
ORDER BY e.intended_at, e.id
"""
_DEFINITION: Final = """
SELECT definition FROM workflow_versions
WHERE workflow_id = $2 AND version = $3 AND company_id = $1
"""
_START_DEMANDS: Final = """
SELECT definition -> 'inputSchema' AS input_schema,
  (definition -> 'settings' ->> 'maxConcurrentRuns')::numeric::integer AS max_concurrent_runs
FROM workflow_versions WHERE workflow_id = $2 AND version = $3 AND company_id = $1
"""
_LIMIT: Final = """
SELECT (v.definition -> 'settings' ->> 'maxConcurrentRuns')::numeric::integer
FROM workflows w JOIN workflow_versions v ON v.workflow_id = w.id AND v.version = w.version
WHERE w.id = $2 AND w.company_id = $1
"""
_FORGET_KEY: Final = f"""
UPDATE runs SET idempotency_key = NULL, idempotency_hash = NULL
WHERE id = $2 AND company_id = $1 AND created_at < now() - interval '{KEY_MEMORY_DAYS} days'
"""
_RESOLVE_EFFECT: Final = """
UPDATE effects
SET outcome = $3, resolution = $4, resolved_by = $5, comment = $6, resolved_at = now()
WHERE id = $2 AND company_id = $1 AND outcome = 'unknown' AND resolved_at IS NULL RETURNING true
"""
_LOCK_RUN: Final = """
SELECT id FROM runs WHERE id = $2 AND CASE WHEN company_id = $1 THEN true END FOR NO KEY UPDATE
"""
_NEWEST_OF_LINE: Final = """
SELECT id FROM runs
WHERE origin_run_id = $2 AND origin_run_id <> id AND CASE WHEN company_id = $1 THEN true END
ORDER BY created_at DESC, id DESC LIMIT 1
"""
_UNKNOWN_EFFECT: Final = """
SELECT id, path FROM effects
WHERE origin_run_id = $2 AND company_id = $1 AND outcome = 'unknown' ORDER BY path LIMIT 1
"""


async def list_runs(
    connection: Connection, company_id: UUID, narrowed: RunFilter, after: Position | None, most: int
) -> list[Row]:
    """List the newest runs older than `after`; narrow columns only."""
    statement, arguments = write_list(company_id, narrowed, after, most)
    return await connection.fetch(statement, *arguments)


def write_list(
    company_id: UUID, narrowed: RunFilter, after: Position | None, most: int
) -> tuple[str, list[Any]]:
    """Return the statement of a list and its arguments: one search by index for each state."""
    oldest, end = narrowed.bounds(after)
    arguments: list[Any] = [company_id, oldest, end.created_at, end.id, most]
    conditions = "company_id = $1 AND created_at >= $2 AND (created_at, id) < ($3, $4)"
    if narrowed.workflow_id is not None:
        arguments.append(narrowed.workflow_id)
        conditions += f" AND workflow_id = ${len(arguments)}"
    if narrowed.trigger_type is not None:
        arguments.append(narrowed.trigger_type)
        conditions += f" AND trigger_type = ${len(arguments)}"
    states = ("true",) if narrowed.status is None else _STATES[narrowed.status]
    branches = [
        f"(SELECT {_SUMMARY} FROM runs WHERE {conditions} AND {state} {_IN_ORDER})"
        for state in states
    ]
    if len(branches) == 1:
        return branches[0], arguments
    return f"SELECT * FROM ({' UNION ALL '.join(branches)}) found {_IN_ORDER}", arguments


async def get_run(connection: Connection, company_id: UUID, run_id: UUID) -> Row:
    """Return the whole row of a run; raises NotFound."""
    row = await connection.fetchrow(_RUN, company_id, run_id)
    if row is None:
        raise NotFound("There is no such run.")
    return row


async def find_status(connection: Connection, company_id: UUID, run_id: UUID) -> Row | None:
    """Return (status, started_at) of a run, or None."""
    return await connection.fetchrow(_STATUS, company_id, run_id)


async def list_ended(connection: Connection, run_ids: list[UUID]) -> list[UUID]:
    """Return those of these runs, of any company, that have ended."""
    return [row["id"] for row in await connection.fetch(_ENDED, run_ids)]


async def list_whole_runs(connection: Connection, asked: Sequence[tuple[UUID, UUID]]) -> list[Row]:
    """Return whole runs of any company, each with `steps`: the last attempts as they stood then.

    `asked` names each run after its company; one that is not there is left out.
    """
    return await connection.fetch(
        _WHOLE_RUNS, [company_id for company_id, _ in asked], [run_id for _, run_id in asked]
    )


async def list_step_states(connection: Connection, company_id: UUID, run_id: UUID) -> list[Row]:
    """Return (path, type, status) of the last attempt of every step in the run's journal."""
    return await connection.fetch(_STEP_STATES, company_id, run_id)


async def list_step_events(
    connection: Connection, company_id: UUID, run_id: UUID, from_seq: int
) -> list[Row]:
    """Return every attempt that was written at `from_seq` or later, without its values."""
    return await connection.fetch(_STEP_EVENTS, company_id, run_id, from_seq)


async def list_log_lines(
    connection: Connection, company_id: UUID, run_id: UUID, from_seq: int, most: int
) -> list[Row]:
    """Return what the run's log says beyond its steps, from `from_seq` on."""
    return await connection.fetch(_LOGS, company_id, run_id, from_seq, most)


async def list_effects(connection: Connection, company_id: UUID, run_id: UUID) -> list[Row]:
    """Return the ledger of a run, oldest intent first."""
    return await connection.fetch(_EFFECTS, company_id, run_id)


async def find_definition(
    connection: Connection, company_id: UUID, workflow_id: UUID, version: int
) -> str | None:
    """Return a version's definition as JSON text, or None."""
    text: str | None = await connection.fetchval(_DEFINITION, company_id, workflow_id, version)
    return text


async def get_start_demands(
    connection: Connection, company_id: UUID, workflow_id: UUID, version: int
) -> tuple[str | None, int | None]:
    """Return a version's input schema (JSON text) and its limit of concurrent runs."""
    row = await connection.fetchrow(_START_DEMANDS, company_id, workflow_id, version)
    if row is None:
        raise NotFound("There is no such version of the workflow.")
    return row["input_schema"], row["max_concurrent_runs"]


async def find_concurrency_limit(
    connection: Connection, company_id: UUID, workflow_id: UUID
) -> int | None:
    """Return maxConcurrentRuns of a workflow's present version; None for no limit."""
    limit: int | None = await connection.fetchval(_LIMIT, company_id, workflow_id)
    return limit


async def forget_idempotency_key(connection: Connection, company_id: UUID, run_id: UUID) -> None:
    """Free the idempotencyKey of a run that is older than a key's time."""
    await connection.execute(_FORGET_KEY, company_id, run_id)


async def lock_run(connection: Connection, company_id: UUID, run_id: UUID) -> None:
    """Keep a run's row as it is until the transaction ends.

    The row of a line's first run lets one retry or restart of the line decide at a time.
    """
    await connection.execute(_LOCK_RUN, company_id, run_id)


async def resolve_effect(
    connection: Connection,
    company_id: UUID,
    effect_id: UUID,
    outcome: EffectOutcome,
    resolution: str,
    by: str,
    comment: str,
) -> bool:
    """Note what a person said of an effect; False when it is not in doubt, or not any more."""
    done: bool | None = await connection.fetchval(
        _RESOLVE_EFFECT, company_id, effect_id, outcome, resolution, by, comment
    )
    return done is True


async def find_newest_of_line(
    connection: Connection, company_id: UUID, origin_run_id: UUID
) -> UUID:
    """Return the newest run of a line: the origin while nothing was retried."""
    newest: UUID | None = await connection.fetchval(_NEWEST_OF_LINE, company_id, origin_run_id)
    return newest or origin_run_id


async def find_unknown_effect(
    connection: Connection, company_id: UUID, origin_run_id: UUID
) -> tuple[UUID, str] | None:
    """Return (id, step path) of an effect of the line that nobody has resolved, or None."""
    row = await connection.fetchrow(_UNKNOWN_EFFECT, company_id, origin_run_id)
    return None if row is None else (row["id"], row["path"])


def created_position(row: Row) -> Position:
    """Return where a listed run stands in its list."""
    created_at: datetime = row["created_at"]
    return Position(created_at, row["id"])
