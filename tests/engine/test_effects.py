"""Effects that may not be repeated, and what retries and restarts of a line inherit."""

import asyncio
from typing import Any
from uuid import UUID

from justpaid import exact_json
from justpaid.engine import journal
from justpaid.ids import new_id
from justpaid.runs import records
from justpaid.runs.repository import list_effects
from tests.engine.stage import Stage, stored, transform

_UNSAFE: dict[str, Any] = {"method": "POST", "json": 1, "idempotency": "none"}
_RETRIED = {
    "errorHandling": {"strategy": "retry"},
    "retryConfig": {"maxAttempts": 3, "initialDelayMs": 1, "maxDelayMs": 2},
}


async def _again(stage: Stage, run_id: UUID, workflow_id: UUID, kept: list[str]) -> UUID:
    """Start another run of the same line that keeps these steps."""
    origin = (await stage.row(run_id))["origin_run_id"]
    run = stage.new_run(
        workflow_id, id=new_id(), origin_run_id=origin, retried_from=run_id, fence=1
    )
    async with stage.pool.acquire() as connection, connection.transaction():
        assert await journal.accept_runs(connection, [run]) == [None]
        await journal.reuse_steps(connection, stage.company_id, run_id, run.id, kept)
    return run.id


async def test_an_effect_is_intended_before_it_is_sent(stage: Stage) -> None:
    """The ledger's moments follow each other as the acts do."""
    run = await stage.run([stage.action("/a")])
    effect = await stage.pool.fetchrow("SELECT * FROM effects WHERE run_id = $1", run["id"])
    assert effect is not None
    assert effect["intended_at"] <= effect["sent_at"]


async def test_a_secret_written_into_a_header_is_sent_and_told_nowhere(stage: Stage) -> None:
    """Who may read runs does not learn what a step's author wrote into a header for secrets."""
    headers = {"Authorization": "Bearer told-nowhere", "X-Note": "plain"}
    run = await stage.run([stage.action("/a", headers=headers)])
    assert stage.stub.calls[0].headers["authorization"] == "Bearer told-nowhere"
    step = await stage.pool.fetchval("SELECT input::text FROM steps WHERE run_id = $1", run["id"])
    async with stage.pool.acquire() as connection:
        (row,) = await list_effects(connection, stage.company_id, run["id"])
    ledger = exact_json.encode_text(records.effect_item(row))
    for shown in (step, ledger):
        assert "told-nowhere" not in shown
        assert "plain" in shown


async def test_an_unsafe_effect_in_doubt_is_unknown(stage: Stage) -> None:
    """A 5xx to an unsafe effect is never sent again: the step is unknown, the run suspended."""
    stage.stub.script["/a"] = [503]
    run_id = await stage.start(
        await stage.define([stage.action("/a", step=_RETRIED, **_UNSAFE), transform("b")])
    )
    async with stage.worker():
        row = await stage.reaches(run_id, "suspended")
    assert stored(row["waiting_for"]) == {"kind": "effect", "until": None, "stepPath": "a"}
    assert row["due_at"] is None
    assert await stage.statuses(run_id) == {"a": "unknown"}
    (effect,) = await stage.effects(run_id)
    assert (effect["class"], effect["outcome"]) == ("unsafe", "unknown")
    assert len(stage.stub.calls) == 1
    assert "Idempotency-Key" not in stage.stub.calls[0].headers


async def test_an_unsafe_effect_is_retried_where_nothing_was_done(stage: Stage) -> None:
    """A 429 proves that nothing was done: an unsafe effect may be tried again."""
    stage.stub.script["/a"] = [429, 200]
    run_id = await stage.start(await stage.define([stage.action("/a", step=_RETRIED, **_UNSAFE)]))
    async with stage.worker():
        row = await stage.ended(run_id)
    (effect,) = await stage.effects(run_id)
    assert (row["status"], effect["outcome"], effect["attempt"]) == ("completed", "done", 2)


async def test_an_unsafe_timeout_is_unknown_even_with_continue(stage: Stage) -> None:
    """`continue` does not make an effect in doubt a failure."""
    stage.stub.held["/a"] = asyncio.Event()
    step = {"errorHandling": {"strategy": "continue"}, "timeoutMs": 50}
    run_id = await stage.start(await stage.define([stage.action("/a", step=step, **_UNSAFE)]))
    async with stage.worker():
        await stage.reaches(run_id, "suspended")
    assert await stage.statuses(run_id) == {"a": "unknown"}


