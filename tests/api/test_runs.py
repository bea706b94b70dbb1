"""Runs that exist: listed, inspected, read step by step, cancelled and retried."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from justpaid import exact_json, ids
from justpaid.clock import to_wire
from justpaid.db.pool import Pool
from justpaid.engine.model import (
    ClaimedRun,
    EffectClass,
    EffectOutcome,
    EffectRecord,
    LogLine,
    RunStatus,
    StepRecord,
    StepStatus,
)
from justpaid.ids import Prefix, decode_id, encode_id
from justpaid.runs.model import RunFilter
from justpaid.runs.repository import write_list
from justpaid.scopes import Scope
from tests.api.run_stage import Stage, open_stage

FAILED = '{"code":"HTTP_STATUS","message":"The receiver answered 402.","stepId":"charge"}'
STEPS = [
    {"id": "shape", "type": "transform", "name": "Shape it", "config": {"mapping": {"a": 1}}},
    {"id": "charge", "type": "transform", "config": {"mapping": {"b": "{{steps.shape.output}}"}}},
    {"id": "note", "type": "transform", "config": {"mapping": {"c": 1}}, "dependsOn": []},
]
READS = ["", "/logs", "/effects"]


@pytest.fixture
async def stage(pool: Pool, database_url: str, company_id: UUID) -> AsyncIterator[Stage]:
    """Open the room's routes on a database of their own."""
    async with open_stage(pool, database_url, company_id) as opened:
        yield opened


def a_step(path: str, status: StepStatus, seq: int, **fields: Any) -> StepRecord:
    """Make a journal row that began and, unless it waits, ended just now."""
    now = datetime.now(UTC)
    record = StepRecord(path, fields.pop("attempt", 1), "transform", status, started_at=now)
    record.seq = seq
    if status in {StepStatus.COMPLETED, StepStatus.FAILED}:
        record.completed_at = now
    for name, value in fields.items():
        setattr(record, name, value)
    return record


def an_effect(path: str, **fields: Any) -> EffectRecord:
    """Make a ledger row of an effect that was sent."""
    return EffectRecord(
        ids.new_id(),
        path,
        fields.pop("generation", 1),
        1,
        EffectClass.IDEMPOTENT,
        "http",
        "http.request",
        fields.pop("key", "k1"),
        sent_at=datetime.now(UTC),
        **fields,
    )


async def started(stage: Stage) -> tuple[str, ClaimedRun]:
    """Start a run of a new workflow and claim it."""
    workflow_id = await stage.add_workflow(steps=STEPS)
    run_id = await stage.started(workflow_id, input={"a": 1})
    (run,) = await stage.claim()
    return run_id, run


async def failed(stage: Stage) -> str:
    """Make a run whose second step failed after the first was completed."""
    run_id, run = await started(stage)
    shape = a_step("shape", StepStatus.COMPLETED, 1, output_text='{"a":2.90}', input='{"x":1}')
    charge = a_step("charge", StepStatus.FAILED, 2, error={"code": "HTTP_STATUS", "message": "402"})
    await stage.record(run, shape, charge)
    await stage.end(run, RunStatus.FAILED, error=FAILED)
    return run_id


async def read(stage: Stage, path: str, **params: object) -> Any:
    """GET a path that must answer 200; return the whole envelope."""
    answer = await stage.http.get(path, params={k: str(v) for k, v in params.items()})
    assert answer.status_code == 200, answer.text
    return answer.json()


# Lists


async def test_a_list_shows_narrow_rows_newest_first(stage: Stage) -> None:
    """A list row carries what a list needs, and no payload."""
    first = await failed(stage)
    workflow_id = await stage.add_workflow()
    second = await stage.started(workflow_id)
    listed = await read(stage, "/runs")
    assert [row["id"] for row in listed["data"]] == [second, first]
    assert listed["meta"] == {"cursor": None, "hasMore": False}
    assert set(listed["data"][0]) == {
        "id",
        "workflowId",
        "workflowVersion",
        "status",
        "triggerType",
        "startedAt",
        "completedAt",
        "durationMs",
        "error",
        "createdAt",
    }
    assert listed["data"][1]["error"]["stepId"] == "charge"
    assert listed["data"][0]["startedAt"] is listed["data"][0]["durationMs"] is None


