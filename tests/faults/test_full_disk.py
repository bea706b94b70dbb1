"""A database that has no room left: it refuses every write, until somebody makes room."""

import asyncio
from collections.abc import AsyncGenerator
from uuid import UUID

import asyncpg
import pytest

from justpaid.db.pool import Pool
from tests.engine.stage import Stage, open_stub, stored, transform, until

_RUNS = 10
_TABLES = ("runs", "steps", "effects")
# What PostgreSQL says when a file cannot grow, to whoever writes and whatever they write.
_NO_ROOM = """
CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100';
END $$;
"""
_FILL = _NO_ROOM + "".join(
    f"CREATE TRIGGER no_room BEFORE INSERT OR UPDATE ON {table} EXECUTE FUNCTION no_room();"
    for table in _TABLES
)
_MAKE_ROOM = "DROP FUNCTION no_room() CASCADE"


@pytest.fixture
async def stage(database_url: str, pool: Pool, company_id: UUID) -> AsyncGenerator[Stage]:
    """Set a stage with a stub server."""
    async with open_stub() as stub:
        yield Stage(database_url, pool, company_id, stub)


@pytest.mark.parametrize("lease_seconds", [2.0, 60.0])
async def test_runs_outlive_a_full_disk(stage: Stage, lease_seconds: float) -> None:
    """Without room nothing is sent that was not written down; with room again every run ends."""
    workflow_id = await stage.define(
        [
            stage.action("/before", method="POST", json="{{input}}"),
            transform("n", n="{{input.n}}"),
            stage.action("/after", method="POST", json="{{input}}"),
            transform("end", n="{{steps.n.output.n}}"),
        ]
    )
    gate = stage.stub.held["/before"] = asyncio.Event()
    async with stage.worker(lease_seconds=lease_seconds, renew_seconds=0.5):
        runs = [await stage.start(workflow_id, {"n": number}) for number in range(_RUNS)]
        await until(lambda: len(stage.stub.calls_of("/before")) == _RUNS, "effects in flight")
        await stage.pool.execute(_FILL)
        with pytest.raises(asyncpg.DiskFullError):
            await stage.start(workflow_id, {"n": _RUNS})
        gate.set()
        await _lease_over(stage, lease_seconds)
        assert stage.stub.calls_of("/after") == []
        await stage.pool.execute(_MAKE_ROOM)
        rows = [await stage.ended(run_id) for run_id in runs]
    assert {row["status"] for row in rows} == {"completed"}
    assert [stored(row["output"]) for row in rows] == [{"n": n} for n in range(_RUNS)]
    for path in ("/before", "/after"):
        assert len(stage.stub.keys_of(path)) == _RUNS
    effects = await stage.pool.fetch("SELECT DISTINCT outcome, generation FROM effects")
    assert [tuple(row) for row in effects] == [("done", 1)]


async def _lease_over(stage: Stage, lease_seconds: float) -> None:
    """Wait until every lease is over, or for a long one until somebody has tried to renew it."""
    most = min(lease_seconds, 2.0)

    async def look() -> bool:
        return await stage.pool.fetchval(
            "SELECT now() - max(claimed_at) > make_interval(secs => $1) FROM runs", most
        )

    await until(look, "time to pass")
