"""Inputs that nobody may read: used by effects, and found nowhere else."""

import asyncio
import base64
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from justpaid import exact_json
from justpaid.audit.chain import AuditSecret, AuditSecrets
from justpaid.audit.model import Actor
from justpaid.audit.service import AuditLog
from justpaid.db.encryption import KeyRing
from justpaid.db.pool import connect
from justpaid.db.secrets import SecretRing, VersionedSecret
from justpaid.engine import journal
from justpaid.engine.lanes import SESSION_SETTINGS
from justpaid.engine.sealed import seal_input
from justpaid.engine.sealed_journal import reseal_all
from justpaid.errors import InvalidInput
from justpaid.ids import Prefix, encode_id
from justpaid.runs.effect_resolution import EffectResolver, ResolutionOrder, Verdict
from justpaid.runs.retention import Retention
from justpaid.runs.service import RestartOrder, RunControl
from justpaid.steps.catalogue import STEP_TYPES
from justpaid.workflows.write_only import find_secret_places
from tests.engine.stage import KEYS, Stage, stored, transform, until

AUDIT = AuditLog(AuditSecrets(AuditSecret(1, b"a" * 32)))
CONTROL = RunControl(AUDIT, STEP_TYPES, KEYS)
PERSON = Actor("mem_1")
IBAN, PIN, OTHER = "DE89370400440532013000", "4711", "FR7630006000011234567890189"
SCHEMA: Any = {
    "type": "object",
    "properties": {
        "payee": {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "iban": {"type": "string", "writeOnly": True},
            },
        },
        "pin": {"type": "string", "writeOnly": True},
    },
}
VALUE: Any = {"payee": {"name": "Initech", "iban": IBAN}, "pin": PIN}
SHOWN: Any = {"payee": {"name": "Initech", "iban": "***"}, "pin": "***"}
SECRETS = (IBAN, OTHER, base64.b64encode(IBAN.encode()).decode(), f'"{PIN}"', f"pin={PIN}")


def pays(stage: Stage, **step: Any) -> dict[str, Any]:
    """Make a step that sends the secrets in its path, a header, and its body."""
    return stage.action(
        "/pay",
        url=stage.stub.url + "/pay/{{ input.payee.iban }}",
        query={"pin": "{{ input.pin }}"},
        method="POST",
        headers={"X-Account": "acct {{ base64(input.payee.iban) }}"},
        json={"to": "{{ input.payee.iban }}", "pin": "{{ input.pin }}", "n": 1},
        step={"id": "pay", **step},
    )


async def begin(stage: Stage, steps: Any, value: Any = VALUE, **top: Any) -> UUID:
    """Start a run as the room of runs does: with its secrets sealed."""
    workflow_id = await stage.define(steps, inputSchema=SCHEMA, **top)
    run = seal_input(KEYS, stage.new_run(workflow_id), find_secret_places(SCHEMA), value)
    async with stage.pool.acquire() as connection:
        assert await journal.accept_runs(connection, [run]) == [None]
    return run.id


async def assert_told_nowhere(stage: Stage) -> None:
    """Search every column of every table."""
    tables = await stage.pool.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    for (table,) in tables:
        rows = await stage.pool.fetch(f'SELECT t::text AS row FROM "{table}" t')
        text = "\n".join(row["row"] for row in rows)
        for secret in SECRETS:
            plain = (secret, secret.encode().hex(), exact_json.encode_text(secret)[1:-1])
            assert not any(each in text for each in plain), f"{secret} stands in {table}"


async def retry(stage: Stage, run_id: UUID) -> UUID:
    """Retry a run."""
    async with stage.pool.acquire() as connection, connection.transaction():
        started = await CONTROL.retry(connection, stage.company_id, run_id, by=PERSON)
    return started.run_id


async def restart(stage: Stage, run_id: UUID, **order: Any) -> UUID:
    """Restart a run."""
    async with stage.pool.acquire() as connection, connection.transaction():
        started = await CONTROL.restart(
            connection, stage.company_id, run_id, RestartOrder(**order), by=PERSON
        )
    return started.run_id