async def test_pages_neither_repeat_nor_lose_a_row(stage: Stage) -> None:
    """While runs arrive, and where many share a moment, paging shows each older run once."""
    workflow_id = await stage.add_workflow()
    expected = {await stage.started(workflow_id) for _ in range(7)}
    await stage.pool.execute("UPDATE runs SET created_at = date_trunc('hour', now())")
    seen: list[str] = []
    cursor: dict[str, object] = {}
    while True:
        answer = await read(stage, "/runs", limit=2, **cursor)
        seen += [row["id"] for row in answer["data"]]
        await stage.started(workflow_id)
        if not answer["meta"]["hasMore"]:
            break
        cursor = {"cursor": answer["meta"]["cursor"]}
    assert len(seen) == 7
    assert set(seen) == expected


async def test_a_list_is_narrowed_by_each_filter(stage: Stage) -> None:
    """Workflow, state, trigger and time each narrow the list, alone and together."""
    first = await failed(stage)
    workflow_id = await stage.add_workflow()
    second = await stage.started(workflow_id)
    row = await stage.pool.fetchrow("SELECT * FROM runs ORDER BY created_at LIMIT 1")
    assert row is not None
    moment, of_first = to_wire(row["created_at"] + timedelta(milliseconds=1)), row["workflow_id"]
    narrowed: list[tuple[dict[str, object], list[str]]] = [
        ({"workflowId": encode_id(Prefix.WORKFLOW, of_first)}, [first]),
        ({"status": "failed"}, [first]),
        ({"status": "pending"}, [second]),
        ({"status": "running"}, []),
        ({"status": "completed"}, []),
        ({"triggerType": "api"}, [second, first]),
        ({"triggerType": "schedule"}, []),
        ({"createdAfter": moment}, [second]),
        ({"createdBefore": moment}, [first]),
        ({"createdBefore": moment, "status": "failed", "triggerType": "api"}, [first]),
        ({"workflowId": encode_id(Prefix.WORKFLOW, of_first), "status": "pending"}, []),
    ]
    for params, expected in narrowed:
        listed = await read(stage, "/runs", **params)
        assert [row["id"] for row in listed["data"]] == expected, params


async def test_a_started_run_that_waits_for_a_worker_reads_as_running(stage: Stage) -> None:
    """`pending` means never started, in the record and in the filter."""
    run_id, _ = await started(stage)
    await stage.pool.execute("UPDATE runs SET status = 'pending', due_at = NULL")
    assert (await read(stage, f"/runs/{run_id}"))["data"]["status"] == "running"
    assert len((await read(stage, "/runs", status="running"))["data"]) == 1
    assert (await read(stage, "/runs", status="pending"))["data"] == []


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"status": "done"}, "status"),
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"cursor": "AAAA"}, "cursor"),
        ({"workflowId": "run_1"}, "workflowId"),
        ({"createdAfter": "yesterday"}, "createdAfter"),
        ({"createdAfter": "2026-01-01T00:00:00"}, "createdAfter"),
        ({"createdAfter": "2026"}, "createdAfter"),
        ({"createdBefore": "1767225600.5"}, "createdBefore"),
        ({"createdBefore": "0001-01-01T00:00:00+23:00"}, "createdBefore"),
    ],
)
async def test_a_bad_filter_is_named(stage: Stage, params: dict[str, str], field: str) -> None:
    """A parameter that means nothing is 400 with its name, never a wider list."""
    answer = await stage.http.get("/runs", params=params)
    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0]["field"] == field


