"""What retention removes and what it leaves, line by line, one worker at a time."""
# ruff: noqa: SLF001  the statements are no one else's business

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from justpaid.db.pool import connect
from justpaid.engine import journal
from justpaid.engine.lanes import SESSION_SETTINGS
from justpaid.ids import Prefix, encode_id, new_id
from justpaid.notices import repository as notices
from justpaid.notices.model import News
from justpaid.runs import retention
from justpaid.runs.retention import Removed, Retention
from tests.engine.stage import Stage, transform

NOW = datetime.now(UTC)
LATER = NOW + timedelta(days=100)


def _retention(stage: Stage, evidence_days: int | None = None, **fields: Any) -> Retention:
    hold = partial(connect, stage.database_url, dict(SESSION_SETTINGS))
    now = fields.pop("now", LATER)
    return Retention(hold, 90, evidence_days, now=lambda: now, **fields)


async def _a_run(stage: Stage, **fields: Any) -> UUID:
    """Run a workflow that calls the stub and reads the answer, to its end."""
    workflow_id = await stage.define([stage.action("/a"), transform("b", got="{{steps.a.output}}")])
    run_id = await stage.start(workflow_id, {"secret": "of theirs"}, **fields)
    await stage.ended(run_id)
    return run_id


async def _retry(stage: Stage, run_id: UUID) -> UUID:
    """Begin a further run of the line that keeps the first step."""
    row = await stage.row(run_id)
    run = stage.new_run(
        row["workflow_id"],
        id=new_id(),
        origin_run_id=row["origin_run_id"],
        retried_from=run_id,
        fence=1,
    )
    async with stage.pool.acquire() as connection, connection.transaction():
        assert await journal.accept_runs(connection, [run]) == [None]
        await journal.reuse_steps(connection, stage.company_id, run_id, run.id, ["a"])
    return run.id


async def test_values_and_logs_go_and_the_evidence_stays(stage: Stage) -> None:
    """After its time a run has neither input, outputs nor log; header and ledger are left."""
    async with stage.worker():
        run_id = await _a_run(stage, trigger='{"type":"api","payload":{"a":1}}')
    await stage.pool.execute(
        "INSERT INTO run_logs VALUES ($1, 1, $2, now(), 'info', NULL, 'x', NULL)",
        run_id,
        stage.company_id,
    )
    assert await _retention(stage, now=NOW + timedelta(days=89)).sweep() == Removed()
    assert await _retention(stage).sweep() == Removed(purged=1)
    run = await stage.row(run_id)
    assert (run["input"], run["output"], run["trigger"]) == ("null", None, None)
    assert run["status"] == "completed"
    assert run["purged_at"] is not None
    for step in (await stage.steps(run_id)).values():
        assert (step["status"], step["input"], step["output"]) == ("completed", None, None)
    assert await stage.pool.fetchval("SELECT count(*) FROM run_logs") == 0
    (effect,) = await stage.effects(run_id)
    assert effect["request"] is not None
    assert effect["receipt"] is not None
    assert await _retention(stage).sweep() == Removed()


async def test_a_failure_keeps_its_code_only(stage: Stage) -> None:
    """What a receiver answered goes with the values; which kind of failure it was stays."""
    stage.stub.script["/a"] = [400]
    async with stage.worker():
        run_id = await _a_run(stage)
    await _retention(stage).sweep()
    assert (await stage.steps(run_id))["a"]["error"] == '{"code" : "HTTP_STATUS"}'
    assert "HTTP_STATUS" in (await stage.row(run_id))["error"]


async def test_the_runs_of_a_line_go_together(stage: Stage) -> None:
    """A run whose values a younger one of its line refers to keeps them as long as that one."""
    async with stage.worker():
        first = await _a_run(stage)
        second = await _retry(stage, first)
        await stage.ended(second)
    await stage.pool.execute(
        "UPDATE runs SET completed_at = completed_at - interval '30 days' WHERE id = $1", first
    )
    assert await _retention(stage, now=NOW + timedelta(days=70)).sweep() == Removed()
    assert (await stage.outputs(first))["a"] is not None
    assert await _retention(stage).sweep() == Removed(purged=2)
    assert await stage.outputs(first) == await stage.outputs(second) == {}


