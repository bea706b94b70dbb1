"""Runs that runs start: children of a step, and what follows a failure."""

import asyncio
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest

from justpaid.audit.chain import AuditSecret, AuditSecrets
from justpaid.audit.model import Actor
from justpaid.audit.service import AuditLog
from justpaid.db.pool import Row
from justpaid.ids import Prefix, encode_id, new_id
from justpaid.runs.children import MAX_DEPTH
from justpaid.runs.service import RestartOrder, RunControl
from justpaid.steps.catalogue import STEP_TYPES
from tests.engine.stage import KEYS, Stage, stored, transform, until

CONTROL = RunControl(AuditLog(AuditSecrets(AuditSecret(1, b"a" * 32))), STEP_TYPES, KEYS)
PERSON = Actor("mem_1")
DAY = {"duration": 1, "unit": "days"}


def child(step_id: str, workflow_id: UUID, step: Any = None, **config: Any) -> dict[str, Any]:
    """Make a step that runs a workflow."""
    named = encode_id(Prefix.WORKFLOW, workflow_id)
    return {
        "id": step_id,
        "type": "workflow",
        "config": {"workflowId": named, **config},
        **(step or {}),
    }


async def children_of(stage: Stage, run_id: UUID) -> list[Row]:
    """Return the runs that a run has started for its steps."""
    return await stage.pool.fetch(
        "SELECT * FROM runs WHERE parent_run_id=$1 ORDER BY created_at, id", run_id
    )


async def open_child_of(stage: Stage, run_id: UUID) -> Row:
    """Wait until a run waits for its only child."""
    await stage.reaches(run_id, "suspended")
    (row,) = await children_of(stage, run_id)
    return row


async def test_a_childs_output_is_the_steps(stage: Stage) -> None:
    """The step waits for the child without a worker, and gives its output."""
    inner = await stage.define([transform("a", twice="{{input.n * 2}}")])
    steps = [
        child("ask", inner, input={"n": "{{input.n}}"}),
        transform("b", got="{{steps.ask.output.twice}}"),
    ]
    run_id = await stage.start(
        await stage.define(steps), {"n": 21}, started_by="key_1", connection_id=new_id()
    )
    async with stage.worker():
        row = await stage.ended(run_id)
    assert (row["status"], stored(row["output"])) == ("completed", {"got": 42})
    (made,) = await children_of(stage, run_id)
    assert (made["status"], made["depth"], made["parent_path"]) == ("completed", 1, "ask")
    assert (made["trigger_type"], made["started_by"]) == ("workflow", "key_1")
    assert stored(made["trigger"])["runId"] == encode_id(Prefix.RUN, run_id)
    assert made["connection_id"] == row["connection_id"]


async def test_a_run_waits_for_its_child_as_rows_only(stage: Stage) -> None:
    """While the child waits, the parent is suspended and says what for."""
    inner = await stage.define([{"id": "w", "type": "wait", "config": DAY}])
    run_id = await stage.start(await stage.define([child("ask", inner)]))
    async with stage.worker() as worker:
        row = await stage.reaches(run_id, "suspended")
        made = await open_child_of(stage, run_id)
        await stage.reaches(made["id"], "suspended")
        await until(lambda: worker.dispatcher.slots_used == 0, "the slots to be free")
    assert stored(row["waiting_for"]) == {"kind": "child", "until": None, "stepPath": "ask"}
    await stage.pool.execute("UPDATE steps SET due_at=now() WHERE due_at IS NOT NULL")
    await stage.pool.execute("UPDATE runs SET due_at=now() WHERE due_at IS NOT NULL")
    async with stage.worker():
        assert (await stage.ended(run_id))["status"] == "completed"


async def test_a_child_that_fails_fails_its_step(stage: Stage) -> None:
    """The step tells which run failed and why; its errorHandling decides what follows."""
    stop = {"id": "s", "type": "stop", "config": {"status": "failed", "message": "No credit"}}
    inner = await stage.define([stop])
    row = await stage.run([child("ask", inner)])
    error = stored(row["error"])
    assert (row["status"], error["code"], error["stepId"]) == ("failed", "CHILD_RUN", "ask")
    assert "No credit" in error["message"]
    gone_past = {"errorHandling": {"strategy": "continue", "fallback": {"n": 0}}}
    row = await stage.run(
        [child("ask", inner, gone_past), transform("b", n="{{steps.ask.output.n}}")]
    )
    assert (row["status"], stored(row["output"])) == ("completed", {"n": 0})