@pytest.mark.parametrize(
    "narrowed",
    [
        RunFilter(),
        RunFilter(status=RunStatus.FAILED),
        RunFilter(status=RunStatus.COMPLETED),
        RunFilter(status=RunStatus.RUNNING),
        RunFilter(status=RunStatus.PENDING),
        RunFilter(workflow_id=ids.new_id()),
        RunFilter(workflow_id=ids.new_id(), status=RunStatus.FAILED),
        RunFilter(created_before=datetime(2020, 1, 1, tzinfo=UTC)),
        RunFilter(created_after=datetime(2020, 1, 1, tzinfo=UTC), trigger_type="api"),
    ],
)
async def test_a_list_walks_an_index(pool: Pool, company_id: UUID, narrowed: RunFilter) -> None:
    """Among many runs a list finds its rows by an index, and touches few more than it shows."""
    await pool.execute(
        "INSERT INTO runs (id, company_id, workflow_id, version, status, rank, origin_run_id, "
        "trigger_type, input, started_at, completed_at) "
        "SELECT gen_random_uuid(), CASE WHEN n % 2 = 0 THEN $1 ELSE gen_random_uuid() END, "
        "gen_random_uuid(), 1, 'completed', 0, gen_random_uuid(), 'api', '{}', now(), now() "
        "FROM generate_series(1, 20000) n",
        company_id,
    )
    await pool.execute("ANALYZE runs")
    statement, arguments = write_list(company_id, narrowed, None, 51)
    plan = await pool.fetch(f"EXPLAIN (ANALYZE, TIMING OFF) {statement}", *arguments)
    text = "\n".join(row[0] for row in plan)
    assert "Seq Scan" not in text, text
    assert "Index" in text
    touched = [int(rows) for rows in re.findall(r"actual rows=(\d+)", text)]
    passed_over = [int(rows) for rows in re.findall(r"Removed by Filter: (\d+)", text)]
    assert max(touched, default=0) + max(passed_over, default=0) <= 102, text


# One run


async def test_a_record_has_every_step_of_its_version(stage: Stage) -> None:
    """Recorded steps show what came of them with their digits; the others that they never ran."""
    run_id = await failed(stage)
    answer = await stage.http.get(f"/runs/{run_id}")
    record = answer.json()["data"]
    assert '"output":{"a":2.90}' in answer.text
    assert (record["status"], record["error"]["message"]) == (
        "failed",
        "The receiver answered 402.",
    )
    assert record["input"] == {"a": 1}
    assert record["trigger"] == {"type": "api"}
    assert (record["originRunId"], record["retriedFrom"]) == (run_id, None)
    assert record["startedBy"] == "key_test"
    assert record["durationMs"] >= 0
    shown = [(step["id"], step["name"], step["status"]) for step in record["steps"]]
    assert shown == [
        ("shape", "Shape it", "completed"),
        ("charge", "charge", "failed"),
        ("note", "note", "cancelled"),
    ]
    assert record["steps"][1]["error"] == {"code": "HTTP_STATUS", "message": "402"}
    assert record["steps"][0]["input"] == {"x": 1}


async def test_unstarted_steps_are_pending(stage: Stage) -> None:
    """A run that waits for its first worker shows all its steps as pending."""
    workflow_id = await stage.add_workflow(steps=STEPS)
    run_id = await stage.started(workflow_id)
    record = (await read(stage, f"/runs/{run_id}"))["data"]
    assert [step["status"] for step in record["steps"]] == ["pending"] * 3
    assert record["output"] is record["completedAt"] is None


async def test_a_step_shows_its_last_attempt_and_its_effect(stage: Stage) -> None:
    """Of several attempts the last is shown, with the effect's key and receipt."""
    run_id, run = await started(stage)
    first = a_step("charge", StepStatus.RETRYING, 1, error={"code": "NETWORK", "message": "reset"})
    second = a_step("charge", StepStatus.COMPLETED, 2, attempt=2, output_text="1", effect_key="k1")
    effect = an_effect("charge", outcome=EffectOutcome.DONE, receipt='{"status":201}')
    await stage.record(run, first, second, effects=[effect])
    step = (await read(stage, f"/runs/{run_id}"))["data"]["steps"][1]
    assert (step["attempt"], step["status"]) == (2, "completed")
    assert step["effect"] == {
        "id": encode_id(Prefix.EFFECT, effect.id),
        "idempotencyKey": "k1",
        "outcome": "done",
        "receipt": {"status": 201},
    }


