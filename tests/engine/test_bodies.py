"""Loops and branches, run whole: what runs when, what is kept, what a failure inside does."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from justpaid.audit.chain import AuditSecret, AuditSecrets
from justpaid.audit.model import Actor
from justpaid.audit.service import AuditLog
from justpaid.runs.service import RunControl
from justpaid.steps.catalogue import STEP_TYPES
from tests.engine.stage import KEYS, Stage, stored, transform, until

CONTROL = RunControl(AuditLog(AuditSecrets(AuditSecret(1, b"a" * 32))), STEP_TYPES, KEYS)
CONTINUE = {"errorHandling": {"strategy": "continue"}}


def loop(step_id: str, *steps: Mapping[str, Any], **config: Any) -> dict[str, Any]:
    """Make a loop over `input.items`; `step` holds fields of the step itself."""
    step: dict[str, Any] = config.pop("step", {})
    whole = {"collection": "{{input.items}}", "steps": steps, **config}
    return {"id": step_id, "type": "loop", "config": whole, **step}


def parallel(step_id: str, *, step: Mapping[str, Any] | None = None, **config: Any) -> Any:
    """Make a parallel step of branches by name; `wait_for_all` may be among them."""
    wait_for_all = config.pop("wait_for_all", True)
    branches = [{"name": name, "steps": steps} for name, steps in config.items()]
    return {
        "id": step_id,
        "type": "parallel",
        "config": {"branches": branches, "waitForAll": wait_for_all},
        **(step or {}),
    }


def call(stage: Stage, step_id: str, path: str, **step: Any) -> dict[str, Any]:
    """Make a step that posts to a path of the stub, which may hold templates."""
    made = stage.action("/" + step_id, method="POST", json=1, step=step)
    made["config"]["url"] = stage.stub.url + path
    return made


def paths_called(stage: Stage) -> list[str]:
    """Return the paths of the stub's calls, in order."""
    return [each.path for each in stage.stub.calls]


# Loops


async def test_a_loop_goes_through_its_items_in_order(stage: Stage) -> None:
    """Each item has its own steps, reads what is around the loop, and gives one result."""
    body = [
        transform("a", n="{{item + variables.plus + index}}", seen="{{steps.before.output.x}}"),
        transform("b", twice="{{steps.a.output.n * 2}}", seen="{{steps.a.output.seen}}"),
    ]
    row = await stage.run(
        [transform("before", x=7), loop("each", *body)], {"items": [1, 5]}, variables={"plus": 10}
    )
    assert row["status"] == "completed", row["error"]
    assert stored(row["output"]) == {
        "results": [{"twice": 22, "seen": 7}, {"twice": 32, "seen": 7}]
    }
    steps = await stage.steps(row["id"])
    assert set(steps) == {
        "before", "each", "each[0].a", "each[0].b", "each[1].a", "each[1].b",
    }  # fmt: skip
    assert stored(steps["each"]["input"])["collection"] == [1, 5]


async def test_a_loop_without_items_has_no_results(stage: Stage) -> None:
    """An empty list is no error."""
    row = await stage.run([loop("each", transform("a", x=1))], {"items": []})
    assert (row["status"], stored(row["output"])) == ("completed", {"results": []})


@pytest.mark.parametrize(
    ("items", "config", "told"),
    [
        ([0] * 101, {}, "101 items; maxIterations is 100"),
        ([0] * 3, {"maxIterations": 2}, "3 items; maxIterations is 2"),
        ("text", {}, "no list"),
        (None, {}, "collection"),
    ],
)
async def test_a_collection_that_does_not_fit_stops_before_the_first_item(
    stage: Stage, items: Any, config: dict[str, Any], told: str
) -> None:
    """Too many items, or no list, is an error before anything is done."""
    row = await stage.run([loop("each", call(stage, "a", "/a"), **config)], {"items": items})
    error = stored(row["error"])
    assert (row["status"], error["code"], error["stepId"]) == ("failed", "TEMPLATE", "each")
    assert told in error["message"]
    assert stage.stub.calls == []