async def test_an_unfinished_line_is_left_alone(stage: Stage) -> None:
    """While a run of the line has not ended nothing of the line is removed."""
    async with stage.worker():
        first = await _a_run(stage)
    await _retry(stage, first)
    assert await _retention(stage, 90).sweep() == Removed()
    async with stage.worker():
        (row,) = await stage.pool.fetch("SELECT id FROM runs WHERE id <> $1", first)
        assert (await stage.ended(row["id"]))["status"] == "completed"
    assert len(stage.stub.calls_of("/a")) == 1


async def test_old_lines_behind_young_ones_are_reached(stage: Stage) -> None:
    """Lines that cannot go yet do not stand in the way of those behind them."""
    async with stage.worker():
        held = [await _a_run(stage) for _ in range(2)]
        last = await _a_run(stage)
    for run_id in held:
        await _retry(stage, run_id)
    assert await _retention(stage, batch=1).sweep() == Removed(purged=1)
    assert (await stage.row(last))["purged_at"] is not None


async def test_after_the_evidence_time_everything_of_a_run_goes(stage: Stage) -> None:
    """Headers, steps and effects go together; before that time, and by default, they stay."""
    async with stage.worker():
        await _a_run(stage)
    assert await _retention(stage, 200).sweep() == Removed(purged=1)
    much_later = NOW + timedelta(days=201)
    assert await _retention(stage, now=much_later).sweep() == Removed()
    assert await _retention(stage, 200, now=much_later).sweep() == Removed(deleted=1)
    for table in ("runs", "steps", "effects", "run_logs"):
        assert await stage.pool.fetchval(f"SELECT count(*) FROM {table}") == 0, table


async def test_headers_stay_at_least_as_long_as_values(stage: Stage) -> None:
    """A short evidence time does not remove what the run's own time still keeps."""
    async with stage.worker():
        await _a_run(stage)
    assert await _retention(stage, 1, now=NOW + timedelta(days=50)).sweep() == Removed()


async def test_keys_are_forgotten_once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """An idempotencyKey is cleared when its time is over, and no run is looked at twice for it."""
    monkeypatch.setattr(retention, "_KEYS_BATCH", 2)
    workflow_id = await stage.define([transform("a", x=1)])
    runs = [
        await stage.start(workflow_id, idempotency_key=str(number), idempotency_hash=b"h")
        for number in range(5)
    ]
    await _retention(stage, now=NOW + timedelta(days=90)).sweep()
    assert (await stage.row(runs[0]))["idempotency_key"] == "0"
    await _retention(stage).sweep()
    rows = [await stage.row(run_id) for run_id in runs]
    assert {row["idempotency_key"] for row in rows} == {None}
    assert {row["idempotency_hash"] for row in rows} == {None}
    position = await stage.pool.fetchval("SELECT position FROM retention_walks")
    assert position == runs[-1]


async def test_one_worker_does_it_at_a_time(stage: Stage) -> None:
    """While another process removes, a sweep does nothing and fails nothing."""
    async with stage.worker():
        await _a_run(stage)
    async with stage.pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", retention._LOCK)
        assert await _retention(stage).sweep() == Removed()
    assert await _retention(stage).sweep() == Removed(purged=1)