async def test_a_child_nobody_waits_for(stage: Stage) -> None:
    """With `wait: false` the step is done with the child's acceptance, and a cancel spares it."""
    inner = await stage.define([{"id": "w", "type": "wait", "config": {"duration": 1500}}])
    row = await stage.run([child("ask", inner, wait=False)])
    (made,) = await children_of(stage, row["id"])
    assert stored(row["output"]) == {"runId": encode_id(Prefix.RUN, made["id"])}
    assert made["status"] != "completed"
    async with stage.worker():
        assert (await stage.ended(made["id"]))["status"] == "completed"


@pytest.mark.parametrize(
    ("state", "schema", "told"),
    [
        ("paused", True, "not active"),
        ("active", {"required": ["n"]}, "does not fit"),
    ],
)
async def test_a_child_that_cannot_start(stage: Stage, state: str, schema: Any, told: str) -> None:
    """A workflow that is not active, or an input that does not fit, fails the step, and says so."""
    inner = await stage.define([transform("a", x=1)], inputSchema=schema)
    await stage.pool.execute("UPDATE workflows SET status=$2 WHERE id=$1", inner, state)
    row = await stage.run([child("ask", inner, input={})])
    error = stored(row["error"])
    assert error["code"] == "CHILD_RUN"
    assert told in error["message"]
    assert await children_of(stage, row["id"]) == []


async def test_another_companys_workflow_is_none(stage: Stage) -> None:
    """A workflow is looked for in the run's own company only."""
    inner = await stage.define([transform("a", x=1)])
    other = new_id()
    await stage.pool.execute("INSERT INTO companies (id, name) VALUES ($1, 'Other')", other)
    await stage.pool.execute("UPDATE workflows SET company_id=$2 WHERE id=$1", inner, other)
    row = await stage.run([child("ask", inner)])
    assert "There is no workflow" in stored(row["error"])["message"]


async def test_levels_have_an_end(stage: Stage) -> None:
    """A workflow that runs itself ends: a run at the deepest level starts no further one."""
    workflow_id = new_id()
    await stage.define([child("again", workflow_id)], workflow_id=workflow_id)
    run_id = await stage.start(workflow_id, depth=MAX_DEPTH - 2)
    async with stage.worker():
        row = await stage.ended(run_id)
    assert row["status"] == "failed"
    deepest = await stage.pool.fetchval("SELECT max(depth) FROM runs")
    assert deepest == MAX_DEPTH
    assert "25 deep" in stored(row["error"])["message"]


async def test_a_cancel_reaches_children(stage: Stage) -> None:
    """Cancelling the parent cancels the child that it waits for, and theirs."""
    inmost = await stage.define([{"id": "w", "type": "wait", "config": DAY}])
    inner = await stage.define([child("in", inmost)])
    run_id = await stage.start(await stage.define([child("out", inner)]))
    async with stage.worker():
        made = await open_child_of(stage, run_id)
        last = await open_child_of(stage, made["id"])
        await stage.reaches(last["id"], "suspended")
        await stage.cancel(run_id)
        for each in (run_id, made["id"], last["id"]):
            assert (await stage.ended(each))["status"] == "cancelled"
    assert await stage.statuses(run_id) == {"out": "cancelled"}


async def test_a_lost_race_cancels_its_child(stage: Stage) -> None:
    """A branch that loses takes its child with it; the run goes on."""
    inner = await stage.define([{"id": "w", "type": "wait", "config": DAY}])
    gate = stage.stub.held["/quick"] = asyncio.Event()
    branches = [
        {"name": "slow", "steps": [child("ask", inner)]},
        {"name": "quick", "steps": [stage.action("/quick")]},
    ]
    race = {
        "id": "race",
        "type": "parallel",
        "config": {"branches": branches, "waitForAll": False},
    }
    run_id = await stage.start(await stage.define([race, transform("b", x=1)]))
    async with stage.worker():
        made = await until(lambda: children_of(stage, run_id), "the child")
        gate.set()
        assert (await stage.ended(run_id))["status"] == "completed"
        assert (await stage.ended(made[0]["id"]))["status"] == "cancelled"
    assert (await stage.statuses(run_id))["race.ask"] == "cancelled"