async def test_a_cancelled_run_keeps_its_unknown_effect(stage: Stage) -> None:
    """An effect in doubt stays so when its run is cancelled, for the record."""
    stage.stub.script["/a"] = [500]
    run_id = await stage.start(await stage.define([stage.action("/a", **_UNSAFE)]))
    async with stage.worker():
        await stage.reaches(run_id, "suspended")
        await stage.cancel(run_id)
        assert (await stage.ended(run_id))["status"] == "cancelled"
    assert await stage.statuses(run_id) == {"a": "unknown"}


async def test_a_retry_after_an_open_outcome_keeps_the_key(stage: Stage) -> None:
    """While the outcome is open, a later run of the line sends the same request and key."""
    stage.stub.script["/b"] = [503]
    workflow_id = await stage.define(
        [stage.action("/a"), stage.action("/b", method="POST", json={"n": 1})]
    )
    first = await stage.start(workflow_id)
    async with stage.worker():
        assert (await stage.ended(first))["status"] == "failed"
        second = await _again(stage, first, workflow_id, ["a"])
        assert (await stage.ended(second))["status"] == "completed"
    assert len(stage.stub.calls_of("/a")) == 1, "a kept step is not performed again"
    assert len(stage.stub.keys_of("/b")) == 1
    (effect,) = [row for row in await stage.effects(first) if row["path"] == "b"]
    assert (effect["generation"], effect["outcome"], effect["run_id"]) == (1, "done", second)
    rows = await stage.steps(second)
    assert rows["a"]["reused_run_id"] == first


async def test_a_retry_after_a_refusal_has_a_new_key(stage: Stage) -> None:
    """Once the provider has refused, the next run's effect is of the next generation."""
    stage.stub.script["/b"] = [400]
    workflow_id = await stage.define([stage.action("/b", method="POST", json=1)])
    first = await stage.start(workflow_id)
    async with stage.worker():
        await stage.ended(first)
        second = await _again(stage, first, workflow_id, [])
        assert (await stage.ended(second))["status"] == "completed"
    assert len(stage.stub.keys_of("/b")) == 2
    assert [row["generation"] for row in await stage.effects(first)] == [1, 2]


async def test_another_request_while_the_outcome_is_open_is_unknown(stage: Stage) -> None:
    """A changed request is not sent while it is open whether the earlier one was carried out."""
    stage.stub.script["/b"] = [503]
    workflow_id = await stage.define([stage.action("/b", method="POST", json="{{input.n}}")])
    first = await stage.start(workflow_id, {"n": 1})
    async with stage.worker():
        await stage.ended(first)
        origin = first
        run = stage.new_run(workflow_id, {"n": 2}, origin_run_id=origin, fence=1)
        async with stage.pool.acquire() as connection:
            await journal.accept_runs(connection, [run])
        await stage.reaches(run.id, "suspended")
    assert await stage.statuses(run.id) == {"b": "unknown"}
    assert len(stage.stub.calls) == 1


async def test_a_key_older_than_the_providers_memory_is_none(stage: Stage) -> None:
    """An open effect whose key may be forgotten is not sent again."""
    stage.stub.script["/b"] = [503]
    workflow_id = await stage.define(
        [stage.action("/b", method="POST", json=1, idempotencyMemoryHours=2)]
    )
    first = await stage.start(workflow_id)
    async with stage.worker():
        await stage.ended(first)
        await stage.pool.execute("UPDATE effects SET sent_at=now()-interval '3 hours'")
        second = await _again(stage, first, workflow_id, [])
        await stage.reaches(second, "suspended")
    assert len(stage.stub.calls) == 1


async def test_what_proves_nothing_was_done_leaves_no_sending(stage: Stage) -> None:
    """A refused connection leaves the effect unsent, so that even an unsafe one may be retried."""
    step = {
        "id": "a",
        "type": "action",
        "action": "http.request",
        "config": {"url": "http://127.0.0.1:1/", **_UNSAFE},
    }
    run_id = await stage.start(await stage.define([step]))
    async with stage.worker():
        assert (await stage.ended(run_id))["status"] == "failed"
    (effect,) = await stage.effects(run_id)
    assert (effect["sent_at"], effect["outcome"]) == (None, None)
