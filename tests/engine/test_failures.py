"""What a failing step does: end the run, go on, or be tried again."""

import asyncio
from typing import Any

from justpaid.engine.model import MAX_JOURNAL_BYTES
from tests.engine.stage import Stage, stored, transform, until

_AGAIN = {"maxAttempts": 3, "initialDelayMs": 1, "maxDelayMs": 2}


def _retried(**handling: Any) -> dict[str, Any]:
    return {"errorHandling": {"strategy": "retry", **handling}, "retryConfig": _AGAIN}


async def test_a_failure_ends_the_run_and_says_where(stage: Stage) -> None:
    """The run's error names code, message and step; what follows is never started."""
    stage.stub.script["/a"] = [400]
    run_id = await stage.start(await stage.define([stage.action("/a"), stage.action("/b")]))
    async with stage.worker():
        row = await stage.ended(run_id)
    error = stored(row["error"])
    assert row["status"] == "failed"
    assert (error["code"], error["stepId"]) == ("HTTP_STATUS", "a")
    assert await stage.statuses(run_id) == {"a": "failed"}
    assert stored((await stage.steps(run_id))["a"]["error"])["status"] == 400
    assert stage.stub.calls_of("/b") == []


async def test_continue_goes_on_with_the_fallback(stage: Stage) -> None:
    """A step that failed with `continue` gives its fallback, and its error can be read."""
    stage.stub.script["/a"] = [404]
    handling = {"strategy": "continue", "fallback": {"body": 5}}
    row = await stage.run(
        [
            stage.action("/a", step={"errorHandling": handling}),
            transform(
                "b",
                got="{{steps.a.output.body}}",
                code="{{steps.a.error.code}}",
                status="{{steps.a.status}}",
            ),
        ]
    )
    assert row["status"] == "completed"
    assert stored(row["output"]) == {"got": 5, "code": "HTTP_STATUS", "status": "failed"}


async def test_retries_keep_key_and_request(stage: Stage) -> None:
    """Attempts of one generation send the same request with the same key."""
    stage.stub.script["/a"] = [503, 500]
    run_id = await stage.start(
        await stage.define([stage.action("/a", method="POST", json={"n": 1}, step=_retried())])
    )
    async with stage.worker():
        row = await stage.ended(run_id)
    calls = stage.stub.calls_of("/a")
    assert row["status"] == "completed"
    assert len(calls) == 3
    assert len(stage.stub.keys_of("/a")) == 1
    assert {call.body for call in calls} == {'{"n":1}'}
    attempts = await stage.pool.fetch(
        "SELECT attempt, status FROM steps WHERE run_id=$1 ORDER BY attempt", run_id
    )
    assert [tuple(row) for row in attempts] == [
        (1, "retrying"),
        (2, "retrying"),
        (3, "completed"),
    ]
    (effect,) = await stage.effects(run_id)
    assert (effect["outcome"], effect["attempt"], effect["generation"]) == ("done", 3, 1)


async def test_a_definite_refusal_is_not_retried(stage: Stage) -> None:
    """A 4xx that cannot pass fails at once, and its effect counts as refused."""
    stage.stub.script["/a"] = [422, 200]
    run_id = await stage.start(
        await stage.define([stage.action("/a", method="POST", json=1, step=_retried())])
    )
    async with stage.worker():
        row = await stage.ended(run_id)
    (effect,) = await stage.effects(run_id)
    assert (row["status"], effect["outcome"]) == ("failed", "refused")
    assert len(stage.stub.calls) == 1


async def test_after_the_last_attempt_a_fallback_counts_even_null(stage: Stage) -> None:
    """An explicit null is a fallback: the run goes on after the last attempt."""
    stage.stub.script["/a"] = [503] * 5
    row = await stage.run(
        [
            stage.action("/a", step=_retried(fallback=None)),
            transform("b", none="{{steps.a.output == null}}"),
        ]
    )
    assert stored(row["output"]) == {"none": True}
    assert len(stage.stub.calls) == 3


async def test_without_a_fallback_the_last_attempt_fails_the_run(stage: Stage) -> None:
    """Retries that are used up end the run."""
    stage.stub.script["/a"] = [503] * 5
    row = await stage.run([stage.action("/a", step=_retried())])
    assert row["status"] == "failed"
    assert len(stage.stub.calls) == 3


