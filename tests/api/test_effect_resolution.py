"""Saying whether an effect in doubt was done: who may, when, and what the record shows then."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from justpaid import exact_json, ids
from justpaid.db.pool import Pool
from justpaid.engine import journal
from justpaid.engine.model import (
    ClaimedRun,
    EffectOutcome,
    Entry,
    RunStatus,
    StepStatus,
    Suspension,
)
from justpaid.ids import Prefix, encode_id
from justpaid.scopes import Scope
from tests.api.run_stage import Stage, open_stage
from tests.api.test_runs import a_step, an_effect, audit_actions, read, started

DONE = {"outcome": "done", "output": {"id": "in_1"}, "comment": "It is there."}
NOT_DONE = {"outcome": "not_done", "comment": "It is not there."}


@pytest.fixture
async def stage(pool: Pool, database_url: str, company_id: UUID) -> AsyncIterator[Stage]:
    """Open the room's routes on a database of their own."""
    async with open_stage(pool, database_url, company_id) as opened:
        yield opened


async def in_doubt(
    stage: Stage, outcome: EffectOutcome | None = EffectOutcome.UNKNOWN
) -> tuple[str, str, ClaimedRun]:
    """Make a run that waits for somebody to say whether its effect was done."""
    run_id, run = await started(stage)
    effect = an_effect("charge", outcome=outcome)
    error = {"code": "NETWORK", "message": "lost"}
    step = a_step("charge", StepStatus.UNKNOWN, 2, effect_key="k1", error=error)
    await stage.record(run, a_step("shape", StepStatus.COMPLETED, 1, output_text="1"))
    entry = Entry(run.id, run.fence, run.origin_run_id, steps=[step], effects=[effect])
    waits = '{"kind":"effect","until":null,"stepPath":"charge"}'
    async with stage.pool.acquire() as connection:
        suspension = Suspension(entry, run.wakes, None, waits)
        assert await journal.suspend(connection, [suspension]) == [RunStatus.SUSPENDED]
    return run_id, encode_id(Prefix.EFFECT, effect.id), run


async def resolve(stage: Stage, run_id: str, effect_id: str, body: object) -> Any:
    """Resolve, and return the answer."""
    return await stage.post(f"/runs/{run_id}/effects/{effect_id}/resolve", body)


async def charge_of(stage: Stage, run_id: str) -> Any:
    """Return the step in question as the record shows it."""
    record = (await read(stage, f"/runs/{run_id}"))["data"]
    return next(step for step in record["steps"] if step["id"] == "charge")


async def test_a_resolution_is_told_audited_and_wakes_the_run(stage: Stage) -> None:
    """The ledger says who said what and when; the run goes on at once."""
    run_id, effect_id, run = await in_doubt(stage)
    answer = await resolve(stage, run_id, effect_id, DONE)
    assert answer.status_code == 200, answer.text
    told = answer.json()["data"]
    assert (told["id"], told["outcome"], told["resolvedBy"]) == (effect_id, "done", "key_test")
    assert told["comment"] == "It is there."
    assert told["resolvedAt"] is not None
    assert (await read(stage, f"/runs/{run_id}/effects"))["data"] == [told]
    assert await audit_actions(stage) == [("effect.resolved", "key_test", effect_id)]
    (again,) = await stage.claim()
    assert again.id == run.id


async def test_the_record_shows_it_before_a_worker_has_read_it(stage: Stage) -> None:
    """Whoever resolves an effect sees its step settled with the next look."""
    run_id, effect_id, _ = await in_doubt(stage)
    assert (await charge_of(stage, run_id))["waitingFor"] == {"kind": "effect", "until": None}
    await resolve(stage, run_id, effect_id, DONE)
    step = await charge_of(stage, run_id)
    assert (step["status"], step["output"], step["error"]) == ("completed", {"id": "in_1"}, None)
    assert (step["waitingFor"], step["effect"]["outcome"]) == (None, "done")


async def test_not_done_is_shown_as_another_attempt_to_come(stage: Stage) -> None:
    """`not_done` counts as refused: the step is retried."""
    run_id, effect_id, _ = await in_doubt(stage)
    answer = await resolve(stage, run_id, effect_id, NOT_DONE)
    assert answer.json()["data"]["outcome"] == "refused"
    assert (await charge_of(stage, run_id))["status"] == "retrying"


@pytest.mark.parametrize("body", [DONE, NOT_DONE])
async def test_saying_the_same_again_changes_nothing(stage: Stage, body: Any) -> None:
    """A repeat gets the same answer and leaves no second audit row; the opposite is refused."""
    run_id, effect_id, _ = await in_doubt(stage)
    first = await resolve(stage, run_id, effect_id, body)
    again = await resolve(stage, run_id, effect_id, body | {"comment": "Said again."})
    assert (again.status_code, again.json()) == (200, first.json())
    other = await resolve(stage, run_id, effect_id, NOT_DONE if body is DONE else DONE)
    assert (other.status_code, other.json()["error"]["code"]) == (409, "CONFLICT")
    assert "key_test" in other.json()["error"]["message"]
    assert len(await audit_actions(stage)) == 1