async def test_children_in_a_loop(stage: Stage) -> None:
    """Each item has a child of its own; results stand in the items' order."""
    inner = await stage.define([transform("a", n="{{input.n + 1}}")])
    config = {
        "collection": "{{input.items}}",
        "concurrency": 3,
        "steps": [child("each", inner, input={"n": "{{item}}"})],
    }
    row = await stage.run(
        [{"id": "all", "type": "loop", "config": config}], {"items": [1, 2, 3, 4]}
    )
    assert stored(row["output"]) == {"results": [{"n": 2}, {"n": 3}, {"n": 4}, {"n": 5}]}
    paths = {made["parent_path"] for made in await children_of(stage, row["id"])}
    assert paths == {f"all[{number}].each" for number in range(4)}


async def test_a_limited_child_waits_for_its_place(stage: Stage) -> None:
    """Children of a workflow with maxConcurrentRuns are let in one after another."""
    inner = await stage.define([stage.action("/a")], settings={"maxConcurrentRuns": 1})
    config = {
        "collection": [1, 2, 3],
        "concurrency": 3,
        "steps": [child("each", inner)],
    }
    row = await stage.run([{"id": "all", "type": "loop", "config": config}])
    assert row["status"] == "completed", row["error"]
    made = sorted(
        (each["started_at"], each["completed_at"]) for each in await children_of(stage, row["id"])
    )
    assert all(before[1] <= after[0] for before, after in pairwise(made))


# Retries


async def _failed_parent(stage: Stage) -> tuple[UUID, UUID]:
    """Run a parent whose child charges, then fails; return both."""
    stage.stub.script["/book"] = [422]
    inner = await stage.define(
        [
            stage.action("/charge", method="POST", json=1),
            stage.action("/book", method="POST", json=2),
        ]
    )
    run_id = await stage.start(await stage.define([child("pay", inner), transform("b", x=1)]))
    async with stage.worker():
        assert (await stage.ended(run_id))["status"] == "failed"
    (made,) = await children_of(stage, run_id)
    return run_id, made["id"]


async def test_a_retried_parent_goes_on_with_its_child(stage: Stage) -> None:
    """The child's line goes on where it failed: what it has done is not done again."""
    run_id, first = await _failed_parent(stage)
    async with stage.pool.acquire() as connection, connection.transaction():
        again = await CONTROL.retry(connection, stage.company_id, run_id, by=PERSON)
    async with stage.worker():
        assert (await stage.ended(again.run_id))["status"] == "completed"
    assert len(stage.stub.calls_of("/charge")) == 1
    assert len(stage.stub.calls_of("/book")) == 2
    (second,) = await children_of(stage, again.run_id)
    assert (second["origin_run_id"], second["retried_from"]) == (first, first)


async def test_a_child_retried_by_hand_is_taken_up(stage: Stage) -> None:
    """When the child was retried on its own and completed, the retried parent takes its output."""
    run_id, first = await _failed_parent(stage)
    async with stage.worker():
        for each in (first, run_id):
            async with stage.pool.acquire() as connection, connection.transaction():
                again = await CONTROL.retry(connection, stage.company_id, each, by=PERSON)
            assert (await stage.ended(again.run_id))["status"] == "completed"
    assert len(stage.stub.calls_of("/charge")) == 1
    assert await children_of(stage, again.run_id) == []


async def test_a_restart_from_a_completed_child_does_it_again(stage: Stage) -> None:
    """Who restarts from a step whose child had completed wants all of it done again."""
    inner = await stage.define([stage.action("/charge", method="POST", json=1)])
    row = await stage.run([child("pay", inner)])
    async with stage.pool.acquire() as connection, connection.transaction():
        again = await CONTROL.restart(
            connection, stage.company_id, row["id"], RestartOrder("pay"), by=PERSON
        )
    async with stage.worker():
        assert (await stage.ended(again.run_id))["status"] == "completed"
    assert len(stage.stub.keys_of("/charge")) == 2


