"""Runs that compute for long, beside the leases and the other runs of their worker."""

import asyncio
from typing import Any

from tests.engine.stage import Stage, stored, transform, until

# Less than a tenth of a second of counted work, and within every bound; three runs of forty steps
# take some twelve seconds, longer than their lease.
_HEAVY = "length(map(input.numbers, x => matches('a', 'x' + string(x))))"
_INPUT = {"numbers": list(range(4000)), "items": list(range(40))}
_LEASE: dict[str, Any] = {"lease_seconds": 5.0, "renew_seconds": 0.5}


def _loop(concurrency: int, *steps: dict[str, Any]) -> dict[str, Any]:
    config = {"collection": "{{input.items}}", "concurrency": concurrency, "steps": [*steps]}
    return {"id": "each", "type": "loop", "config": config}


async def test_a_loop_that_computes_for_long_keeps_its_lease(stage: Stage) -> None:
    """Steps that together compute longer than a lease lasts cost no run its worker."""
    in_order = await stage.define([_loop(1, transform("t", n=f"{{{{ {_HEAVY} }}}}"))])
    at_once = await stage.define([_loop(40, transform("t", n=f"{{{{ {_HEAVY} }}}}"))])
    asked = await stage.define([_loop(40, transform("t", n=1, step={"when": f"{_HEAVY} > 1"}))])
    runs = [await stage.start(workflow, _INPUT) for workflow in (in_order, at_once, asked)]
    async with stage.worker(**_LEASE):
        rows = [await stage.ended(run_id) for run_id in runs]
    assert [(row["status"], row["fence"]) for row in rows] == [("completed", 1)] * 3
    assert all(len(stored(row["output"])["results"]) == 40 for row in rows)


async def test_a_run_that_computes_for_long_holds_up_no_other(stage: Stage) -> None:
    """A run that came later and has little to do ends while the long ones compute."""
    heavy = await stage.define([_loop(40, transform("t", n=f"{{{{ {_HEAVY} }}}}"))])
    light = await stage.define([transform("t", n=1)])
    async with stage.worker(**_LEASE):
        runs = [await stage.start(heavy, _INPUT) for _ in range(2)]
        for run_id in runs:
            await stage.reaches(run_id, "running")
        await stage.ended(await stage.start(light))
        assert [(await stage.row(run_id))["status"] for run_id in runs] == ["running"] * 2


async def test_effects_whose_conditions_are_many_start_together(stage: Stage) -> None:
    """More steps with a `when` than one plan asks are all begun before the first one answers."""
    stage.stub.held["/pay"] = asyncio.Event()
    call = stage.action("/pay", step={"when": "item % 2 == 0"})
    workflow = await stage.define([_loop(40, call)])
    run_id = await stage.start(workflow, _INPUT)
    async with stage.worker():
        await until(lambda: len(stage.stub.calls_of("/pay")) == 20, "all calls")
        stage.stub.held["/pay"].set()
        row = await stage.ended(run_id)
    assert row["status"] == "completed"
    assert len(stage.stub.calls_of("/pay")) == 20
