"""Steps that wait, run limits, and cancels."""

import asyncio
from datetime import timedelta

from justpaid import clock
from tests.engine.stage import Stage, stored, transform, until


async def _leap(stage: Stage) -> None:
    """Make everything that is due in the future due now."""
    await stage.pool.execute("UPDATE steps SET due_at=now() WHERE due_at>now()")
    await stage.pool.execute(
        "UPDATE runs SET due_at=now() WHERE due_at>now() AND status='suspended'"
    )


async def test_a_short_wait_stays_in_the_worker(stage: Stage) -> None:
    """A wait of at most five seconds does not suspend, and gives how long it took."""
    row = await stage.run([{"id": "w", "type": "wait", "config": {"duration": 30}}])
    assert row["status"] == "completed"
    assert stored(row["output"])["waited"] >= 30


async def test_a_long_wait_frees_its_worker(stage: Stage) -> None:
    """A long wait is rows only, says what it waits for, and any worker goes on with it."""
    steps = [
        transform("a", x=1),
        {"id": "w", "type": "wait", "config": {"duration": 3, "unit": "hours"}},
        transform("b", x="{{steps.a.output.x}}"),
    ]
    run_id = await stage.start(await stage.define(steps))
    async with stage.worker() as worker:
        row = await stage.reaches(run_id, "suspended")
        await until(lambda: worker.dispatcher.slots_used == 0, "the slot to be free")
    waiting_for = stored(row["waiting_for"])
    assert (waiting_for["kind"], waiting_for["stepPath"]) == ("timer", "w")
    assert row["due_at"] - clock.now() > timedelta(hours=2)
    assert await stage.statuses(run_id) == {"a": "completed", "w": "suspended"}
    await _leap(stage)
    async with stage.worker():
        row = await stage.ended(run_id)
    assert (row["status"], stored(row["output"])) == ("completed", {"x": 1})


async def test_a_wait_until_a_past_time_settles_at_once(stage: Stage) -> None:
    """`until` in the past does not wait."""
    row = await stage.run(
        [{"id": "w", "type": "wait", "config": {"until": "2020-01-01T00:00:00Z"}}]
    )
    assert row["status"] == "completed"


async def test_the_first_due_step_wakes_the_run(stage: Stage) -> None:
    """A run with several waits is due at the nearest, and goes on waiting for the others."""
    day = {"duration": 1, "unit": "days"}
    steps = [
        {"id": "long", "type": "wait", "config": day, "dependsOn": []},
        {"id": "near", "type": "wait", "config": {"duration": 60_000}, "dependsOn": []},
        transform("after", step={"dependsOn": ["near"]}),
    ]
    run_id = await stage.start(await stage.define(steps))
    async with stage.worker():
        row = await stage.reaches(run_id, "suspended")
        assert stored(row["waiting_for"])["stepPath"] == "near"
        await stage.pool.execute("UPDATE steps SET due_at=now() WHERE path='near'")
        await stage.pool.execute("UPDATE runs SET due_at=now() WHERE id=$1", run_id)

        async def is_past_near() -> bool:
            waits_for_long = stored((await stage.row(run_id))["waiting_for"])["stepPath"] == "long"
            return waits_for_long and (await stage.statuses(run_id)).get("after") == "completed"

        await until(is_past_near, "the nearer wait to pass")


async def test_stop_ends_the_run_there(stage: Stage) -> None:
    """A stop step ends its run as it says; nothing after it starts."""
    stop = {"id": "s", "type": "stop", "config": {"output": {"n": "{{input.n}}"}}}
    run_id = await stage.start(await stage.define([stop, transform("b", x=1)]), {"n": 4})
    async with stage.worker():
        row = await stage.ended(run_id)
    assert (row["status"], stored(row["output"])) == ("completed", {"n": 4})
    assert await stage.statuses(run_id) == {"s": "completed"}


async def test_stop_as_failed_tells_its_message(stage: Stage) -> None:
    """A stop step with status failed gives the run its message."""
    config = {"status": "failed", "message": "No credit for {{input.name}}"}
    row = await stage.run([{"id": "s", "type": "stop", "config": config}], {"name": "Ada"})
    error = stored(row["error"])
    assert row["status"] == "failed"
    assert error == {"code": "STOPPED", "message": "No credit for Ada", "stepId": "s"}


