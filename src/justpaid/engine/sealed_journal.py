"""Every statement on sealed inputs and requests.

Guarantee: a sealed value is written in the transaction of the row that shows the mask for it.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from justpaid import exact_json
from justpaid.db.encryption import Binding, KeyRing
from justpaid.db.pool import Connection, Pool
from justpaid.engine.model import ClaimedRun, Entry, NewRun
from justpaid.engine.sealed import INPUT_PURPOSE, REQUEST_PURPOSE, RunSecrets, open_secrets

_SECONDS: Final = 30.0
_BATCH: Final = 100

_ADD_INPUTS: Final = """
INSERT INTO sealed_inputs (run_id, company_id, origin_run_id, sealed)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bytea[]) ON CONFLICT DO NOTHING
"""
_FIND_INPUT: Final = "SELECT sealed FROM sealed_inputs WHERE run_id = $2 AND company_id = $1"
_ADD_REQUESTS: Final = """
INSERT INTO sealed_requests (origin_run_id, path, generation, company_id, sealed)
SELECT s.origin_run_id, s.path, s.generation, r.company_id, s.sealed
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[], $5::bytea[])
  AS s(run_id, origin_run_id, path, generation, sealed)
JOIN runs r ON r.id = s.run_id ON CONFLICT DO NOTHING
"""
_LIST_REQUESTS: Final = """
SELECT path, generation, sealed FROM sealed_requests WHERE origin_run_id = $2 AND company_id = $1
"""
_INPUTS_AFTER: Final = """
SELECT run_id, company_id, origin_run_id, sealed FROM sealed_inputs
WHERE run_id > $1 ORDER BY run_id LIMIT $2 FOR UPDATE
"""
_RESEAL_INPUT: Final = "UPDATE sealed_inputs SET sealed = $3 WHERE company_id = $1 AND run_id = $2"
_REQUESTS_AFTER: Final = """
SELECT origin_run_id, path, generation, company_id, sealed FROM sealed_requests
WHERE (origin_run_id, path, generation) > ($1, $2, $3)
ORDER BY origin_run_id, path, generation LIMIT $4 FOR UPDATE
"""
_RESEAL_REQUEST: Final = """
UPDATE sealed_requests SET sealed = $5
WHERE company_id = $1 AND origin_run_id = $2 AND path = $3 AND generation = $4
"""


async def add_inputs(connection: Connection, runs: Sequence[NewRun]) -> None:
    """Store the sealed inputs of runs that were accepted in this transaction."""
    sealed = [run for run in runs if run.sealed_input is not None]
    if sealed:
        await connection.execute(
            _ADD_INPUTS,
            [run.id for run in sealed],
            [run.company_id for run in sealed],
            [run.origin_run_id for run in sealed],
            [run.sealed_input for run in sealed],
            timeout=_SECONDS,
        )


async def find_input(connection: Connection, company_id: UUID, run_id: UUID) -> bytes | None:
    """Return what is sealed of a run's input; good for every run of its line."""
    sealed: bytes | None = await connection.fetchval(_FIND_INPUT, company_id, run_id)
    return sealed


async def add_requests(connection: Connection, entries: Sequence[Entry]) -> None:
    """Store sealed requests in the transaction of their intents; one that stands, stays."""
    rows = [(entry, sealed) for entry in entries for sealed in entry.sealed]
    if rows:
        await connection.execute(
            _ADD_REQUESTS,
            [entry.run_id for entry, _ in rows],
            [entry.origin_run_id for entry, _ in rows],
            [sealed.path for _, sealed in rows],
            [sealed.generation for _, sealed in rows],
            [sealed.sealed for _, sealed in rows],
            timeout=_SECONDS,
        )


class SecretReader:
    """Opens the secrets of runs for one worker."""

    def __init__(self, pool: Pool, keys: KeyRing) -> None:
        self._pool = pool
        self._keys = keys

    async def read(self, run: ClaimedRun) -> RunSecrets:
        """Return what a run hides; raises CannotOpen."""
        async with self._pool.acquire() as connection:
            sealed = await find_input(connection, run.company_id, run.id)
            rows = await connection.fetch(_LIST_REQUESTS, run.company_id, run.origin_run_id)
        return open_secrets(
            self._keys,
            run.company_id,
            run.origin_run_id,
            exact_json.stored(run.input),
            sealed,
            {(row["path"], row["generation"]): row["sealed"] for row in rows},
        )


async def reseal_all(pool: Pool, keys: KeyRing) -> int:
    """Put every sealed input and request under the current master key; returns how many moved.

    Works in small transactions while the service runs, and may be repeated at any time.
    """
    return await _reseal_inputs(pool, keys) + await _reseal_requests(pool, keys)


async def _reseal_inputs(pool: Pool, keys: KeyRing) -> int:
    moved, after, is_done = 0, UUID(int=0), False
    while not is_done:
        async with pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(_INPUTS_AFTER, after, _BATCH)
            for row in rows:
                binding = Binding(INPUT_PURPOSE, row["company_id"], row["origin_run_id"])
                fresh = keys.rewrap(row["sealed"], binding)
                if fresh is not None:
                    await connection.execute(_RESEAL_INPUT, row["company_id"], row["run_id"], fresh)
                    moved += 1
        is_done = len(rows) < _BATCH
        after = rows[-1]["run_id"] if rows else after
    return moved


async def _reseal_requests(pool: Pool, keys: KeyRing) -> int:
    moved, after, is_done = 0, (UUID(int=0), "", 0), False
    while not is_done:
        async with pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(_REQUESTS_AFTER, *after, _BATCH)
            for row in rows:
                binding = Binding(REQUEST_PURPOSE, row["company_id"], row["origin_run_id"])
                fresh = keys.rewrap(row["sealed"], binding)
                if fresh is not None:
                    place = row["origin_run_id"], row["path"], row["generation"]
                    await connection.execute(_RESEAL_REQUEST, row["company_id"], *place, fresh)
                    moved += 1
        is_done = len(rows) < _BATCH
        if rows:
            after = rows[-1]["origin_run_id"], rows[-1]["path"], rows[-1]["generation"]
    return moved