async def test_another_output_is_another_resolution(stage: Stage) -> None:
    """What the run went on with stands: a different output is refused."""
    run_id, effect_id, _ = await in_doubt(stage)
    await resolve(stage, run_id, effect_id, DONE)
    other = await resolve(stage, run_id, effect_id, DONE | {"output": {"id": "in_2"}})
    assert other.status_code == 409


@pytest.mark.parametrize("outcome", [None, EffectOutcome.DONE, EffectOutcome.REFUSED])
async def test_only_what_is_in_doubt_is_resolved(
    stage: Stage, outcome: EffectOutcome | None
) -> None:
    """An effect with an outcome, or still under way, is not anybody's to decide."""
    run_id, effect_id, _ = await in_doubt(stage, outcome)
    answer = await resolve(stage, run_id, effect_id, DONE)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "INVALID_STATE")
    assert await audit_actions(stage) == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"outcome": "maybe", "comment": "x"}, "outcome"),
        ({"outcome": "done"}, "comment"),
        ({"outcome": "done", "comment": ""}, "comment"),
        ({"outcome": "not_done", "comment": "x", "output": 1}, "output"),
        (DONE | {"output": {"k": "wfk_QaG80Zus2bqDzvaTAqttnjdW2OCM6DahvRbCV6ygOIW0h3GVY"}}, ""),
        (DONE | {"extra": 1}, "extra"),
    ],
)
async def test_a_resolution_is_checked(stage: Stage, body: Any, field: str) -> None:
    """What cannot be meant is refused with its place; API keys never enter an output."""
    run_id, effect_id, _ = await in_doubt(stage)
    answer = await resolve(stage, run_id, effect_id, body)
    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0]["field"] == (field or "output.k")


async def test_the_effect_of_another_run_is_not_found(stage: Stage) -> None:
    """An effect is resolved where it stands: under its own run and company."""
    run_id, effect_id, _ = await in_doubt(stage)
    other_run, _, _ = await in_doubt(stage)
    assert (await resolve(stage, other_run, effect_id, DONE)).status_code == 404
    unknown = encode_id(Prefix.EFFECT, ids.new_id())
    assert (await resolve(stage, run_id, unknown, DONE)).status_code == 404
    assert (await resolve(stage, run_id, "eff_x", DONE)).status_code == 404
    stage.act_for(await stage.add_company())
    assert (await resolve(stage, run_id, effect_id, DONE)).status_code == 404


async def test_resolving_needs_its_scope(stage: Stage) -> None:
    """Reading a run does not entitle to decide over its effects."""
    run_id, effect_id, _ = await in_doubt(stage)
    stage.act_with(*(set(Scope) - {Scope.WORKFLOWS_EXECUTE}))
    assert (await resolve(stage, run_id, effect_id, DONE)).status_code == 403


async def test_an_ended_run_is_resolved_for_the_record(stage: Stage) -> None:
    """After its run was cancelled an effect can still be resolved, and the line be restarted."""
    run_id, effect_id, _ = await in_doubt(stage)
    await stage.post(f"/runs/{run_id}/cancel")
    (run,) = await stage.claim()
    await stage.end(run, RunStatus.CANCELLED)
    refused = await stage.post(f"/runs/{run_id}/restart", {"fromStep": "note"})
    assert refused.status_code == 409
    assert effect_id in refused.json()["error"]["message"]
    assert (await resolve(stage, run_id, effect_id, DONE)).status_code == 200
    assert (await charge_of(stage, run_id))["status"] == "completed"
    restarted = await stage.post(f"/runs/{run_id}/restart", {"fromStep": "note"})
    assert restarted.status_code == 202
    kept = await charge_of(stage, restarted.json()["data"]["runId"])
    assert (kept["status"], kept["reused"]) == ("completed", True)
    assert kept["output"] == {"id": "in_1"}


async def test_a_worker_cannot_take_a_resolution_back(stage: Stage) -> None:
    """A late write of the outcome in doubt leaves what somebody said as it is."""
    run_id, effect_id, _ = await in_doubt(stage)
    await resolve(stage, run_id, effect_id, NOT_DONE)
    (run,) = await stage.claim()
    await stage.record(run, effects=[an_effect("charge", outcome=EffectOutcome.UNKNOWN)])
    (shown,) = (await read(stage, f"/runs/{run_id}/effects"))["data"]
    assert (shown["outcome"], shown["resolvedBy"]) == ("refused", "key_test")


async def test_an_output_keeps_its_digits(stage: Stage) -> None:
    """The numbers of an output that somebody gives are those the run goes on with."""
    run_id, effect_id, _ = await in_doubt(stage)
    body = exact_json.parse(b'{"outcome":"done","comment":"x","output":{"total":2.90}}')
    await resolve(stage, run_id, effect_id, body)
    answer = await stage.http.get(f"/runs/{run_id}")
    assert '"total":2.90' in answer.text
