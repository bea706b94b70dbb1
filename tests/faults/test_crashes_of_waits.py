"""Workers that die while their runs ask people, start children, or go on after either."""

import asyncio
import signal
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from justpaid.db.pool import Pool
from justpaid.engine import journal
from justpaid.ids import Prefix, encode_id
from tests.engine.stage import DEADLINE_SECONDS, Stage, open_stub, stored, transform, until
from tests.faults.processes import worker_process

_RUNS = 8
_PASS = 3
_DECIDE = """
UPDATE approvals SET status = 'approved', decided_by = 'mem_1', decided_at = now()
WHERE run_id = $1 AND status = 'open'
"""


@pytest.fixture
async def stage(database_url: str, pool: Pool, company_id: UUID) -> AsyncGenerator[Stage]:
    """Set a stage with a stub server."""
    async with open_stub() as stub:
        yield Stage(database_url, pool, company_id, stub)


async def _decide(stage: Stage) -> None:
    """Approve whatever is asked, as soon as it is, without an end."""
    while True:
        rows = await stage.pool.fetch("SELECT run_id FROM approvals WHERE status = 'open'")
        for row in rows:
            async with stage.pool.acquire() as connection, connection.transaction():
                await connection.execute(_DECIDE, row["run_id"])
                await journal.wake_run(connection, stage.company_id, row["run_id"])
        await asyncio.sleep(0.01)


async def _define(stage: Stage) -> UUID:
    child_id = await stage.define(
        [stage.action("/child", method="POST", json="{{input}}"), transform("n", n="{{input.n}}")]
    )
    started = {"workflowId": encode_id(Prefix.WORKFLOW, child_id), "input": {"n": "{{input.n}}"}}
    ask: dict[str, Any] = {"approvers": ["cfo@example.com"]}
    return await stage.define(
        [
            {"id": "ask", "type": "approval", "config": ask},
            {"id": "child", "type": "workflow", "config": started},
            stage.action("/after", method="POST", json="{{input}}"),
            transform(
                "end", n="{{steps.child.output.n}}", approved="{{steps.ask.output.approved}}"
            ),
        ]
    )


@pytest.mark.parametrize(
    "point",
    [
        "claimed",
        "in_transaction",
        "suspended",
        "intent_recorded",
        "effect_done",
        "before_finish",
        "finished",
    ],
)
async def test_a_killed_worker_asks_and_starts_nothing_twice(
    stage: Stage, tmp_path: Path, point: str
) -> None:
    """After kill -9 at any point a run has asked once, has one child, and goes on to its end."""
    workflow_id = await _define(stage)
    runs = [await stage.start(workflow_id, {"n": number}) for number in range(_RUNS)]
    deciding = asyncio.create_task(_decide(stage))
    try:
        async with worker_process(stage.database_url, tmp_path, "kill", point, _PASS) as process:
            status = await asyncio.wait_for(process.wait(), DEADLINE_SECONDS)
        assert status == -signal.SIGKILL
        async with stage.worker(lease_seconds=2.0):
            rows = [await stage.ended(run_id) for run_id in runs]
    finally:
        deciding.cancel()
        await asyncio.gather(deciding, return_exceptions=True)
    assert [row["status"] for row in rows] == ["completed"] * _RUNS
    outputs = [{"n": n, "approved": True} for n in range(_RUNS)]
    assert [stored(row["output"]) for row in rows] == outputs
    counts = "SELECT count(*), count(DISTINCT run_id) FROM approvals WHERE status = 'approved'"
    assert tuple(await stage.pool.fetchrow(counts) or ()) == (_RUNS, _RUNS)
    children = "SELECT status, count(*) FROM runs WHERE parent_run_id IS NOT NULL GROUP BY 1"
    assert [tuple(row) for row in await stage.pool.fetch(children)] == [("completed", _RUNS)]
    for path in ("/child", "/after"):
        assert len(stage.stub.keys_of(path)) == _RUNS
    effects = await stage.pool.fetch("SELECT DISTINCT outcome, generation FROM effects")
    assert [tuple(row) for row in effects] == [("done", 1)]


async def test_a_run_taken_from_its_living_worker_is_the_others(stage: Stage) -> None:
    """A lease that seems to have run out fences the first worker out; nothing is done twice."""
    workflow_id = await stage.define(
        [
            stage.action("/a", method="POST", json="{{input}}"),
            transform("n", n="{{input.n}}"),
            stage.action("/b", method="POST", json="{{input}}"),
        ]
    )
    gate = stage.stub.held["/a"] = asyncio.Event()
    runs = [await stage.start(workflow_id, {"n": number}) for number in range(_RUNS)]
    async with stage.worker(), stage.worker():
        await until(lambda: len(stage.stub.calls_of("/a")) == _RUNS, "effects in flight")
        await stage.pool.execute("UPDATE runs SET status='pending', due_at=NULL")
        await stage.pool.execute("SELECT pg_notify('runs', '')")
        await until(lambda: len(stage.stub.calls_of("/a")) == 2 * _RUNS, "the second claims")
        gate.set()
        rows = [await stage.ended(run_id) for run_id in runs]
    assert {row["status"] for row in rows} == {"completed"}
    assert {row["fence"] for row in rows} == {2}
    assert len(stage.stub.keys_of("/a")) == _RUNS
    assert len(stage.stub.calls_of("/b")) == len(stage.stub.keys_of("/b")) == _RUNS
    effects = await stage.pool.fetch("SELECT DISTINCT outcome, generation FROM effects")
    assert [tuple(row) for row in effects] == [("done", 1)]