async def test_a_suspended_run_says_what_for(stage: Stage) -> None:
    """A run that waits says for what it waits first; each waiting step has its own."""
    run_id, run = await started(stage)
    until = datetime(2030, 1, 1, tzinfo=UTC)
    await stage.record(run, a_step("shape", StepStatus.SUSPENDED, 1, due_at=until))
    waiting = '{"kind":"timer","until":"2030-01-01T00:00:00.000Z","stepPath":"shape"}'
    await stage.pool.execute("UPDATE runs SET status = 'suspended', waiting_for = $1", waiting)
    record = (await read(stage, f"/runs/{run_id}"))["data"]
    assert record["waitingFor"]["stepPath"] == "shape"
    assert record["steps"][0]["waitingFor"] == {
        "kind": "timer",
        "until": "2030-01-01T00:00:00.000Z",
    }


@pytest.mark.parametrize("part", READS)
async def test_a_foreign_run_is_not_there(stage: Stage, part: str) -> None:
    """Another company's run answers like one that never existed."""
    run_id = await failed(stage)
    stage.act_for(await stage.add_company())
    for identity in (run_id, encode_id(Prefix.RUN, ids.new_id()), "run_nothing", "wf_1"):
        assert (await stage.http.get(f"/runs/{identity}{part}")).status_code == 404
    assert (await read(stage, "/runs"))["data"] == []


@pytest.mark.parametrize("part", ["cancel", "retry", "restart"])
async def test_a_foreign_run_cannot_be_touched(stage: Stage, part: str) -> None:
    """Another company's run cannot be cancelled or retried, and is not said to exist."""
    run_id = await failed(stage)
    stage.act_for(await stage.add_company())
    assert (await stage.post(f"/runs/{run_id}/{part}")).status_code == 404


async def test_scopes_hold(stage: Stage) -> None:
    """Reading needs runs:read, acting needs workflows:execute, and neither is the other."""
    run_id = await failed(stage)
    stage.act_with(Scope.WORKFLOWS_EXECUTE)
    for path in ("/runs", *(f"/runs/{run_id}{part}" for part in READS)):
        assert (await stage.http.get(path)).status_code == 403
    stage.act_with(Scope.RUNS_READ)
    for part in ("cancel", "retry", "restart"):
        assert (await stage.post(f"/runs/{run_id}/{part}")).status_code == 403


# The log


async def test_a_log_tells_a_run_step_by_step(stage: Stage) -> None:
    """Start, steps, what was noted beside them and the end stand in one list, oldest first."""
    run_id, run = await started(stage)
    later = datetime.now(UTC) + timedelta(seconds=1)
    note = LogLine(2, later, "warning", "shape", "Slow receiver.", '{"ms":1.50}')
    await stage.record(run, a_step("shape", StepStatus.COMPLETED, 1), logs=[note])
    await stage.end(run)
    answer = await stage.http.get(f"/runs/{run_id}/logs")
    log = answer.json()
    assert [line["message"] for line in log["data"]] == [
        "Accepted.",
        "The run started.",
        "Started.",
        "Completed.",
        "Slow receiver.",
        "The run ended: completed.",
    ]
    assert '"data":{"ms":1.50}' in answer.text
    assert log["data"][4]["level"] == "warning"
    assert log["data"][2]["stepPath"] == "shape"
    assert log["meta"]["hasMore"] is False


async def test_a_tail_shows_each_line_once(stage: Stage) -> None:
    """Reading on from the last cursor shows what came since, and never a line again."""
    run_id, run = await started(stage)
    lines: list[str] = []
    cursor: dict[str, object] = {}

    async def tail() -> None:
        answer = await read(stage, f"/runs/{run_id}/logs", **cursor)
        cursor["after"] = answer["meta"]["cursor"]
        lines.extend(f"{line['stepPath']} {line['message']}" for line in answer["data"])

    await tail()
    await stage.record(run, a_step("charge", StepStatus.RUNNING, 1))
    await tail()
    await tail()
    await stage.record(
        run,
        a_step("charge", StepStatus.COMPLETED, 2),
        a_step("shape", StepStatus.COMPLETED, 3),
    )
    await tail()
    await stage.end(run)
    await tail()
    await tail()
    assert lines == [
        "None Accepted.",
        "None The run started.",
        "charge Started.",
        "charge Completed.",
        "shape Started.",
        "shape Completed.",
        "None The run ended: completed.",
    ]


