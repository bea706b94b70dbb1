"""Effects in doubt that somebody resolves: what the run then does, and what a retry keeps."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from justpaid.audit.chain import AuditSecret, AuditSecrets
from justpaid.audit.model import Actor
from justpaid.audit.service import AuditLog
from justpaid.connectors.model import Delivery, EffectClass
from justpaid.engine.contract import Completed, EffectHandler, Failed, Intent, StepContext
from justpaid.engine.model import ErrorCode
from justpaid.exact_json import JsonObject
from justpaid.runs.effect_resolution import EffectResolver, ResolutionOrder, Verdict
from justpaid.runs.service import RunControl
from justpaid.steps.catalogue import STEP_TYPES
from tests.engine.stage import KEYS, Stage, stored, transform, until

_UNSAFE: dict[str, Any] = {"method": "POST", "json": 1, "idempotency": "none"}
_AUDIT = AuditLog(AuditSecrets(AuditSecret(1, b"a" * 32)))
_BY = Actor("key_1")


async def _resolve(stage: Stage, run_id: UUID, verdict: Verdict, output: Any = None) -> None:
    (effect,) = [row for row in await stage.effects(run_id) if row["outcome"] == "unknown"]
    async with stage.pool.acquire() as connection, connection.transaction():
        await EffectResolver(_AUDIT).resolve(
            connection,
            stage.company_id,
            run_id,
            effect["id"],
            ResolutionOrder(verdict, "Looked it up.", output),
            by=_BY,
        )


async def _in_doubt(stage: Stage, **config: Any) -> UUID:
    """Start a run whose first step comes into doubt, and whose second one reads it."""
    stage.stub.script["/a"] = [500]
    step = stage.action("/a", **(_UNSAFE | config))
    steps = [step, transform("b", got="{{steps.a.output}}")]
    return await stage.start(await stage.define(steps))


async def test_what_was_done_is_not_sent_again(stage: Stage) -> None:
    """`done` completes the step with the output given, and the run goes on with it."""
    run_id = await _in_doubt(stage)
    async with stage.worker():
        await stage.reaches(run_id, "suspended")
        await _resolve(stage, run_id, Verdict.DONE, {"id": "in_1"})
        assert (await stage.ended(run_id))["status"] == "completed"
    assert len(stage.stub.calls) == 1
    assert await stage.outputs(run_id) == {"a": {"id": "in_1"}, "b": {"got": {"id": "in_1"}}}
    (effect,) = await stage.effects(run_id)
    assert (effect["outcome"], effect["resolved_by"]) == ("done", "key_1")
    steps = await stage.steps(run_id)
    assert steps["a"]["completed_at"] == effect["resolved_at"]
    assert steps["a"]["error"] is None


async def test_what_was_not_done_is_sent_under_the_next_key(stage: Stage) -> None:
    """`not_done` sends the recorded request once more, as the next generation of the effect."""
    run_id = await _in_doubt(stage)
    async with stage.worker():
        await stage.reaches(run_id, "suspended")
        await _resolve(stage, run_id, Verdict.NOT_DONE)
        assert (await stage.ended(run_id))["status"] == "completed"
    assert len(stage.stub.calls) == 2
    assert len({call.body for call in stage.stub.calls}) == 1
    effects = await stage.effects(run_id)
    assert [(row["generation"], row["outcome"]) for row in effects] == [(1, "refused"), (2, "done")]
    assert effects[0]["request"] == effects[1]["request"]
    assert effects[0]["key"] != effects[1]["key"]


async def test_the_recorded_request_goes_out_though_the_environment_changed(stage: Stage) -> None:
    """Sent again is what was recorded and looked up, not what the step would resolve to now."""
    await _set_environment(stage, "old")
    run_id = await _in_doubt(stage, json="{{env.NAME}}")
    async with stage.worker():
        await stage.reaches(run_id, "suspended")
    await _set_environment(stage, "new")
    async with stage.worker():
        await _resolve(stage, run_id, Verdict.NOT_DONE)
        await stage.ended(run_id)
    assert [call.body for call in stage.stub.calls] == ['"old"', '"old"']


async def _set_environment(stage: Stage, value: str) -> None:
    await stage.pool.execute(
        "INSERT INTO environment_values (company_id, name, value, updated_by) "
        "VALUES ($1, 'NAME', $2, 'mem_1') ON CONFLICT (company_id, name) DO UPDATE SET value = $2",
        stage.company_id,
        value,
    )


async def test_an_edited_request_goes_out_once_the_old_one_is_known_not_done(
    stage: Stage,
) -> None:
    """What was in doubt was an earlier run's request: a new run sends its own."""
    stage.stub.script["/b"] = [503]
    workflow_id = await stage.define([stage.action("/b", method="POST", json="{{input.n}}")])
    first = await stage.start(workflow_id, {"n": 1})
    async with stage.worker():
        await stage.ended(first)
        second = await stage.start(workflow_id, {"n": 2}, origin_run_id=first, fence=1)
        await stage.reaches(second, "suspended")
        await _resolve(stage, second, Verdict.NOT_DONE)
        assert (await stage.ended(second))["status"] == "completed"
    assert [call.body for call in stage.stub.calls] == ["1", "2"]
    assert [row["generation"] for row in await stage.effects(first)] == [1, 2]


