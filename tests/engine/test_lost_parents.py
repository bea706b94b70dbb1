"""Child runs whose parents end without having heard of them."""

import asyncio

from tests.engine.stage import Stage, stored, transform
from tests.engine.test_child_runs import CONTROL, PERSON, child, open_child_of


async def test_a_child_that_completed_unheard_is_not_done_again(stage: Stage) -> None:
    """A parent lost before it heard of its child's end takes the child's output when retried."""
    gate = stage.stub.held["/pay"] = asyncio.Event()
    inner = await stage.define(
        [stage.action("/pay", method="POST", json=1), transform("n", n="{{input.n}}")]
    )
    workflow_id = await stage.define(
        [child("ask", inner, input={"n": 7}), transform("end", n="{{steps.ask.output.n}}")]
    )
    run_id = await stage.start(workflow_id)
    async with stage.worker():
        inner_run = await open_child_of(stage, run_id)
        # Its next worker finds that five were lost before, and gives the run up.
        await stage.pool.execute("UPDATE runs SET expiries=5 WHERE id=$1", run_id)
        gate.set()
        lost = await stage.ended(run_id)
        assert stored(lost["error"])["code"] == "WORKER_LOST"
        assert (await stage.ended(inner_run["id"]))["status"] == "completed"
        async with stage.pool.acquire() as connection, connection.transaction():
            retried = await CONTROL.retry(connection, stage.company_id, run_id, by=PERSON)
        row = await stage.ended(retried.run_id)
    assert (row["status"], stored(row["output"])) == ("completed", {"n": 7})
    assert len(stage.stub.calls_of("/pay")) == 1
