"""Removes what the time is over for: values and logs of ended runs, and in the end their headers.

Guarantee: the runs of a line go together, once the last of them is old enough, so that no kept step
loses the values it refers to; effects and approvals stay as long as the run's header. One worker
does it at a time, in small batches, each its own transaction.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias
from uuid import UUID

import structlog

from justpaid import clock
from justpaid.db.pool import Connection, Row
from justpaid.engine.lanes import Connect
from justpaid.runs.model import KEY_MEMORY_DAYS

BATCH: Final = 100

_LOCK: Final = 0x6A7570_04  # the advisory lock of the worker that removes
_INTERVAL_SECONDS: Final = 600.0
_PAUSE_SECONDS: Final = 0.05
_KEYS_BATCH: Final = 2_000
_KEYS_MARGIN: Final = timedelta(days=1)  # ids are made by the clocks of many machines
_NIL: Final = UUID(int=0)
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
_KEYS_WALK: Final = "idempotency_keys"

_TRY_LOCK: Final = "SELECT pg_try_advisory_xact_lock($1)"
_TO_PURGE: Final = """
SELECT id, origin_run_id, completed_at AS at FROM runs
WHERE completed_at IS NOT NULL AND purged_at IS NULL AND completed_at < $1
  AND (completed_at, id) > ($2, $3)
ORDER BY completed_at, id LIMIT $4
"""
# Ids begin with the moment they were made, so the oldest rows stand first in the primary key.
_TO_DELETE: Final = """
SELECT id, origin_run_id, completed_at AS at FROM runs
WHERE id < $1 AND id > $2 AND completed_at < $3 ORDER BY id LIMIT $4
"""
# A retry or restart locks the same row before it refers to values of the line.
_LOCK_LINES: Final = """
SELECT id FROM runs WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
"""
_OLD_LINES: Final = """
SELECT l.id AS origin_run_id, array_agg(r.id) AS run_ids
FROM unnest($1::uuid[]) AS l(id)
CROSS JOIN LATERAL (
  SELECT id, completed_at FROM runs WHERE id = l.id
  UNION ALL
  SELECT id, completed_at FROM runs WHERE origin_run_id = l.id AND origin_run_id <> id) r
GROUP BY l.id HAVING bool_and(r.completed_at IS NOT NULL AND r.completed_at < $2)
"""
_PURGE: Final = (
    """
    UPDATE runs SET input = 'null', output = NULL, trigger = NULL, purged_at = now()
    WHERE id = ANY($1::uuid[])
    """,
    """
    UPDATE steps SET input = NULL, output = NULL,
      error = CASE WHEN error IS NOT NULL THEN json_build_object('code', error -> 'code') END
    WHERE run_id = ANY($1::uuid[])
      AND (input IS NOT NULL OR output IS NOT NULL OR error IS NOT NULL)
    """,
    "DELETE FROM run_logs WHERE run_id = ANY($1::uuid[])",
    "DELETE FROM sealed_inputs WHERE run_id = ANY($1::uuid[])",
)
_PURGE_LINES: Final = "DELETE FROM sealed_requests WHERE origin_run_id = ANY($1::uuid[])"
_DELETE_LINES: Final = "DELETE FROM effects WHERE origin_run_id = ANY($1::uuid[])"
_DELETE: Final = (
    "DELETE FROM run_logs WHERE run_id = ANY($1::uuid[])",
    "DELETE FROM steps WHERE run_id = ANY($1::uuid[])",
    """
    WITH a AS MATERIALIZED (
      SELECT company_id, id::text AS id FROM approvals WHERE run_id = ANY($1::uuid[]))
    DELETE FROM notices n USING a
    WHERE n.company_id = a.company_id AND n.kind = 'approval_requested' AND n.distinct_by = a.id
    """,
    "DELETE FROM approvals WHERE run_id = ANY($1::uuid[])",
    "DELETE FROM runs WHERE id = ANY($1::uuid[])",
)
_FORGET_KEYS: Final = """
WITH w AS MATERIALIZED (
  SELECT id, idempotency_key FROM runs WHERE id > $1 AND id < $2 ORDER BY id LIMIT $3),
u AS (
  UPDATE runs SET idempotency_key = NULL, idempotency_hash = NULL
  WHERE id = ANY(ARRAY(SELECT id FROM w WHERE idempotency_key IS NOT NULL)))