async def test_concurrency_is_a_bound(stage: Stage) -> None:
    """So many items are under way at once and no more, and results stand in the items' order."""
    gates = {f"/{number}": asyncio.Event() for number in range(5)}
    stage.stub.held = dict(gates)
    body = [call(stage, "send", "/{{item}}"), transform("done", n="{{item}}")]
    run_id = await stage.start(
        await stage.define([loop("each", *body, concurrency=2)]), {"items": list(range(5))}
    )
    async with stage.worker():
        await until(lambda: len(stage.stub.calls) == 2, "two calls")
        gates["/1"].set()
        await until(lambda: len(stage.stub.calls) == 3, "the third call")
        assert sorted(paths_called(stage)) == ["/0", "/1", "/2"]
        for gate in gates.values():
            gate.set()
        row = await stage.ended(run_id)
    assert stored(row["output"]) == {"results": [{"n": number} for number in range(5)]}


async def test_a_failure_inside_stops_the_loop(stage: Stage) -> None:
    """Nothing further starts, what is in flight is finished, and the run says where it failed."""
    stage.stub.held["/0"] = asyncio.Event()
    stage.stub.script["/1"] = [422]
    body = [call(stage, "send", "/{{item}}"), call(stage, "note", "/note")]
    run_id = await stage.start(
        await stage.define([loop("each", *body, concurrency=2), transform("after", x=1)]),
        {"items": [0, 1, 2]},
    )
    async with stage.worker():
        await until(lambda: len(stage.stub.calls) == 2, "both calls")
        await until(lambda: not stage.stub.script["/1"], "the refusal")
        stage.stub.held["/0"].set()
        row = await stage.ended(run_id)
    error = stored(row["error"])
    assert (error["code"], error["stepId"]) == ("HTTP_STATUS", "each[1].send")
    assert sorted(paths_called(stage)) == ["/0", "/1"]
    assert await stage.statuses(run_id) == {
        "each": "failed",
        "each[0].send": "completed",
        "each[1].send": "failed",
    }
    outcomes = {effect["path"]: effect["outcome"] for effect in await stage.effects(run_id)}
    assert outcomes == {"each[0].send": "done", "each[1].send": "refused"}


async def test_a_loop_that_continues_gives_its_fallback(stage: Stage) -> None:
    """The loop's own errorHandling decides whether the run goes on after it failed."""
    stage.stub.script["/x"] = [422]
    fallback = {"errorHandling": {"strategy": "continue", "fallback": {"results": ["none"]}}}
    steps = [
        loop("each", call(stage, "send", "/x"), step=fallback),
        transform("after", seen="{{steps.each.output.results}}", why="{{steps.each.error.stepId}}"),
    ]
    row = await stage.run(steps, {"items": [1, 2]})
    assert (row["status"], stored(row["output"])) == (
        "completed",
        {"seen": ["none"], "why": "each[0].send"},
    )


async def test_a_step_inside_that_continues_fails_no_loop(stage: Stage) -> None:
    """A failure that is gone past inside counts as settled; the item's result is what follows."""
    stage.stub.script["/0"] = [422]
    body = [
        call(stage, "send", "/{{item}}", **CONTINUE),
        transform("said", ok="{{steps.send.status == 'completed'}}"),
    ]
    row = await stage.run([loop("each", *body)], {"items": [0, 1]})
    assert stored(row["output"]) == {"results": [{"ok": False}, {"ok": True}]}


async def test_waits_inside_follow_one_another(stage: Stage) -> None:
    """In order means that an item's wait begins when the item before it has ended."""
    wait = {"id": "w", "type": "wait", "config": {"duration": 1, "unit": "hours"}}
    run_id = await stage.start(
        await stage.define([loop("each", wait, transform("a", n="{{item}}"))]), {"items": [1, 2]}
    )
    async with stage.worker():
        first = await stage.reaches(run_id, "suspended")
        assert stored(first["waiting_for"])["stepPath"] == "each[0].w"
        await stage.pool.execute("UPDATE steps SET due_at=now()")
        await stage.pool.execute("UPDATE runs SET due_at=now()")

        async def waits_again() -> Any:
            row = await stage.row(run_id)
            waits_for = stored(row["waiting_for"])["stepPath"]
            return row if waits_for == "each[1].w" and row["status"] == "suspended" else None

        second = await until(waits_again, "the second wait")
    ended = (await stage.steps(run_id))["each[0].a"]["completed_at"]
    assert second["due_at"] - ended == timedelta(hours=1)


async def test_a_stop_inside_ends_the_run(stage: Stage) -> None:
    """A stop in a body ends the whole run, with the rounds beside it."""
    body = [
        {"id": "s", "type": "stop", "when": "item == 2", "config": {"output": "{{item}}"}},
        call(stage, "send", "/{{item}}"),
    ]
    row = await stage.run([loop("each", *body), transform("after", x=1)], {"items": [1, 2, 3]})
    assert (row["status"], stored(row["output"])) == ("completed", 2)
    assert paths_called(stage) == ["/1"]
    assert (await stage.statuses(row["id"]))["each"] == "cancelled"


