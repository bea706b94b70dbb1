"""Workers whose clocks are wrong: the database's clock is the one that counts."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from justpaid import clock
from justpaid.db.pool import Pool
from tests.engine.stage import Stage, Worker, open_stub, stored, transform

_RUNS = 10
# A run is suspended for longer than this, so that any worker may go on with it.
_WAIT_SECONDS = 6
_MOST_CLAIMS = 6


@pytest.fixture
async def stage(database_url: str, pool: Pool, company_id: UUID) -> AsyncGenerator[Stage]:
    """Set a stage with a stub server."""
    async with open_stub() as stub:
        yield Stage(database_url, pool, company_id, stub)


def _set_clock(worker: Worker, minutes: int) -> None:
    dispatcher = worker.dispatcher
    dispatcher._resources = replace(  # noqa: SLF001
        dispatcher._resources,  # noqa: SLF001
        clock=lambda: clock.now() + timedelta(minutes=minutes),
    )


@pytest.mark.parametrize("minutes", [10, -10])
async def test_a_worker_with_a_wrong_clock_harms_no_run(stage: Stage, minutes: int) -> None:
    """Ten minutes off, a worker neither fires timers early or late nor times runs out."""
    workflow_id = await stage.define(
        [
            stage.action("/before", method="POST", json={"n": "{{input.n}}"}),
            {"id": "w", "type": "wait", "config": {"duration": _WAIT_SECONDS, "unit": "seconds"}},
            stage.action("/after", method="POST", json={"n": "{{input.n}}"}),
            transform("end", n="{{input.n}}"),
        ],
        settings={"timeoutMs": 120_000},
    )
    async with stage.worker() as right, stage.worker() as wrong:
        _set_clock(wrong, minutes)
        runs = [await stage.start(workflow_id, {"n": number}) for number in range(_RUNS)]
        waiting = await asyncio.gather(*(stage.reaches(run, "suspended") for run in runs))
        rows = [await stage.ended(run_id) for run_id in runs]
        assert right.finished or wrong.finished
    assert [row["status"] for row in rows] == ["completed"] * _RUNS
    assert [stored(row["output"]) for row in rows] == [{"n": n} for n in range(_RUNS)]
    longest = timedelta(seconds=_WAIT_SECONDS)
    assert all(row["due_at"] - row["claimed_at"] >= longest for row in waiting)
    assert all(row["due_at"] - row["claimed_at"] < 2 * longest for row in waiting)
    assert all(row["fence"] <= _MOST_CLAIMS for row in rows), "a timer made its run go in circles"
    assert len(stage.stub.calls_of("/before")) == len(stage.stub.calls_of("/after")) == _RUNS