async def test_a_long_log_comes_in_pages(stage: Stage) -> None:
    """Pages of a log join without a gap or a repeat."""
    run_id, run = await started(stage)
    at = datetime.now(UTC)
    notes = [LogLine(seq, at, "info", None, f"line {seq}") for seq in range(1, 8)]
    await stage.record(run, logs=notes)
    await stage.end(run)
    lines: list[str] = []
    cursor: dict[str, object] = {}
    while True:
        answer = await read(stage, f"/runs/{run_id}/logs", limit=3, **cursor)
        lines += [line["message"] for line in answer["data"]]
        cursor = {"after": answer["meta"]["cursor"]}
        if not answer["meta"]["hasMore"]:
            break
    noted = [f"line {seq}" for seq in range(1, 8)]
    assert lines == ["Accepted.", "The run started.", *noted, "The run ended: completed."]


@pytest.mark.parametrize("after", ["x", "AAAA", "%", "A" * 400])
async def test_a_bad_log_cursor_is_refused(stage: Stage, after: str) -> None:
    """A cursor that we did not make is 400 with its name."""
    run_id, _ = await started(stage)
    answer = await stage.http.get(f"/runs/{run_id}/logs", params={"after": after})
    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0]["field"] == "after"


# The ledger


async def test_the_ledger_tells_each_effect(stage: Stage) -> None:
    """An effect shows what was to be sent, under which key, and what came of it."""
    run_id, run = await started(stage)
    request = b'{"request":{"url":"http://a","json":{"total":2.90}},"keyMemoryHours":24}'
    effect = an_effect("charge", request=request, outcome=EffectOutcome.DONE, receipt='{"id":1}')
    await stage.record(run, a_step("charge", StepStatus.RUNNING, 1), effects=[effect])
    answer = await stage.http.get(f"/runs/{run_id}/effects")
    (shown,) = answer.json()["data"]
    assert '"total":2.90' in answer.text
    assert shown["request"]["url"] == "http://a"
    picked = {name: shown[name] for name in ("stepPath", "generation", "class", "outcome")}
    assert picked == {
        "stepPath": "charge",
        "generation": 1,
        "class": "idempotent",
        "outcome": "done",
    }
    assert (shown["idempotencyKey"], shown["receipt"]) == ("k1", {"id": 1})


# Cancel


async def audit_actions(stage: Stage) -> list[tuple[str, str, str]]:
    """List what the audit log says was done, by whom, to what."""
    rows = await stage.pool.fetch("SELECT action, actor, object_id FROM audit_log ORDER BY seq")
    return [(row["action"], row["actor"], row["object_id"]) for row in rows]


async def test_a_cancel_ends_what_never_started(stage: Stage) -> None:
    """A run that no worker has taken is cancelled at once, once, and audited."""
    workflow_id = await stage.add_workflow()
    run_id = await stage.started(workflow_id)
    answer = await stage.post(f"/runs/{run_id}/cancel")
    assert answer.status_code == 202
    data = answer.json()["data"]
    assert (data["runId"], data["status"]) == (run_id, "cancelled")
    record = (await read(stage, f"/runs/{run_id}"))["data"]
    assert record["cancelRequestedAt"] == data["cancelRequestedAt"]
    assert record["steps"][0]["status"] == "cancelled"
    again = await stage.post(f"/runs/{run_id}/cancel")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "INVALID_STATE")
    assert await audit_actions(stage) == [("run.cancelled", "key_test", run_id)]


@pytest.mark.parametrize("act", ["cancel", "retry"])
@pytest.mark.parametrize(
    ("body", "field"), [({"fromStep": "charge"}, "fromStep"), ([], ""), ("x", "")]
)
async def test_an_act_without_a_body_takes_none(
    stage: Stage, act: str, body: object, field: str
) -> None:
    """What the caller meant by a body is never passed over: it is 400 by its path, nothing done."""
    run_id = await (stage.started(await stage.add_workflow()) if act == "cancel" else failed(stage))
    answer = await stage.post(f"/runs/{run_id}/{act}", body)
    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0]["field"] == field
    assert await audit_actions(stage) == []