async def test_a_retry_beside_an_unfinished_child_starts_none(stage: Stage) -> None:
    """While a run of the child's line has not ended, no second one is started."""
    run_id, first = await _failed_parent(stage)
    async with stage.pool.acquire() as connection, connection.transaction():
        await CONTROL.retry(connection, stage.company_id, first, by=PERSON)
        await connection.execute("UPDATE runs SET held=true WHERE retried_from=$1", first)
    async with stage.pool.acquire() as connection, connection.transaction():
        again = await CONTROL.retry(connection, stage.company_id, run_id, by=PERSON)
    async with stage.worker(fallback_seconds=60.0):
        row = await stage.ended(again.run_id)
    assert "has not ended" in stored(row["error"])["message"]


# What follows a failure


async def _follower(stage: Stage) -> UUID:
    mapping = {
        "said": "{{input.error.message}}",
        "run": "{{input.id}}",
        "status": "{{input.status}}",
        "n": "{{input.input.n}}",
    }
    return await stage.define([{"id": "told", "type": "transform", "config": {"mapping": mapping}}])


async def test_a_failure_starts_what_follows_it(stage: Stage) -> None:
    """`settings.onFailure` starts a run whose input is the failed run, in the same commit."""
    follower = await _follower(stage)
    settings = {"onFailure": {"workflowId": encode_id(Prefix.WORKFLOW, follower)}}
    stop = {"id": "s", "type": "stop", "config": {"status": "failed", "message": "No credit"}}
    row = await stage.run([stop], {"n": 5}, settings=settings)
    (made,) = await stage.pool.fetch("SELECT * FROM runs WHERE workflow_id=$1", follower)
    async with stage.worker():
        ended = await stage.ended(made["id"])
    assert stored(ended["output"]) == {
        "said": "No credit",
        "run": encode_id(Prefix.RUN, row["id"]),
        "status": "failed",
        "n": 5,
    }
    assert (made["trigger_type"], made["depth"], made["parent_run_id"]) == ("failure", 1, None)


@pytest.mark.parametrize("fate", ["completed", "cancelled"])
async def test_only_a_failure_is_followed(stage: Stage, fate: str) -> None:
    """A run that completed or was cancelled starts nothing, also where a cancel came first."""
    follower = await _follower(stage)
    settings = {"onFailure": {"workflowId": encode_id(Prefix.WORKFLOW, follower)}}
    stage.stub.script["/a"] = [200 if fate == "completed" else 422]
    gate = stage.stub.held["/a"] = asyncio.Event()
    run_id = await stage.start(await stage.define([stage.action("/a")], settings=settings))
    async with stage.worker():
        await until(lambda: stage.stub.calls, "the call")
        if fate == "cancelled":
            await stage.pool.execute("UPDATE runs SET cancel_at=now() WHERE id=$1", run_id)
        gate.set()
        assert (await stage.ended(run_id))["status"] == fate
    assert (
        await stage.pool.fetchval("SELECT count(*) FROM runs WHERE workflow_id=$1", follower) == 0
    )


async def test_a_failure_of_what_follows_ends_at_last(stage: Stage) -> None:
    """A workflow that follows its own failure counts into the levels, and says where it ended."""
    workflow_id = new_id()
    settings = {"onFailure": {"workflowId": encode_id(Prefix.WORKFLOW, workflow_id)}}
    stop = {"id": "s", "type": "stop", "config": {"status": "failed"}}
    await stage.define([stop], workflow_id=workflow_id, settings=settings)
    await stage.start(workflow_id, depth=MAX_DEPTH - 2)
    async with stage.worker():

        async def deepest_has_ended() -> Any:
            return await stage.pool.fetchval(
                "SELECT id FROM runs WHERE depth=$1 AND status='failed'", MAX_DEPTH
            )

        deepest = await until(deepest_has_ended, "the deepest run")
        (line,) = await until(
            lambda: stage.pool.fetch("SELECT * FROM run_logs WHERE run_id=$1", deepest), "its log"
        )
    assert "onFailure was not started" in line["message"]
    assert await stage.pool.fetchval("SELECT count(*) FROM runs") == 3