@pytest.mark.parametrize(
    ("statement", "arguments", "index"),
    [
        (retention._TO_PURGE, "now(), now(), gen_random_uuid(), 100", "runs_to_purge"),
        (retention._TO_DELETE, "gen_random_uuid(), gen_random_uuid(), now(), 100", "runs_pkey"),
        (retention._FORGET_KEYS, "gen_random_uuid(), gen_random_uuid(), 100", "runs_pkey"),
        (retention._OLD_LINES, "ARRAY[gen_random_uuid()], now()", "runs_of_line"),
        (retention._PURGE[1], "ARRAY[gen_random_uuid()]", "steps_pkey"),
        (retention._PURGE[2], "ARRAY[gen_random_uuid()]", "run_logs_pkey"),
        (retention._PURGE[3], "ARRAY[gen_random_uuid()]", "sealed_inputs_pkey"),
        (retention._PURGE_LINES, "ARRAY[gen_random_uuid()]", "sealed_requests_pkey"),
        (retention._DELETE_LINES, "ARRAY[gen_random_uuid()]", "effects_generation"),
        (retention._DELETE[2], "ARRAY[gen_random_uuid()]", "approvals_of_step"),
        (retention._DELETE[2], "ARRAY[gen_random_uuid()]", "notices_once"),
        (retention._DELETE[3], "ARRAY[gen_random_uuid()]", "approvals_of_step"),
    ],
)
async def test_every_statement_walks_an_index(
    database_url: str, statement: str, arguments: str, index: str
) -> None:
    """Removing a hundred runs costs the same beside a hundred million."""
    connection = await connect(database_url, dict(SESSION_SETTINGS))
    await connection.execute(f"PREPARE asked AS {statement}")
    rows = await connection.fetch(f"EXPLAIN EXECUTE asked({arguments})")
    await connection.close()
    plan = "\n".join(row[0] for row in rows)
    assert index in plan, plan
    assert "Seq Scan" not in plan, plan


async def test_an_approval_goes_with_its_run(stage: Stage) -> None:
    """Approvals, votes, notices and mail outlive a run's values, and go with its header."""
    step = {"id": "ask", "type": "approval", "config": {"approvers": ["a@acme.test"]}}
    run_id = await stage.start(await stage.define([step]))
    async with stage.worker():
        await stage.reaches(run_id, "suspended")
        approval_id = await stage.pool.fetchval("SELECT id FROM approvals")
        news = News("approval_requested", "Pay?", "1,900.00", str(approval_id))
        async with stage.pool.acquire() as connection:
            await notices.add(connection, stage.company_id, news, NOW)
        await stage.pool.execute(
            "INSERT INTO approval_votes VALUES ($1, 'mem_1', $2, true, 'fine')",
            approval_id,
            stage.company_id,
        )
        await stage.cancel(run_id)
        await stage.ended(run_id)
    kept = "SELECT (SELECT count(*) FROM approvals), (SELECT count(*) FROM approval_votes), "
    kept += "(SELECT count(*) FROM notices)"
    assert await _retention(stage).sweep() == Removed(purged=1)
    assert tuple(await stage.pool.fetchrow(kept) or ()) == (1, 1, 1)
    assert await _retention(stage, 90).sweep() == Removed(deleted=1)
    assert tuple(await stage.pool.fetchrow(kept) or ()) == (0, 0, 0)


async def test_a_childs_removed_values_are_not_gone_on_with(stage: Stage) -> None:
    """A parent retried after its failed child's time is over says so, and computes nothing."""
    stage.stub.script["/a"] = [400]
    inner = await stage.define([stage.action("/a"), transform("b", got="{{steps.a.output}}")])
    config = {"workflowId": encode_id(Prefix.WORKFLOW, inner)}
    workflow_id = await stage.define([{"id": "ask", "type": "workflow", "config": config}])
    first = await stage.start(workflow_id)
    async with stage.worker():
        await stage.ended(first)
        await stage.pool.execute(
            "UPDATE runs SET completed_at = completed_at - interval '30 days' "
            "WHERE parent_run_id = $1",
            first,
        )
        assert await _retention(stage, now=NOW + timedelta(days=70)).sweep() == Removed(purged=1)
        run = stage.new_run(workflow_id, origin_run_id=first, retried_from=first, fence=1)
        async with stage.pool.acquire() as connection:
            assert await journal.accept_runs(connection, [run]) == [None]
        row = await stage.ended(run.id)
    assert "were removed" in row["error"]
    assert len(stage.stub.calls) == 1