async def test_finished_items_survive_their_worker(stage: Stage) -> None:
    """Another worker goes on with the same collection, and does no finished item again."""
    gate = stage.stub.held["/2"] = asyncio.Event()
    body = [call(stage, "send", "/{{item}}"), transform("said", n="{{item}}")]
    run_id = await stage.start(await stage.define([loop("each", *body)]), {"items": [0, 1, 2, 3]})
    async with stage.worker(grace_seconds=0.05):
        await until(lambda: len(stage.stub.calls) == 3, "the third call")
    assert (await stage.row(run_id))["status"] == "pending"
    await stage.pool.execute('UPDATE runs SET input=\'{"items":["changed"]}\'')
    gate.set()
    async with stage.worker():
        row = await stage.ended(run_id)
    assert stored(row["output"]) == {"results": [{"n": number} for number in range(4)]}
    assert paths_called(stage) == ["/0", "/1", "/2", "/2", "/3"]
    assert len(stage.stub.keys_of("/2")) == 1


async def test_a_retry_keeps_the_items_that_were_finished(stage: Stage) -> None:
    """Only the failed item and those after it are done again."""
    stage.stub.script["/1"] = [422]
    workflow_id = await stage.define([loop("each", call(stage, "send", "/{{item}}"))])
    run_id = await stage.start(workflow_id, {"items": [0, 1, 2]})
    async with stage.worker():
        assert (await stage.ended(run_id))["status"] == "failed"
        async with stage.pool.acquire() as connection, connection.transaction():
            again = await CONTROL.retry(connection, stage.company_id, run_id, by=Actor("mem_1"))
        row = await stage.ended(again.run_id)
    assert row["status"] == "completed"
    assert paths_called(stage) == ["/0", "/1", "/1", "/2"]
    steps = await stage.steps(again.run_id)
    assert steps["each[0].send"]["reused_run_id"] == run_id
    assert len(stored(row["output"])["results"]) == 3


async def test_loops_nest(stage: Stage) -> None:
    """An inner loop reads the outer item, and each inner result stands in its outer one."""
    inner = loop(
        "cells", transform("cell", at="{{row.name + column + index}}"), itemVariable="column"
    )
    inner["config"]["collection"] = "{{row.columns}}"
    outer = loop("rows", inner, transform("all", of="{{steps.cells.output.results}}"))
    outer["config"]["itemVariable"] = "row"
    items = [{"name": "a", "columns": ["x", "y"]}, {"name": "b", "columns": []}]
    row = await stage.run([outer], {"items": items})
    assert stored(row["output"]) == {
        "results": [{"of": [{"at": "ax0"}, {"at": "ay1"}]}, {"of": []}]
    }
    assert "rows[0].cells[1].cell" in await stage.steps(row["id"])


async def test_a_cancel_reaches_into_a_loop(stage: Stage) -> None:
    """A cancelled run closes its loop, with what waits inside."""
    wait = {"id": "w", "type": "wait", "config": {"duration": 1, "unit": "days"}}
    run_id = await stage.start(await stage.define([loop("each", wait)]), {"items": [1, 2]})
    async with stage.worker():
        await stage.reaches(run_id, "suspended")
        await stage.cancel(run_id)
        row = await stage.ended(run_id)
    assert row["status"] == "cancelled"
    assert await stage.statuses(run_id) == {"each": "cancelled", "each[0].w": "cancelled"}


async def test_a_thousand_items_are_one_commit_or_few(stage: Stage) -> None:
    """A long loop that only computes is written in large pieces, not item by item."""
    body = [transform("a", n="{{item * 2}}"), transform("b", n="{{steps.a.output.n + 1}}")]
    steps = [loop("each", *body, maxIterations=1000)]
    run_id = await stage.start(await stage.define(steps), {"items": list(range(1000))})
    async with stage.worker() as worker:
        row = await stage.ended(run_id)
        assert sum(size for _, size in worker.batches) <= 5
    assert stored(row["output"])["results"][999] == {"n": 1999}
    assert len(await stage.steps(run_id)) == 2001


# Branches