async def test_an_effect_uses_what_nobody_can_read(stage: Stage) -> None:
    """The request carries the secrets; records, ledger, capture and an echo of them show masks."""
    stage.stub.answers[f"/pay/{IBAN}"] = exact_json.encode_text({"paid": f"to {IBAN}", "ok": True})
    copied = transform("copy", all="{{ input }}", got="{{ steps.pay.output.body }}")
    run_id = await begin(stage, [pays(stage), copied], output="{{ steps.copy.output }}")
    async with stage.worker():
        row = await stage.ended(run_id)
    assert row["status"] == "completed", row["error"]
    (call,) = stage.stub.calls
    assert (call.path, stored(call.body)) == (f"/pay/{IBAN}", {"to": IBAN, "pin": PIN, "n": 1})
    assert call.headers["X-Account"] == f"acct {base64.b64encode(IBAN.encode()).decode()}"
    assert stored(row["input"]) == SHOWN
    assert stored(row["output"]) == {"all": SHOWN, "got": {"paid": "to ***", "ok": True}}
    config = stored((await stage.steps(run_id))["pay"]["input"])
    assert config["json"] == {"to": "***", "pin": "***", "n": 1}
    (effect,) = await stage.effects(run_id)
    shown = stored(effect["request"])["request"]
    assert stored(shown["body"]) == {"to": "***", "pin": "***", "n": 1}
    assert stored(effect["receipt"])["request"]["url"].endswith("/pay/***?pin=***")
    await assert_told_nowhere(stage)


async def test_a_retry_sends_the_same_once_more(stage: Stage) -> None:
    """With the outcome open, the line's next run repeats request and key from what was sealed."""
    stage.stub.script[f"/pay/{IBAN}"] = [503]
    first = await begin(stage, [pays(stage)])
    async with stage.worker():
        assert (await stage.ended(first))["status"] == "failed"
        second = await retry(stage, first)
        assert (await stage.ended(second))["status"] == "completed"
    one, other = stage.stub.calls
    assert (one.path, one.body) == (other.path, other.body)
    assert one.headers["Idempotency-Key"] == other.headers["Idempotency-Key"]
    assert stored((await stage.row(second))["input"]) == SHOWN
    await assert_told_nowhere(stage)


async def test_another_worker_repeats_what_was_sealed(stage: Stage) -> None:
    """A run taken over while its request is on its way sends the very same one again."""
    path = f"/pay/{IBAN}"
    stage.stub.held[path] = asyncio.Event()
    run_id = await begin(stage, [pays(stage)])
    async with stage.worker(), stage.worker():
        await until(lambda: stage.stub.calls_of(path), "the request")
        await stage.pool.execute(
            "UPDATE runs SET status = 'pending', due_at = NULL WHERE id = $1", run_id
        )
        await until(lambda: len(stage.stub.calls_of(path)) > 1, "the repeated request")
        stage.stub.held[path].set()
        assert (await stage.ended(run_id))["status"] == "completed"
    assert len({call.body for call in stage.stub.calls}) == 1
    assert len(stage.stub.keys_of(path)) == 1
    await assert_told_nowhere(stage)


async def test_another_secret_is_another_request(stage: Stage) -> None:
    """While the outcome is open, a restart with another secret is not sent: it is in doubt."""
    stage.stub.script[f"/pay/{IBAN}"] = [503]
    first = await begin(stage, [pays(stage)])
    changed = {**VALUE, "payee": {"name": "Initech", "iban": OTHER}}
    async with stage.worker():
        assert (await stage.ended(first))["status"] == "failed"
        second = await restart(stage, first, input=changed)
        await stage.reaches(second, "suspended")
    assert await stage.statuses(second) == {"pay": "unknown"}
    assert len(stage.stub.calls) == 1
    await assert_told_nowhere(stage)


async def test_a_restart_takes_the_secrets_it_is_given(stage: Stage) -> None:
    """A restart of a completed step uses the same input, or the secrets of another one."""
    first = await begin(stage, [pays(stage)])
    changed = {**VALUE, "payee": {"name": "Initech", "iban": OTHER}}
    async with stage.worker():
        await stage.ended(first)
        second = await restart(stage, first)
        await stage.ended(second)
        third = await restart(stage, second, input=changed)
        assert (await stage.ended(third))["status"] == "completed"
    sent = [call.path.removeprefix("/pay/") for call in stage.stub.calls]
    assert sent == [IBAN, IBAN, OTHER]
    await assert_told_nowhere(stage)


