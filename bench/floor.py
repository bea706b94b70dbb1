"""The floors: the same writes by bare asyncpg, each committed; and a bare Granian answer."""

import asyncio
import sys
import time
from pathlib import Path

import asyncpg
from granian.constants import Interfaces
from granian.server.embed import Server

from bench.load import Load
from justpaid.ids import new_id

_SCHEMA = """
CREATE TABLE IF NOT EXISTS floor_runs (
  id uuid PRIMARY KEY, company_id uuid, status text, input json, output json,
  created_at timestamptz DEFAULT now(), completed_at timestamptz);
CREATE TABLE IF NOT EXISTS floor_steps (
  run_id uuid, path text, attempt int, company_id uuid, type text, status text, input json,
  output json, started_at timestamptz DEFAULT now(), PRIMARY KEY (run_id, path, attempt));
"""
_INPUT = '{"amount":129.90,"customer":"cus_1","lines":[1,2,3]}'
_STEPS = 5


async def drive_floor(dsn: str, *, clients: int, seconds: float) -> Load:
    """Write a run, its five steps and its end in three commits, as often as the database allows."""
    pool = await asyncpg.create_pool(dsn, min_size=clients, max_size=clients)
    await pool.execute(_SCHEMA)
    load = Load()
    end = time.perf_counter() + seconds

    async def client() -> None:
        async with pool.acquire() as connection:
            while (start := time.perf_counter()) < end:
                await _one_run(connection)
                load.latencies.append(time.perf_counter() - start)

    begun = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(client())
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


def bare_app(body: bytes) -> object:
    """Make the smallest ASGI app that answers every request with these bytes."""
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]

    async def app(_scope: object, _receive: object, send: object) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers})  # pyright: ignore[reportCallIssue]  ASGI's send
        await send({"type": "http.response.body", "body": body})  # pyright: ignore[reportCallIssue]  ASGI's send

    return app


def serve_bare(port: int, body_file: Path) -> None:
    """Serve `bare_app` with the server that the service runs on."""
    app = bare_app(body_file.read_bytes())
    server = Server(app, address="127.0.0.1", port=port, interface=Interfaces.ASGI)
    asyncio.run(server.serve())


if __name__ == "__main__":
    serve_bare(int(sys.argv[1]), Path(sys.argv[2]))