async def test_a_cancel_ends_a_waiting_run(stage: Stage) -> None:
    """A suspended run that is cancelled ends, and its waiting step is cancelled."""
    steps = [{"id": "w", "type": "wait", "config": {"duration": 1, "unit": "days"}}]
    run_id = await stage.start(await stage.define([*steps, transform("b", x=1)]))
    async with stage.worker():
        await stage.reaches(run_id, "suspended")
        assert await stage.cancel(run_id) is not None
        row = await stage.ended(run_id)
    assert (row["status"], row["error"]) == ("cancelled", None)
    assert await stage.statuses(run_id) == {"w": "cancelled"}
    assert await stage.cancel(run_id) is None


async def test_a_cancel_lets_effects_in_flight_end(stage: Stage) -> None:
    """A cancel starts nothing new, and what is on its way is finished and recorded."""
    gate = stage.stub.held["/a"] = asyncio.Event()
    run_id = await stage.start(
        await stage.define([stage.action("/a", method="POST", json=1), stage.action("/b")])
    )
    async with stage.worker() as worker:
        await until(lambda: stage.stub.calls, "the call")
        cancelled = await stage.cancel(run_id)
        assert cancelled is not None
        assert cancelled.status == "running"
        await until(lambda: worker.heard_cancel(run_id), "the cancel to be heard")
        gate.set()
        row = await stage.ended(run_id)
    assert row["status"] == "cancelled"
    assert await stage.statuses(run_id) == {"a": "completed"}
    (effect,) = await stage.effects(run_id)
    assert effect["outcome"] == "done"


async def test_a_cancel_reaches_an_idle_wait_in_the_worker(stage: Stage) -> None:
    """A cancel is heard by notification, without waiting for a renewal or the step."""
    run_id = await stage.start(
        await stage.define([{"id": "w", "type": "wait", "config": {"duration": 4900}}])
    )
    async with stage.worker(renew_seconds=60.0):
        await stage.reaches(run_id, "running")
        await stage.cancel(run_id)
        started = clock.monotonic()
        row = await stage.ended(run_id)
        assert clock.monotonic() - started < 4.5, "it waited for the step instead"
    assert row["status"] == "cancelled"


async def test_a_cancel_before_the_first_claim_ends_at_once(stage: Stage) -> None:
    """A run that never started is cancelled without a worker."""
    run_id = await stage.start(await stage.define([transform("a", x=1)]))
    cancelled = await stage.cancel(run_id)
    assert cancelled is not None
    assert cancelled.status == "cancelled"
    assert (await stage.row(run_id))["completed_at"] is not None


async def test_the_run_limit_counts_running_time_only(stage: Stage) -> None:
    """The limit ends a run that ran too long, and not one that was suspended meanwhile."""
    steps = [
        {"id": "w", "type": "wait", "config": {"duration": 1, "unit": "days"}},
        {"id": "x", "type": "wait", "config": {"duration": 4000}},
    ]
    run_id = await stage.start(await stage.define(steps, settings={"timeoutMs": 700}))
    async with stage.worker():
        await stage.reaches(run_id, "suspended")
        await stage.pool.execute("UPDATE runs SET started_at=now()-interval '2 days'")
        await _leap(stage)
        row = await stage.ended(run_id)
    assert (row["status"], stored(row["error"])["code"]) == ("timed_out", "TIMEOUT")
    assert await stage.statuses(run_id) == {"w": "completed", "x": "cancelled"}


async def test_now_reads_the_same_after_a_suspension(stage: Stage) -> None:
    """`now` is the moment the dependencies settled, not the moment of evaluation."""
    steps = [
        transform("a", at="{{now}}"),
        {"id": "w", "type": "wait", "config": {"duration": 1, "unit": "hours"}, "dependsOn": []},
        transform("b", at="{{now}}", day="{{today}}", step={"dependsOn": ["w"]}),
    ]
    run_id = await stage.start(await stage.define(steps))
    async with stage.worker():
        await stage.reaches(run_id, "suspended")
        await _leap(stage)
        row = await stage.ended(run_id)
    rows, outputs = await stage.steps(run_id), await stage.outputs(run_id)
    assert outputs["a"] == {"at": clock.to_wire(row["started_at"])}
    assert stored(row["output"])["at"] == clock.to_wire(rows["w"]["completed_at"])
