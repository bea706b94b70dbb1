"""Retries and restarts performed: what is kept is not done again, and no effect is done twice."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from justpaid.audit.chain import AuditSecret, AuditSecrets
from justpaid.audit.model import Actor
from justpaid.audit.service import AuditLog
from justpaid.db.pool import Connection
from justpaid.engine import journal
from justpaid.engine.model import NewRun
from justpaid.errors import Conflict
from justpaid.runs.service import RestartOrder, RunControl
from justpaid.steps.catalogue import STEP_TYPES
from tests.engine.stage import KEYS, Stage, stored, transform

CONTROL = RunControl(AuditLog(AuditSecrets(AuditSecret(1, b"a" * 32))), STEP_TYPES, KEYS)
PERSON = Actor("mem_1")


def charge_of(stage: Stage, **step: Any) -> dict[str, Any]:
    """Make the step that must never be done twice."""
    return stage.action("/charge", method="POST", json={"n": "{{input.n}}"}, step=step)


async def failed(stage: Stage, steps: list[dict[str, Any]]) -> UUID:
    """Run a workflow that must fail."""
    row = await stage.run(steps, {"n": 1})
    assert row["status"] == "failed", row["status"]
    return row["id"]


async def retried(stage: Stage, run_id: UUID, order: RestartOrder | None = None) -> UUID:
    """Retry a run, or restart it, and let a worker take the new run to its end."""
    async with stage.pool.acquire() as connection, connection.transaction():
        company_id = stage.company_id
        if order is None:
            started = await CONTROL.retry(connection, company_id, run_id, by=PERSON)
        else:
            started = await CONTROL.restart(connection, company_id, run_id, order, by=PERSON)
    async with stage.worker():
        await stage.ended(started.run_id)
    return started.run_id


async def test_a_retry_goes_on_where_it_failed(stage: Stage) -> None:
    """Steps that were completed are not performed again, and their outputs are read."""
    steps = [
        charge_of(stage),
        stage.action("/book", method="POST", json={"x": "{{steps.charge.output.body.amount}}"}),
    ]
    stage.stub.script["/book"] = [402]
    run_id = await failed(stage, steps)
    second = await retried(stage, run_id)
    assert (await stage.row(second))["status"] == "completed"
    assert len(stage.stub.calls_of("/charge")) == 1
    assert stage.stub.calls_of("/book")[-1].body == '{"x":19.90}'
    assert (await stage.steps(second))["charge"]["reused_run_id"] == run_id


async def test_a_retry_keeps_the_key_of_what_may_have_been_done(stage: Stage) -> None:
    """An effect whose answer was an uncertain failure is sent again under its first key."""
    stage.stub.script["/charge"] = [503]
    run_id = await failed(stage, [charge_of(stage)])
    second = await retried(stage, run_id)
    assert (await stage.row(second))["status"] == "completed"
    assert len(stage.stub.calls_of("/charge")) == 2
    assert len(stage.stub.keys_of("/charge")) == 1


async def test_a_retry_after_a_refusal_takes_the_next_key(stage: Stage) -> None:
    """What the receiver definitely refused is a new request when it is sent again."""
    stage.stub.script["/charge"] = [422]
    run_id = await failed(stage, [charge_of(stage)])
    await retried(stage, run_id)
    assert len(stage.stub.keys_of("/charge")) == 2


async def test_a_retry_of_a_retry_reads_the_first_run(stage: Stage) -> None:
    """Kept outputs stay readable however many runs the line has."""
    steps = [
        transform("first", value="{{input.n + 1}}"),
        stage.action("/book", method="POST", json={"v": "{{steps.first.output.value}}"}),
    ]
    stage.stub.script["/book"] = [402, 402]
    run_id = await failed(stage, steps)
    second = await retried(stage, run_id)
    third = await retried(stage, second)
    assert (await stage.row(third))["status"] == "completed"
    assert [call.body for call in stage.stub.calls_of("/book")] == ['{"v":2}'] * 3
    assert (await stage.steps(third))["first"]["reused_run_id"] == run_id


@pytest.mark.parametrize("value", [{"n": 1}, {"n": 2}])
async def test_a_restart_does_a_completed_effect_again(stage: Stage, value: Any) -> None:
    """Who restarts from a completed step wants it done again: it goes out under the next key."""
    row = await stage.run([charge_of(stage)], {"n": 1})
    second = await retried(stage, row["id"], RestartOrder(input=value))
    assert (await stage.row(second))["status"] == "completed"
    bodies = [call.body for call in stage.stub.calls_of("/charge")]
    assert bodies == ['{"n":1}', f'{{"n":{value["n"]}}}']
    assert len(stage.stub.keys_of("/charge")) == 2


async def test_a_restart_with_another_request_waits_for_a_person(stage: Stage) -> None:
    """While it is open whether the first request was done, another one is not sent."""
    stage.stub.script["/charge"] = [503]
    run_id = await failed(stage, [charge_of(stage)])
    async with stage.pool.acquire() as connection, connection.transaction():
        started = await CONTROL.restart(
            connection, stage.company_id, run_id, RestartOrder(input={"n": 2}), by=PERSON
        )
    async with stage.worker():
        row = await stage.reaches(started.run_id, "suspended")
    assert stored(row["waiting_for"])["kind"] == "effect"
    assert len(stage.stub.calls_of("/charge")) == 1


async def test_a_kept_step_is_not_computed_again_for_another_input(stage: Stage) -> None:
    """An edited input changes what is done again, and nothing that is kept."""
    steps = [
        transform("kept", value="{{input.n}}"),
        transform("again", old="{{steps.kept.output.value}}", new="{{input.n}}"),
    ]
    row = await stage.run(steps, {"n": 1})
    order = RestartOrder(from_step="again", input={"n": 2})
    second = await retried(stage, row["id"], order)
    assert stored((await stage.row(second))["output"]) == {"old": 1, "new": 2}


async def test_a_line_whose_other_run_ends_meanwhile_is_a_conflict(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run of the line that ends between the refused accept and the look for it is no fault."""
    stage.stub.script["/charge"] = [402]
    run_id = await failed(stage, [charge_of(stage)])
    other = await stage.start(
        (await stage.row(run_id))["workflow_id"], origin_run_id=run_id, retried_from=run_id
    )
    look = journal._obstacles  # noqa: SLF001

    async def look_late(connection: Connection, runs: Sequence[NewRun]) -> Any:
        await connection.execute("UPDATE runs SET status='failed' WHERE id=$1", other)
        return await look(connection, runs)

    monkeypatch.setattr(journal, "_obstacles", look_late)
    async with stage.pool.acquire() as connection, connection.transaction():
        with pytest.raises(Conflict, match="has just ended"):
            await CONTROL.restart(connection, stage.company_id, run_id, RestartOrder(), by=PERSON)