SELECT id FROM w ORDER BY id DESC LIMIT 1
"""
_POSITION: Final = "SELECT position FROM retention_walks WHERE name = $1"
_KEEP_POSITION: Final = """
INSERT INTO retention_walks (name, position) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET position = excluded.position
"""

# What is looked at next after a moment and an id; what is done with the lines and runs found.
_Find: TypeAlias = Callable[[datetime, UUID], Coroutine[Any, Any, list[Row]]]
_Remove: TypeAlias = Callable[[Sequence[UUID], Sequence[UUID]], Coroutine[Any, Any, None]]

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Removed:
    """How many runs lost their values, and how many their headers."""

    purged: int = 0
    deleted: int = 0


@dataclass(frozen=True, slots=True)
class _Terms:
    purge_before: datetime
    delete_before: datetime | None
    forget_before: datetime


class Retention:
    """One worker's part in it: sweeps now and then, if no other worker does."""

    def __init__(
        self,
        connect: Connect,
        run_days: int,
        evidence_days: int | None,
        *,
        now: clock.Clock = clock.now,
        batch: int = BATCH,
    ) -> None:
        """Headers stay `evidence_days`, None for ever, and never less long than values."""
        self._connect = connect
        self._run_days = timedelta(days=run_days)
        self._evidence_days = (
            None if evidence_days is None else timedelta(days=max(evidence_days, run_days))
        )
        self._now = now
        self._batch = batch

    async def run(self) -> None:
        """Sweep again and again; what fails is done by the next sweep."""
        while True:
            await asyncio.sleep(_INTERVAL_SECONDS)
            try:
                removed = await self.sweep()
            except Exception as error:
                _log.warning("retention_failed", error=repr(error))
            else:
                if removed.purged or removed.deleted:
                    _log.info("retention", purged=removed.purged, deleted=removed.deleted)

    async def sweep(self) -> Removed:
        """Remove everything whose time is over now."""
        now = self._now()
        terms = _Terms(
            purge_before=now - self._run_days,
            delete_before=None if self._evidence_days is None else now - self._evidence_days,
            forget_before=now - timedelta(days=KEY_MEMORY_DAYS) - _KEYS_MARGIN,
        )
        removed = Removed()
        connection = await self._connect()
        try:
            await _forget_keys(connection, terms.forget_before)
            removed.purged = await self._purge(connection, terms.purge_before)
            if terms.delete_before is not None:
                removed.deleted = await self._delete(connection, terms.delete_before)
        finally:
            connection.terminate()
        return removed

    async def _purge(self, connection: Connection, before: datetime) -> int:
        async def find(at: datetime, run_id: UUID) -> list[Row]:
            return await connection.fetch(_TO_PURGE, before, at, run_id, self._batch)

        async def remove(lines: Sequence[UUID], run_ids: Sequence[UUID]) -> None:
            await connection.execute(_PURGE_LINES, lines)
            for statement in _PURGE:
                await connection.execute(statement, run_ids)

        return await self._walk(connection, before, find, remove)

    async def _delete(self, connection: Connection, before: datetime) -> int:
        async def find(_: datetime, run_id: UUID) -> list[Row]:
            return await connection.fetch(
                _TO_DELETE, _first_id_of(before), run_id, before, self._batch
            )

        async def remove(lines: Sequence[UUID], run_ids: Sequence[UUID]) -> None:
            await connection.execute(_DELETE_LINES, lines)
            for statement in _DELETE:
                await connection.execute(statement, run_ids)

        return await self._walk(connection, before, find, remove)

    async def _walk(
        self,
        connection: Connection,
        before: datetime,
        find: _Find,
        remove: _Remove,
    ) -> int:
        """Go through all candidates once, also past lines that are too young as a whole."""
        at, run_id, removed = _BEGINNING, _NIL, 0
        while True:
            async with connection.transaction():
                if not await connection.fetchval(_TRY_LOCK, _LOCK):
                    return removed
                rows = await find(at, run_id)
                if rows:
                    removed += await _remove_lines(connection, before, rows, remove)
                    at, run_id = rows[-1]["at"], rows[-1]["id"]
            if len(rows) < self._batch:
                return removed
            await asyncio.sleep(_PAUSE_SECONDS)


async def _remove_lines(
    connection: Connection,
    before: datetime,
    rows: Sequence[Row],
    remove: _Remove,
) -> int:
    origins = list({row["origin_run_id"] for row in rows})
    locked = [row["id"] for row in await connection.fetch(_LOCK_LINES, origins)]
    lines = await connection.fetch(_OLD_LINES, locked, before)
    run_ids = [run_id for line in lines for run_id in line["run_ids"]]
    if run_ids:
        await remove([line["origin_run_id"] for line in lines], run_ids)
    return len(run_ids)


async def _forget_keys(connection: Connection, before: datetime) -> None:
    """Clear the idempotencyKeys whose time is over; each run is walked past once."""
    end = _first_id_of(before)
    while True:
        async with connection.transaction():
            if not await connection.fetchval(_TRY_LOCK, _LOCK):
                return
            position = await connection.fetchval(_POSITION, _KEYS_WALK) or _NIL
            last: UUID | None = await connection.fetchval(_FORGET_KEYS, position, end, _KEYS_BATCH)
            if last is None:
                return
            await connection.execute(_KEEP_POSITION, _KEYS_WALK, last)
        await asyncio.sleep(_PAUSE_SECONDS)


def _first_id_of(moment: datetime) -> UUID:
    """Return what no id made at or after a moment is smaller than."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)