async def test_branches_run_side_by_side(stage: Stage) -> None:
    """All branches are under way at once; the output has one field a branch."""
    stage.stub.held = {"/a": asyncio.Event(), "/b": asyncio.Event()}
    one = [call(stage, "a", "/a"), transform("a2", x=1)]
    other = [call(stage, "b", "/b"), transform("b2", x="{{steps.b.output.status}}")]
    run_id = await stage.start(
        await stage.define(
            [parallel("both", one=one, other=other), transform("z", o="{{steps.both.output}}")]
        )
    )
    async with stage.worker():
        await until(lambda: len(stage.stub.calls) == 2, "both calls")
        stage.stub.held["/b"].set()
        stage.stub.held["/a"].set()
        row = await stage.ended(run_id)
    assert stored(row["output"]) == {"o": {"one": {"x": 1}, "other": {"x": 200}}}
    assert {"both.a", "both.a2", "both.b", "both.b2"} < set(await stage.steps(run_id))


async def test_a_branch_that_fails_fails_them_all(stage: Stage) -> None:
    """With waitForAll the others start nothing further; what is in flight is finished."""
    gate = stage.stub.held["/b"] = asyncio.Event()
    stage.stub.script["/a"] = [422]
    steps = [
        parallel(
            "both",
            one=[call(stage, "a", "/a")],
            other=[call(stage, "b", "/b"), call(stage, "c", "/c")],
        )
    ]
    run_id = await stage.start(await stage.define(steps))
    async with stage.worker():
        await until(lambda: len(stage.stub.calls) == 2, "both calls")
        await until(lambda: not stage.stub.script["/a"], "the refusal")
        gate.set()
        row = await stage.ended(run_id)
    assert stored(row["error"])["stepId"] == "both.a"
    assert sorted(paths_called(stage)) == ["/a", "/b"]
    assert await stage.statuses(run_id) == {
        "both": "failed",
        "both.a": "failed",
        "both.b": "completed",
    }


async def test_the_first_branch_to_complete_wins(stage: Stage) -> None:
    """In a race the others start nothing new, are finished where in flight, and are cancelled."""
    gate = stage.stub.held["/slow"] = asyncio.Event()
    steps = [
        parallel(
            "race",
            wait_for_all=False,
            slow=[call(stage, "s1", "/slow"), call(stage, "s2", "/never")],
            quick=[call(stage, "q1", "/quick"), transform("q2", x=1)],
            idle=[{"id": "i1", "type": "wait", "config": {"duration": 1, "unit": "days"}}],
        ),
        transform("after", o="{{steps.race.output}}"),
    ]
    run_id = await stage.start(await stage.define(steps))
    async with stage.worker():
        await until(lambda: len(stage.stub.calls) == 2, "both calls")
        gate.set()
        row = await stage.ended(run_id)
    assert (row["status"], stored(row["output"])) == ("completed", {"o": {"quick": {"x": 1}}})
    assert "/never" not in paths_called(stage)
    assert await stage.statuses(run_id) == {
        "race": "completed",
        "race.s1": "completed",
        "race.s2": "cancelled",
        "race.q1": "completed",
        "race.q2": "completed",
        "race.i1": "cancelled",
        "after": "completed",
    }


async def test_a_branch_that_fails_does_not_win(stage: Stage) -> None:
    """A failed branch leaves the race to the others; only when all failed does the step fail."""
    stage.stub.script |= {"/a": [422, 422], "/b": [500]}
    race = parallel("race", wait_for_all=False, a=[call(stage, "a", "/a")], b=[transform("b", x=1)])
    row = await stage.run([race])
    assert stored(row["output"]) == {"b": {"x": 1}}
    lost = parallel(
        "race", wait_for_all=False, a=[call(stage, "a", "/a")], b=[call(stage, "b", "/b")]
    )
    row = await stage.run([lost])
    assert (row["status"], stored(row["error"])["code"]) == ("failed", "HTTP_STATUS")


async def test_a_race_inside_a_loop(stage: Stage) -> None:
    """Each item has a race of its own."""
    stage.stub.script["/a"] = [422, 200]
    race = parallel(
        "race",
        wait_for_all=False,
        a=[call(stage, "a", "/a"), transform("a2", by="a{{item}}")],
        b=[
            {"id": "w", "type": "wait", "config": {"duration": 1}, "when": "item == 1"},
            transform("b2", by="b{{item}}"),
        ],
    )
    row = await stage.run([loop("each", race)], {"items": [0, 1]})
    results = stored(row["output"])["results"]
    assert results[0] == {"b": {"by": "b0"}}
    assert results[1] in ({"a": {"by": "a1"}}, {"b": {"by": "b1"}})
