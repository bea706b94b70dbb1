"""The floor under a run: what the same answer costs a small service written by hand.

One POST, one HTTP call, the run and its five steps written in three commits of their own by bare
asyncpg, through FastAPI on Granian. No key, no queue, no worker, no expressions; nothing goes on
after a kill.
"""

import json
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import UUID

import aiohttp
import asyncpg
import uvloop
from fastapi import FastAPI, Request, Response

from bench.asgi import serve
from justpaid.ids import new_id

PATH: Final = "/runs"
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS floor_runs (
  id uuid PRIMARY KEY, company_id uuid, status text, input json, output json,
  created_at timestamptz DEFAULT now(), completed_at timestamptz);
CREATE TABLE IF NOT EXISTS floor_steps (
  run_id uuid, path text, attempt int, company_id uuid, type text, status text, input json,
  output json, started_at timestamptz DEFAULT now(), PRIMARY KEY (run_id, path, attempt));
"""
_START: Final = """
INSERT INTO floor_runs (id, company_id, status, input) VALUES ($1, $2, 'running', $3)
"""
_STEPS: Final = """
INSERT INTO floor_steps (run_id, path, attempt, company_id, type, status, input, output)
SELECT $1, path, 1, $2, 'transform', 'completed', $3::json, output
FROM unnest($4::text[], $5::json[]) AS s (path, output)
"""
_END: Final = """
UPDATE floor_runs SET status = 'completed', output = $2, completed_at = now() WHERE id = $1
"""
_MOST_CONNECTIONS: Final = 16
_SECONDS: Final = 10.0


class _Floor:
    """Does by hand what the measured workflow says."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", client: aiohttp.ClientSession) -> None:
        self._pool = pool
        self._client = client
        self._company_id = new_id()

    async def run(self, url: str, raw: bytes) -> dict[str, Any]:
        run_id: UUID = new_id()
        given: dict[str, Any] = json.loads(raw)["input"]
        text = json.dumps(given)
        await self._pool.execute(_START, run_id, self._company_id, text)
        fee = round(given["amount"] * 0.029, 2)
        steps: dict[str, Any] = {
            "fee": {"amount": given["amount"], "fee": fee},
            "large": {"result": given["amount"] > 100},
            "shape": {"total": given["amount"] + fee},
        }
        async with self._client.get(url) as answer:
            body: dict[str, Any] = await answer.json()
            steps["fetch"] = {"status": answer.status, "body": body}
        steps["done"] = {"invoice": body["id"], **steps["shape"]}
        await self._write_steps(run_id, text, steps)
        await self._pool.execute(_END, run_id, json.dumps(steps["done"]))
        return {"id": str(run_id), "status": "completed", "output": steps["done"], "steps": steps}

    async def _write_steps(self, run_id: UUID, text: str, steps: dict[str, Any]) -> None:
        outputs = [json.dumps(output) for output in steps.values()]
        await self._pool.execute(_STEPS, run_id, self._company_id, text, list(steps), outputs)


@asynccontextmanager
async def _opened(dsn: str) -> AsyncGenerator[_Floor]:
    pool = await asyncpg.create_pool(
        dsn, min_size=1, max_size=_MOST_CONNECTIONS, timeout=_SECONDS, command_timeout=_SECONDS
    )
    await pool.execute(_SCHEMA)
    async with pool, aiohttp.ClientSession() as client:
        yield _Floor(pool, client)


async def _serve(port: int, dsn: str, url: str) -> None:
    app = FastAPI()
    async with _opened(dsn) as floor:

        async def answer(request: Request) -> Response:
            run = await floor.run(url, await request.body())
            return Response(json.dumps(run), media_type="application/json")

        app.add_api_route(PATH, answer, methods=["POST"])
        await serve(app, port)


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1]), *sys.argv[2:]))