async def test_a_cancel_reaches_a_running_run(stage: Stage) -> None:
    """A running run is told; a second cancel keeps the first moment and is audited no more."""
    run_id, run = await started(stage)
    first = await stage.post(f"/runs/{run_id}/cancel")
    second = await stage.post(f"/runs/{run_id}/cancel")
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json()["data"]["status"] == "running"
    moments = [answer.json()["data"]["cancelRequestedAt"] for answer in (first, second)]
    assert moments[0] == moments[1]
    await stage.end(run)
    assert (await read(stage, f"/runs/{run_id}"))["data"]["status"] == "cancelled"
    assert len(await audit_actions(stage)) == 1


@pytest.mark.parametrize("limit", [1, 1.0])
async def test_a_cancel_lets_the_next_run_in(stage: Stage, limit: float) -> None:
    """A place under maxConcurrentRuns, however JSON writes it, goes to the run that waits."""
    workflow_id = await stage.add_workflow(settings={"maxConcurrentRuns": limit})
    first = await stage.started(workflow_id)
    second = await stage.started(workflow_id)
    await stage.post(f"/runs/{first}/cancel")
    assert [encode_id(Prefix.RUN, run.id) for run in await stage.claim()] == [second]


# Retry


async def test_a_retry_keeps_what_is_settled(stage: Stage) -> None:
    """A retry is a new run of the line that reuses completed steps and repeats the others."""
    run_id = await failed(stage)
    answer = await stage.post(f"/runs/{run_id}/retry")
    assert answer.status_code == 202
    retried = answer.json()["data"]["runId"]
    record = (await read(stage, f"/runs/{retried}"))["data"]
    assert (record["retriedFrom"], record["originRunId"]) == (run_id, run_id)
    assert (record["status"], record["input"]) == ("pending", {"a": 1})
    shown = [(step["id"], step["status"], step["reused"]) for step in record["steps"]]
    assert shown == [
        ("shape", "completed", True),
        ("charge", "pending", False),
        ("note", "pending", False),
    ]
    raw = await stage.http.get(f"/runs/{retried}")
    assert '"output":{"a":2.90}' in raw.text
    assert '"input":{"x":1}' in raw.text
    log = await read(stage, f"/runs/{retried}/logs")
    assert f"Reused from {run_id}." in [line["message"] for line in log["data"]]
    assert await audit_actions(stage) == [("run.retried", "key_test", run_id)]
    (claimed,) = await stage.claim()
    assert claimed.fence == 2
    assert claimed.origin_run_id == decode_id(Prefix.RUN, run_id)


async def test_a_line_has_one_unfinished_run(stage: Stage) -> None:
    """While a retry is under way a second one is 409 and names it; later only it can be retried."""
    run_id = await failed(stage)
    retried = (await stage.post(f"/runs/{run_id}/retry")).json()["data"]["runId"]
    again = await stage.post(f"/runs/{run_id}/retry")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "CONFLICT")
    assert retried in again.json()["error"]["message"]
    (run,) = await stage.claim()
    await stage.end(run, RunStatus.TIMED_OUT)
    older = await stage.post(f"/runs/{run_id}/retry")
    assert older.status_code == 409
    assert retried in older.json()["error"]["message"]
    third = await stage.post(f"/runs/{retried}/retry")
    assert third.status_code == 202
    record = (await read(stage, f"/runs/{third.json()['data']['runId']}"))["data"]
    assert (record["originRunId"], record["retriedFrom"]) == (run_id, retried)
    assert record["steps"][0]["output"] == {"a": 2.9}


async def test_nothing_is_retried_while_an_effect_is_unknown(stage: Stage) -> None:
    """A retry waits until somebody says whether an unknown effect was done."""
    run_id, run = await started(stage)
    effect = an_effect("charge", outcome=EffectOutcome.UNKNOWN)
    await stage.record(run, effects=[effect])
    await stage.end(run, RunStatus.FAILED, error=FAILED)
    answer = await stage.post(f"/runs/{run_id}/retry")
    assert answer.status_code == 409
    assert encode_id(Prefix.EFFECT, effect.id) in answer.json()["error"]["message"]


@pytest.mark.parametrize("status", [None, RunStatus.COMPLETED, RunStatus.CANCELLED])
async def test_only_a_failure_is_retried(stage: Stage, status: RunStatus | None) -> None:
    """A run that has not ended, or did not fail, cannot be retried."""
    run_id, run = await started(stage)
    if status is not None:
        await stage.end(run, status)
    answer = await stage.post(f"/runs/{run_id}/retry")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "INVALID_STATE")


