"""The floor under a run: the same rows by bare asyncpg, each commit its own, without any queue."""

import asyncio
import time
from typing import Final

import asyncpg

from bench.load import Load
from justpaid.ids import new_id

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS floor_runs (
  id uuid PRIMARY KEY, company_id uuid, status text, input json, output json,
  created_at timestamptz DEFAULT now(), completed_at timestamptz);
CREATE TABLE IF NOT EXISTS floor_steps (
  run_id uuid, path text, attempt int, company_id uuid, type text, status text, input json,
  output json, started_at timestamptz DEFAULT now(), PRIMARY KEY (run_id, path, attempt));
"""
_INPUT: Final = '{"amount":129.90,"customer":"cus_1","lines":[1,2,3]}'
_STEPS: Final = 5
_SECONDS: Final = 10.0


async def drive_floor(dsn: str, *, clients: int, seconds: float) -> Load:
    """Write a run, its five steps and its end in three commits, as often as the database allows."""
    pool = await asyncpg.create_pool(
        dsn, min_size=clients, max_size=clients, timeout=_SECONDS, command_timeout=_SECONDS
    )
    await pool.execute(_SCHEMA)
    load = Load()
    end = time.perf_counter() + seconds

    async def client() -> None:
        async with pool.acquire() as connection:
            while (start := time.perf_counter()) < end:
                await _one_run(connection)
                load.latencies.append(time.perf_counter() - start)

    begun = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    load.seconds = time.perf_counter() - begun
    await pool.close()
    return load


async def _one_run(connection: "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]") -> None:
    run_id, company_id = new_id(), new_id()
    await connection.execute(
        "INSERT INTO floor_runs (id, company_id, status, input) VALUES ($1, $2, 'running', $3)",
        run_id,
        company_id,
        _INPUT,
    )
    await connection.execute(
        "INSERT INTO floor_steps (run_id, path, attempt, company_id, type, status, input, output) "
        "SELECT $1, 's' || n, 1, $2, 'transform', 'completed', $3::json, $3::json "
        "FROM generate_series(1, $4) n",
        run_id,
        company_id,
        _INPUT,
        _STEPS,
    )
    await connection.execute(
        "UPDATE floor_runs SET status = 'completed', output = $2, completed_at = now() "
        "WHERE id = $1",
        run_id,
        _INPUT,
    )