async def test_a_resolution_while_the_run_is_busy_is_not_lost(stage: Stage) -> None:
    """What is said while a worker holds the run, and hears of it, is read by the next owner."""
    stage.stub.script["/a"] = [500]
    stage.stub.held["/c"] = asyncio.Event()
    steps = [
        {**stage.action("/a", **_UNSAFE), "dependsOn": []},
        {**stage.action("/c"), "dependsOn": []},
    ]
    run_id = await stage.start(await stage.define(steps))
    async with stage.worker() as worker:
        await until(lambda: _is_unknown(stage, run_id), "the effect to be in doubt")
        await _resolve(stage, run_id, Verdict.DONE, "it was")
        await until(lambda: worker.heard_wakes(run_id), "the worker to hear of it")
        stage.stub.held["/c"].set()
        assert (await stage.ended(run_id))["status"] == "completed"
    assert (await stage.outputs(run_id))["a"] == "it was"
    assert len(stage.stub.calls_of("/a")) == 1


async def _is_unknown(stage: Stage, run_id: UUID) -> bool:
    return any(row["outcome"] == "unknown" for row in await stage.effects(run_id))


async def test_a_retry_keeps_what_was_found_done_after_the_end(stage: Stage) -> None:
    """An effect resolved for the record is kept by a restart: it is not sent a second time."""
    run_id = await _in_doubt(stage)
    async with stage.worker():
        await stage.reaches(run_id, "suspended")
        await stage.cancel(run_id)
        await stage.ended(run_id)
        await _resolve(stage, run_id, Verdict.DONE, {"id": "in_1"})
        await stage.pool.execute("UPDATE runs SET status='failed' WHERE id=$1", run_id)
        control = RunControl(_AUDIT, STEP_TYPES, KEYS)
        async with stage.pool.acquire() as connection, connection.transaction():
            again = await control.retry(connection, stage.company_id, run_id, by=_BY)
        assert (await stage.ended(again.run_id))["status"] == "completed"
    assert len(stage.stub.calls) == 1
    assert (await stage.outputs(again.run_id))["b"] == {"got": {"id": "in_1"}}


class _Verifiable(EffectHandler):
    """An action that loses its answers; `found` is what reading back says."""

    def __init__(self, found: list[Completed | Failed]) -> None:
        self.found = found
        self.keys: list[str] = []

    async def prepare(self, context: StepContext) -> Intent:
        return Intent(EffectClass.VERIFIABLE, "test", "test.do", {"n": context.attempt}, {})

    async def perform(
        self, context: StepContext, request: JsonObject, connection_id: UUID | None, key: str
    ) -> Completed | Failed:
        del context, request, connection_id
        self.keys.append(key)
        return Failed(ErrorCode.TIMEOUT, "lost", may_pass=True, delivery=Delivery.UNCERTAIN)

    async def verify(
        self, _context: StepContext, _request: JsonObject, _connection: UUID | None, _key: str, /
    ) -> Completed | Failed:
        return self.found.pop(0)


_NOT_THERE = Failed(ErrorCode.TIMEOUT, "not there", may_pass=True, delivery=Delivery.NONE)
_NOBODY_KNOWS = Failed(ErrorCode.NETWORK, "away", delivery=Delivery.UNCERTAIN)


@pytest.mark.parametrize(
    ("found", "status", "calls"),
    [
        ([Completed("it is there")], "completed", 1),
        ([_NOT_THERE, Completed("it is there")], "completed", 2),
        ([_NOBODY_KNOWS], "unknown", 1),
    ],
)
async def test_a_verifiable_effect_is_read_back(
    stage: Stage, found: list[Completed | Failed], status: str, calls: int
) -> None:
    """After a lost answer it is looked up: kept if done, sent again if not, else in doubt."""
    handler = _Verifiable(list(found))
    step = {"errorHandling": {"strategy": "retry"}, "retryConfig": {"initialDelayMs": 1}}
    run_id = await stage.start(await stage.define([stage.action("/a", step=step)]))
    async with stage.worker(handlers={"action": handler}):
        await stage.reaches(run_id, "completed", "suspended")
    assert await stage.statuses(run_id) == {"a": status}
    assert len(handler.keys) == calls
    assert len(set(handler.keys)) == 1
    (effect,) = await stage.effects(run_id)
    assert effect["class"] == "verifiable"
    assert stored((await stage.steps(run_id))["a"]["output"]) == (
        "it is there" if status == "completed" else None
    )