async def test_a_version_that_would_tell_gets_no_old_input(stage: Stage) -> None:
    """A restart in a version without writeOnly is refused, unless the input is given anew."""
    first = await begin(stage, [pays(stage)])
    async with stage.worker():
        await stage.ended(first)
    workflow_id = (await stage.row(first))["workflow_id"]
    await stage.define([transform("tell", iban="{{ input.payee.iban }}")], 2, workflow_id)
    with pytest.raises(InvalidInput) as caught:
        await restart(stage, first, version=2)
    assert [problem.field for problem in caught.value.problems] == ["version"]
    async with stage.worker():
        again = await restart(stage, first, version=2, input={"payee": {"iban": "none"}})
        assert stored((await stage.ended(again))["output"]) == {"iban": "none"}


@pytest.mark.parametrize("is_marked", [True, False])
async def test_a_child_hides_what_its_parent_hides(stage: Stage, *, is_marked: bool) -> None:
    """A secret is handed on where the child marks it too; anywhere else the step fails."""
    inner = await stage.define([pays(stage)], **({"inputSchema": SCHEMA} if is_marked else {}))
    config = {"workflowId": encode_id(Prefix.WORKFLOW, inner), "input": "{{ input }}"}
    run_id = await begin(stage, [{"id": "ask", "type": "workflow", "config": config}])
    async with stage.worker():
        row = await stage.ended(run_id)
    if is_marked:
        assert row["status"] == "completed", row["error"]
        assert [call.path for call in stage.stub.calls] == [f"/pay/{IBAN}"]
    else:
        assert stored(row["error"])["code"] == "CHILD_RUN"
        assert "writeOnly" in stored(row["error"])["message"]
        assert stage.stub.calls == []
    assert stored((await stage.steps(run_id))["ask"]["input"])["input"] == SHOWN
    await assert_told_nowhere(stage)


async def test_errors_and_follow_ups_tell_nothing(stage: Stage) -> None:
    """A template that fails on the secret does not quote it; onFailure's input is masked."""
    follow_up = await stage.define([transform("note", of="{{ input.input }}")])
    settings = {"onFailure": {"workflowId": encode_id(Prefix.WORKFLOW, follow_up)}}
    bad = "{{ substring(input.payee.iban, 0, 9) + abs(input.pin) }}"
    step = stage.action("/a", method="POST", json={"n": bad})
    run_id = await begin(stage, [step], settings=settings)
    async with stage.worker():
        row = await stage.ended(run_id)
        find = "SELECT id FROM runs WHERE trigger_type = 'failure'"
        after = await until(lambda: stage.pool.fetchval(find), "the run that follows")
        told = await stage.ended(after)
    assert stored(row["error"])["code"] == "TEMPLATE"
    assert stored(told["output"]) == {"of": SHOWN}
    await assert_told_nowhere(stage)


async def test_a_template_that_only_works_with_the_secret(stage: Stage) -> None:
    """Where the mask cannot stand for the value, everything of the request is masked."""
    step = stage.action("/a", method="POST", json={"n": "{{ number(input.pin) + 1 }}"})
    run_id = await begin(stage, [step])
    async with stage.worker():
        assert (await stage.ended(run_id))["status"] == "completed"
    assert [call.body for call in stage.stub.calls] == ['{"n":4712}']
    (effect,) = await stage.effects(run_id)
    assert stored(effect["request"])["request"]["body"] == "***"
    (record,) = (await stage.steps(run_id)).values()
    assert "4712" not in f"{dict(effect)}{dict(record)}"


async def test_secrets_move_to_a_new_master_key(stage: Stage) -> None:
    """A rotation moves sealed inputs and requests, and a retry works with the new key alone."""
    stage.stub.script[f"/pay/{IBAN}"] = [503]
    first = await begin(stage, [pays(stage)])
    async with stage.worker():
        await stage.ended(first)
    old, new = VersionedSecret(1, bytes(32)), VersionedSecret(2, b"n" * 32)
    assert await reseal_all(stage.pool, KeyRing(SecretRing("master_key", new, (old,)))) == 2
    rotated = replace(stage, keys=KeyRing(SecretRing("master_key", new)))
    assert await reseal_all(stage.pool, rotated.keys) == 0
    async with rotated.worker():
        second = await retry(rotated, first)
        assert (await rotated.ended(second))["status"] == "completed"


async def test_a_key_that_does_not_open_ends_the_run(stage: Stage) -> None:
    """Without the right master key nothing is sent, and the run says why it failed."""
    run_id = await begin(stage, [pays(stage)])
    stranger = KeyRing(SecretRing("master_key", VersionedSecret(1, b"x" * 32)))
    async with replace(stage, keys=stranger).worker():
        row = await stage.ended(run_id)
    assert stored(row["error"])["code"] == "INTERNAL"
    assert "cannot be opened" in stored(row["error"])["message"]
    assert stage.stub.calls == []