# Restart


async def completed(stage: Stage) -> str:
    """Make a run whose three steps were all completed."""
    run_id, run = await started(stage)
    for seq, path in enumerate(("shape", "charge", "note"), start=1):
        await stage.record(run, a_step(path, StepStatus.COMPLETED, seq, output_text=f'"{path}"'))
    await stage.end(run)
    return run_id


async def reused(stage: Stage, answer: Any) -> list[str]:
    """List the steps that the run of an accepted restart keeps."""
    assert answer.status_code == 202, answer.text
    record = (await read(stage, f"/runs/{answer.json()['data']['runId']}"))["data"]
    return [step["id"] for step in record["steps"] if step["reused"]]


async def test_a_restart_keeps_what_stands_apart(stage: Stage) -> None:
    """From the step it names on everything is done again; without one from the first."""
    run_id = await completed(stage)
    answer = await stage.post(f"/runs/{run_id}/restart", {"fromStep": "charge"})
    assert await reused(stage, answer) == ["shape", "note"]
    second = answer.json()["data"]["runId"]
    assert await audit_actions(stage) == [("run.restarted", "key_test", run_id)]
    (run,) = await stage.claim()
    await stage.end(run, RunStatus.CANCELLED)
    assert await reused(stage, await stage.post(f"/runs/{run_id}/restart")) == ["note"]
    third = (await read(stage, "/runs"))["data"][0]["id"]
    assert third not in {run_id, second}


async def test_a_restart_may_take_another_input_and_version(stage: Stage) -> None:
    """The new run has the input and version it was given; steps that those lost are not kept."""
    run_id = await completed(stage)
    workflow_id = await stage.pool.fetchval("SELECT id FROM workflows")
    steps = [*STEPS[:2], {**STEPS[2], "type": "wait", "config": {"duration": 1}}]
    definition = {"name": "Test", "trigger": {"type": "api"}, "steps": steps}
    await stage.pool.execute(
        "INSERT INTO workflow_versions (workflow_id, version, company_id, definition, created_by) "
        "VALUES ($1, 2, $2, $3, 'mem_1')",
        workflow_id,
        stage.caller.company_id,
        exact_json.encode_text(definition),
    )
    order = {"fromStep": "charge", "version": 2, "input": {"a": Decimal("2.90")}}
    answer = await stage.post(f"/runs/{run_id}/restart", order)
    assert await reused(stage, answer) == ["shape"]
    shown = await stage.http.get(f"/runs/{answer.json()['data']['runId']}")
    assert '"input":{"a":2.90}' in shown.text
    assert shown.json()["data"]["workflowVersion"] == 2


@pytest.mark.parametrize(
    ("order", "field"),
    [
        ({"fromStep": "nothing"}, "fromStep"),
        ({"version": 7}, "version"),
        ({"version": 0}, "version"),
        ({"version": True}, "version"),
        ({"version": "1"}, "version"),
        ({"input": {"a": "wfk_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg0tewKi"}}, "input.a"),
        ({"from": "charge"}, "from"),
    ],
)
async def test_a_wrong_restart_is_named(stage: Stage, order: object, field: str) -> None:
    """A step, version or input that cannot be is 400 with its path, and starts nothing."""
    run_id = await completed(stage)
    answer = await stage.post(f"/runs/{run_id}/restart", order)
    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0]["field"] == field
    assert await stage.pool.fetchval("SELECT count(*) FROM runs") == 1


async def test_a_restart_waits_for_the_end_and_for_its_line(stage: Stage) -> None:
    """A run under way cannot be restarted, nor one whose line has a run under way."""
    run_id, run = await started(stage)
    early = await stage.post(f"/runs/{run_id}/restart")
    assert (early.status_code, early.json()["error"]["code"]) == (409, "INVALID_STATE")
    await stage.end(run)
    second = (await stage.post(f"/runs/{run_id}/restart")).json()["data"]["runId"]
    again = await stage.post(f"/runs/{run_id}/restart")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "CONFLICT")
    assert second in again.json()["error"]["message"]
