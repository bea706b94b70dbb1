"""A row that the database refuses, in the same commit as rows of other runs."""

import asyncio
from collections.abc import AsyncGenerator
from functools import partial
from uuid import UUID

import asyncpg
import pytest

from justpaid.db.pool import Pool, connect
from justpaid.engine.claims import claim_runs
from justpaid.engine.dispatcher import WorkerLanes
from justpaid.engine.lanes import SESSION_SETTINGS
from justpaid.engine.model import ClaimedRun, Entry, StepRecord, StepStatus
from tests.engine.stage import Stage, open_stub, transform

_RUNS = 9


@pytest.fixture
async def stage(database_url: str, pool: Pool, company_id: UUID) -> AsyncGenerator[Stage]:
    """Set a stage with a stub server."""
    async with open_stub() as stub:
        yield Stage(database_url, pool, company_id, stub)


def _entry(run: ClaimedRun, output: str) -> Entry:
    step = StepRecord("a", 1, "transform", StepStatus.COMPLETED, output_text=output)
    return Entry(run.id, run.fence, run.origin_run_id, steps=[step])


async def test_a_row_that_is_refused_fails_alone(stage: Stage) -> None:
    """Of a batch in which the database refuses one row, every other run's rows are committed."""
    workflow_id = await stage.define([transform("a", n=1)])
    for _ in range(_RUNS):
        await stage.start(workflow_id)
    async with stage.pool.acquire() as connection:
        claimed = await claim_runs(connection, _RUNS, 60.0)
    bad = claimed[_RUNS // 2]
    batches: list[int] = []
    hold = partial(connect, stage.database_url, dict(SESSION_SETTINGS))
    lanes = WorkerLanes(hold, lambda _, size: batches.append(size))
    try:
        answers = await asyncio.gather(
            *(lanes.record(_entry(run, "{" if run is bad else "{}")) for run in claimed),
            return_exceptions=True,
        )
    finally:
        await lanes.close()
    assert batches[0] == _RUNS, "they were to go out together"
    refused = [isinstance(answer, asyncpg.DataError) for answer in answers]
    assert refused == [run is bad for run in claimed]
    assert answers.count(True) == _RUNS - 1
    rows = await stage.pool.fetch("SELECT run_id FROM steps WHERE status = 'completed'")
    assert {row["run_id"] for row in rows} == {run.id for run in claimed if run is not bad}