async def test_retention_removes_what_is_sealed(stage: Stage) -> None:
    """With a run's values go the secrets of its input and requests."""
    run_id = await begin(stage, [pays(stage)])
    async with stage.worker():
        await stage.ended(run_id)
    counts = "SELECT (SELECT count(*) FROM sealed_inputs), (SELECT count(*) FROM sealed_requests)"
    assert tuple(await stage.pool.fetchrow(counts) or ()) == (1, 1)
    await stage.pool.execute("UPDATE runs SET completed_at = now() - interval '2 days'")
    await Retention(partial(connect, stage.database_url, dict(SESSION_SETTINGS)), 1, None).sweep()
    assert tuple(await stage.pool.fetchrow(counts) or ()) == (0, 0)


async def test_what_was_not_done_goes_out_with_its_secret(stage: Stage) -> None:
    """A request in doubt that a person says was not done is sent again as it was sealed."""
    path = f"/pay/{IBAN}"
    stage.stub.script[path] = [503]
    step = pays(stage)
    step["config"]["idempotency"] = "none"
    run_id = await begin(stage, [step])
    order = ResolutionOrder(Verdict.NOT_DONE, "It is not in the bank's list.")
    async with stage.worker():
        await stage.reaches(run_id, "suspended")
        (effect,) = await stage.effects(run_id)
        async with stage.pool.acquire() as connection, connection.transaction():
            await EffectResolver(AUDIT).resolve(
                connection, stage.company_id, run_id, effect["id"], order, by=PERSON
            )
        assert (await stage.ended(run_id))["status"] == "completed"
    one, other = stage.stub.calls
    assert (one.path, one.body) == (other.path, other.body)
    assert [effect["generation"] for effect in await stage.effects(run_id)] == [1, 2]
    await assert_told_nowhere(stage)


async def test_sealed_runs_are_accepted_beside_others(stage: Stage) -> None:
    """In one commit each run keeps its own secret, and one that was accepted before stays so."""
    workflow_id = await stage.define([pays(stage)], inputSchema=SCHEMA)
    places = find_secret_places(SCHEMA)
    values: list[Any] = [{**VALUE, "payee": {"iban": each}} for each in (IBAN, OTHER)]
    runs = [seal_input(KEYS, stage.new_run(workflow_id), places, value) for value in values]
    runs.append(stage.new_run(await stage.define([transform("a", n=1)])))
    async with stage.pool.acquire() as connection:
        for _ in range(2):
            assert await journal.accept_runs(connection, runs) == [None] * len(runs)
    async with stage.worker():
        for run in runs:
            assert (await stage.ended(run.id))["status"] == "completed"
    assert {call.path for call in stage.stub.calls} == {f"/pay/{IBAN}", f"/pay/{OTHER}"}
    await assert_told_nowhere(stage)


async def test_a_loop_pays_accounts_that_its_items_hide(stage: Stage) -> None:
    """An item of a list shows the mask; its place in the input gives the secret to the effect."""
    account: Any = {"type": "object", "properties": {"iban": {"type": "string", "writeOnly": True}}}
    schema: Any = {
        "type": "object",
        "properties": {"payees": {"type": "array", "items": account}},
    }
    body = {"to": "{{ input.payees[index].iban }}", "shown": "{{ item.iban }}"}
    step = stage.action("/pay", method="POST", json=body)
    loop = {
        "id": "each",
        "type": "loop",
        "config": {"collection": "{{ input.payees }}", "concurrency": 2, "steps": [step]},
    }
    workflow_id = await stage.define([loop], inputSchema=schema)
    value: Any = {"payees": [{"iban": IBAN}, {"iban": OTHER}]}
    run = seal_input(KEYS, stage.new_run(workflow_id), find_secret_places(schema), value)
    async with stage.pool.acquire() as connection:
        await journal.accept_runs(connection, [run])
    async with stage.worker():
        row = await stage.ended(run.id)
    assert row["status"] == "completed", row["error"]
    sent = sorted(call.body for call in stage.stub.calls)
    assert [stored(each) for each in sent] == [
        {"to": IBAN, "shown": "***"},
        {"to": OTHER, "shown": "***"},
    ]
    await assert_told_nowhere(stage)
