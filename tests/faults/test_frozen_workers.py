"""Workers that stop answering without ending, whatever they hold at that moment."""

import signal
from collections.abc import AsyncGenerator
from pathlib import Path
from uuid import UUID

import psutil
import pytest

from justpaid.db.pool import DATABASE_AWAY, Pool
from justpaid.ids import Prefix, encode_id
from tests.engine.stage import Stage, open_stub, transform, until
from tests.faults.processes import worker_process

_RUNS = 5


@pytest.fixture
async def stage(database_url: str, pool: Pool, company_id: UUID) -> AsyncGenerator[Stage]:
    """Set a stage with a stub server."""
    async with open_stub() as stub:
        yield Stage(database_url, pool, company_id, stub)


async def test_a_worker_frozen_in_a_transaction_holds_nobody_up(
    stage: Stage, tmp_path: Path
) -> None:
    """Rows that a frozen worker has locked come free by themselves, and its commit is lost."""
    child_id = await stage.define([stage.action("/a", method="POST", json={"n": "{{input.n}}"})])
    started = {"workflowId": encode_id(Prefix.WORKFLOW, child_id), "input": {"n": "{{input.n}}"}}
    # A child's row is written in the transaction of the step that starts it.
    workflow_id = await stage.define([{"id": "c", "type": "workflow", "config": started}])
    runs = [await stage.start(workflow_id, {"n": number}) for number in range(_RUNS)]
    async with worker_process(stage.database_url, tmp_path, "freeze", "in_transaction") as process:
        await until(
            lambda: psutil.Process(process.pid).status() == psutil.STATUS_STOPPED, "the freeze"
        )
        async with stage.worker(lease_seconds=2.0):
            rows = [await stage.ended(run_id) for run_id in runs]
            assert {row["status"] for row in rows} == {"completed"}
            process.send_signal(signal.SIGCONT)
            later = await stage.start(workflow_id, {"n": _RUNS})
            await stage.ended(later)
        assert process.returncode is None
    assert [tuple(await stage.row(run_id)) for run_id in runs] == [tuple(row) for row in rows]
    assert len(stage.stub.keys_of("/a")) == _RUNS + 1


async def test_a_frozen_request_is_undone(stage: Stage) -> None:
    """A request's transaction that stands still comes to an end, so that its locks do."""
    run_id = await stage.start(await stage.define([transform("a", n=1)]))
    async with stage.pool.acquire() as connection:
        shown = await connection.fetchval("SHOW idle_in_transaction_session_timeout")
        assert shown == "15s"
        await connection.execute("SET idle_in_transaction_session_timeout = '50ms'")
        await connection.execute("BEGIN")
        await connection.execute("SELECT 1 FROM runs WHERE id = $1 FOR UPDATE", run_id)
        async with stage.worker():
            assert (await stage.ended(run_id))["status"] == "completed"
        with pytest.raises(DATABASE_AWAY):
            await connection.execute("COMMIT")