async def test_a_long_retry_after_suspends_the_run(stage: Stage) -> None:
    """A Retry-After beyond five seconds frees the worker, and wins over maxDelayMs."""
    stage.stub.script["/a"] = [429]
    stage.stub.headers["Retry-After"] = "3000"
    run_id = await stage.start(await stage.define([stage.action("/a", step=_retried())]))
    async with stage.worker():
        row = await stage.reaches(run_id, "suspended")
        step = (await stage.steps(run_id))["a"]
        assert 2900 < (step["due_at"] - step["completed_at"]).total_seconds() <= 3000
        assert stored(row["waiting_for"])["kind"] == "timer"
        await stage.pool.execute("UPDATE runs SET due_at=now() WHERE id=$1", run_id)
        await stage.pool.execute("UPDATE steps SET due_at=now() WHERE run_id=$1", run_id)
        assert (await stage.ended(run_id))["status"] == "completed"
    assert len(stage.stub.calls) == 2


async def test_a_bad_template_fails_with_its_place(stage: Stage) -> None:
    """A template that meets the wrong value names the expression and the position."""
    row = await stage.run([transform("a", x="{{input.n / 0}}")], {"n": 1})
    error = stored(row["error"])
    assert (row["status"], error["code"], error["stepId"]) == ("failed", "TEMPLATE", "a")
    assert "input.n / 0" in error["message"]


async def test_a_bad_when_fails_its_step(stage: Stage) -> None:
    """A `when` that cannot be evaluated fails the step instead of skipping it."""
    row = await stage.run([transform("a", step={"when": "input.a < input.b"})], {"a": 1, "b": []})
    assert stored(row["error"])["code"] == "TEMPLATE"


async def test_a_slow_answer_times_out(stage: Stage) -> None:
    """An attempt lasts no longer than its timeoutMs."""
    stage.stub.held["/a"] = asyncio.Event()
    row = await stage.run([stage.action("/a", step={"timeoutMs": 50})])
    assert stored(row["error"])["code"] == "TIMEOUT"


async def test_an_output_over_a_mebibyte_fails_its_step(stage: Stage) -> None:
    """No step keeps more than 1 MiB."""
    stage.stub.answers["/a"] = '"' + "z" * 1_100_000 + '"'
    row = await stage.run([stage.action("/a")])
    assert stored(row["error"])["code"] == "OUTPUT_TOO_LARGE"


async def test_a_journal_over_its_bound_fails_its_step(stage: Stage) -> None:
    """A run's steps together keep no more than 32 MiB."""
    big = "z" * 700_000
    count = MAX_JOURNAL_BYTES // len(big) + 2
    steps = [transform(f"s{number}", x="{{input.x}}") for number in range(count)]
    row = await stage.run(steps, {"x": big})
    error = stored(row["error"])
    assert error["code"] == "OUTPUT_TOO_LARGE"
    assert "32 MiB" in error["message"]


async def test_effects_in_flight_are_recorded_after_a_failure(stage: Stage) -> None:
    """When one step fails the others in flight are finished and recorded; nothing new starts."""
    gate = stage.stub.held["/slow"] = asyncio.Event()
    stage.stub.script["/bad"] = [400]
    run_id = await stage.start(
        await stage.define(
            [
                stage.action("/slow", method="POST", json=1, step={"dependsOn": []}),
                stage.action("/bad", step={"dependsOn": []}),
                stage.action("/never", step={"dependsOn": ["slow"]}),
            ]
        )
    )
    async with stage.worker():

        async def has_failed() -> bool:
            return (await stage.statuses(run_id)).get("bad") == "failed"

        await until(has_failed, "the failure")
        assert (await stage.row(run_id))["status"] == "running"
        gate.set()
        row = await stage.ended(run_id)
    assert row["status"] == "failed"
    assert await stage.statuses(run_id) == {"slow": "completed", "bad": "failed"}
    assert stage.stub.calls_of("/never") == []


async def test_a_missing_version_fails_visibly_and_alone(stage: Stage) -> None:
    """A run without its version ends with a reason, and others go on."""
    workflow_id = await stage.define([transform("a", x=1)])
    lost = await stage.start(workflow_id, version=9)
    good = await stage.start(workflow_id)
    async with stage.worker():
        row = await stage.ended(lost)
        assert (await stage.ended(good))["status"] == "completed"
    assert stored(row["error"])["code"] == "INTERNAL"
    assert "9" in stored(row["error"])["message"]


async def test_an_unknown_journal_format_fails_visibly(stage: Stage) -> None:
    """A journal row of a format this release does not know ends its run with a reason."""
    run_id = await stage.start(await stage.define([transform("a", x=1)]), fence=1)
    await stage.pool.execute(
        "INSERT INTO steps(run_id,path,attempt,company_id,type,status,format)"
        " VALUES($1,'a',1,$2,'transform','completed',99)",
        run_id,
        stage.company_id,
    )
    async with stage.worker():
        row = await stage.ended(run_id)
    assert (row["status"], stored(row["error"])["code"]) == ("failed", "INTERNAL")
    assert "format" in stored(row["error"])["message"]
