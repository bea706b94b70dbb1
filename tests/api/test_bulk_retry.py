"""Retrying many runs at once: what is meant, what is done, what is left out and why."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from justpaid.clock import to_wire
from justpaid.db.pool import Pool, connect
from justpaid.engine.lanes import SESSION_SETTINGS
from justpaid.engine.model import EffectOutcome, RunStatus
from justpaid.ids import Prefix, decode_id, encode_id
from justpaid.runs import bulk_retry
from justpaid.runs.bulk_retry import BulkFilter, write_candidates
from justpaid.scopes import Scope
from tests.api.run_stage import Stage, open_stage
from tests.api.test_runs import STEPS, an_effect, audit_actions, failed, read


@pytest.fixture
async def stage(pool: Pool, database_url: str, company_id: UUID) -> AsyncIterator[Stage]:
    """Open the room's routes on a database of their own."""
    async with open_stage(pool, database_url, company_id) as opened:
        yield opened


async def ask(stage: Stage, *, preview: bool = False, **fields: Any) -> Any:
    """Ask for a bulk retry that must be accepted; return its data."""
    cursor = fields.pop("cursor", None)
    body: dict[str, Any] = {"filter": fields, "preview": preview}
    answer = await stage.post("/runs/retry", body | ({"cursor": cursor} if cursor else {}))
    assert answer.status_code == (200 if preview else 202), answer.text
    return answer.json()["data"]


def moved(data: Any) -> list[str]:
    """Return which runs were retried, in order."""
    return [item["retriedFrom"] for item in data["retried"]]


async def test_a_preview_changes_nothing(stage: Stage) -> None:
    """A preview counts and shows what would be retried, oldest first."""
    runs = [await failed(stage) for _ in range(3)]
    data = await ask(stage, preview=True)
    assert data["matching"] == 3
    assert [run["id"] for run in data["runs"]] == runs
    assert await stage.claim() == []
    assert await audit_actions(stage) == []


async def test_a_preview_counts_at_least_what_it_shows(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that fails while a preview is made is not shown and left out of the count."""

    async def count_before_any(*_: object) -> int:
        return 0

    monkeypatch.setattr(bulk_retry, "count_candidates", count_before_any)
    run = await failed(stage)
    data = await ask(stage, preview=True)
    assert (data["matching"], [shown["id"] for shown in data["runs"]]) == (1, [run])
    monkeypatch.setattr(bulk_retry, "MOST_SHOWN", 1)
    assert (await ask(stage, preview=True))["matching"] == 1


async def test_all_that_failed_is_retried_once(stage: Stage) -> None:
    """Each run gets a new one of its line, with its own audit row; a repeat finds none."""
    runs = [await failed(stage) for _ in range(3)]
    data = await ask(stage)
    assert moved(data) == runs
    assert (data["skipped"], data["remaining"], data["cursor"]) == ([], 0, None)
    assert await audit_actions(stage) == [("run.retried", "key_test", run) for run in runs]
    again = await ask(stage)
    assert moved(again) == []
    record = (await read(stage, f"/runs/{data['retried'][0]['runId']}"))["data"]
    assert (record["retriedFrom"], record["steps"][0]["reused"]) == (runs[0], True)


@pytest.mark.parametrize(
    ("fields", "places"),
    [
        ({"status": "failed"}, [0, 1]),
        ({"status": "timed_out"}, [2]),
        ({"errorCode": "HTTP_STATUS"}, [0, 1, 2]),
        ({"errorCode": "NETWORK"}, []),
        ({"createdAfter": 1}, [1, 2]),
        ({"createdBefore": 1}, [0]),
        ({"createdAfter": 1, "createdBefore": 2}, [1]),
        ({"workflowId": 1}, [1]),
    ],
)
async def test_a_filter_narrows(stage: Stage, fields: dict[str, Any], places: list[int]) -> None:
    """Only what every field of the filter names is meant."""
    runs = [await failed(stage) for _ in range(3)]
    ids = [decode_id(Prefix.RUN, run) for run in runs]
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    for hour, run_id in enumerate(ids):
        moment = begin + timedelta(hours=hour)
        await stage.pool.execute("UPDATE runs SET created_at = $2 WHERE id = $1", run_id, moment)
    await stage.pool.execute("UPDATE runs SET status = 'timed_out' WHERE id = $1", ids[2])
    workflow = await stage.pool.fetchval("SELECT workflow_id FROM runs WHERE id = $1", ids[1])
    told = {
        "createdAfter": lambda hour: to_wire(begin + timedelta(hours=hour)),
        "createdBefore": lambda hour: to_wire(begin + timedelta(hours=hour)),
        "workflowId": lambda _: encode_id(Prefix.WORKFLOW, workflow),
    }
    asked: dict[str, Any] = {
        name: told[name](value) if name in told else value for name, value in fields.items()
    }
    expected = [runs[place] for place in places]
    preview = await ask(stage, preview=True, **asked)
    assert [run["id"] for run in preview["runs"]] == expected
    assert moved(await ask(stage, **asked)) == expected


async def test_what_cannot_be_retried_is_skipped_with_the_reason(stage: Stage) -> None:
    """An effect in doubt stops its own run only; the caller learns which one and why."""
    doubtful, fine = await failed(stage), await failed(stage)
    origin = decode_id(Prefix.RUN, doubtful)
    assert origin is not None
    await _add_unknown_effect(stage, origin)
    data = await ask(stage)
    assert moved(data) == [fine]
    assert [item["runId"] for item in data["skipped"]] == [doubtful]
    assert "Resolve it first" in data["skipped"][0]["reason"]
    assert await audit_actions(stage) == [("run.retried", "key_test", fine)]


async def _add_unknown_effect(stage: Stage, run_id: UUID) -> None:
    effect = an_effect("charge", outcome=EffectOutcome.UNKNOWN)
    await stage.pool.execute(
        "INSERT INTO effects (id, company_id, origin_run_id, run_id, path, generation, attempt, "
        "class, provider, action, key, outcome) "
        "VALUES ($1, $2, $3, $3, 'charge', 1, 1, 'unsafe', 'http', 'http.request', 'k', 'unknown')",
        effect.id,
        stage.caller.company_id,
        run_id,
    )


async def test_a_call_takes_a_bounded_batch(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """What remains is told, and the cursor goes on past what was skipped."""
    monkeypatch.setattr(bulk_retry, "MOST_AT_ONCE", 2)
    runs = [await failed(stage) for _ in range(5)]
    first = decode_id(Prefix.RUN, runs[0])
    assert first is not None
    await _add_unknown_effect(stage, first)
    data = await ask(stage)
    assert (moved(data), data["remaining"]) == ([runs[1]], 3)
    data = await ask(stage, cursor=data["cursor"])
    assert (moved(data), data["remaining"]) == (runs[2:4], 1)
    data = await ask(stage, cursor=data["cursor"])
    assert (moved(data), data["remaining"], data["cursor"]) == ([runs[4]], 0, None)


async def test_children_and_removed_runs_are_not_meant(stage: Stage) -> None:
    """A child is done again by its parent; a run without its values cannot be retried at all."""
    child, purged = await failed(stage), await failed(stage)
    await stage.pool.execute(
        "UPDATE runs SET parent_run_id = id WHERE id = $1", decode_id(Prefix.RUN, child)
    )
    await stage.pool.execute(
        "UPDATE runs SET purged_at = now() WHERE id = $1", decode_id(Prefix.RUN, purged)
    )
    assert (await ask(stage, preview=True))["matching"] == 0
    alone = await stage.post(f"/runs/{purged}/retry")
    assert (alone.status_code, alone.json()["error"]["code"]) == (409, "INVALID_STATE")
    again = await stage.post(f"/runs/{purged}/restart", {})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "INVALID_STATE")


async def test_limited_workflows_take_their_runs_in_one_by_one(stage: Stage) -> None:
    """Retries of a workflow with maxConcurrentRuns wait for their place, and one gets it."""
    workflow_id = await stage.add_workflow(steps=STEPS, settings={"maxConcurrentRuns": 1})
    for _ in range(2):
        await stage.started(workflow_id)
        (run,) = await stage.claim()
        await stage.end(run, RunStatus.FAILED, error='{"code":"INTERNAL","message":"x"}')
    data = await ask(stage)
    assert len(data["retried"]) == 2
    assert len(await stage.claim()) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"preview": True}, "filter"),
        ({"filter": {}}, "preview"),
        ({"filter": {"status": "completed"}, "preview": True}, "filter.status"),
        ({"filter": {"errorCode": "NOPE"}, "preview": True}, "filter.errorCode"),
        ({"filter": {"workflowId": "wf_x"}, "preview": True}, "filter.workflowId"),
        ({"filter": {"all": True}, "preview": True}, "filter.all"),
        ({"filter": {}, "preview": True, "cursor": "x"}, "cursor"),
        ({"filter": {"createdAfter": "0001-01-01T00:00:00+10:00"}, "preview": True},
         "filter.createdAfter"),
        ({"filter": {"createdAfter": "2026"}, "preview": True}, "filter.createdAfter"),
        ({"filter": {"createdBefore": 1700000000}, "preview": True}, "filter.createdBefore"),
        ({"filter": {}, "preview": "no"}, "preview"),
        ({"filter": {}, "preview": 0}, "preview"),
    ],
)  # fmt: skip
async def test_a_request_is_checked(stage: Stage, body: Any, field: str) -> None:
    """A slip in a filter never widens it: it is refused with its path."""
    answer = await stage.post("/runs/retry", body)
    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0]["field"] == field


async def test_one_company_retries_its_own_runs(stage: Stage) -> None:
    """Another company's failures are neither counted nor touched; the scope is needed."""
    await failed(stage)
    stage.act_for(await stage.add_company())
    assert (await ask(stage, preview=True))["matching"] == 0
    assert moved(await ask(stage)) == []
    stage.act_with(*(set(Scope) - {Scope.WORKFLOWS_EXECUTE}))
    answer = await stage.post("/runs/retry", {"filter": {}, "preview": True})
    assert answer.status_code == 403


async def test_the_search_walks_an_index(database_url: str, company_id: UUID) -> None:
    """Among a company's million runs its failures are found without reading the others."""
    connection = await connect(database_url, dict(SESSION_SETTINGS))
    (first, _), arguments = write_candidates(company_id, BulkFilter(), "r.id")
    rows = await connection.fetch(
        f"EXPLAIN {first} ORDER BY r.created_at, r.id LIMIT 500", *arguments
    )
    await connection.close()
    plan = "\n".join(row[0] for row in rows)
    assert "runs_of_rare_state" in plan
    assert "Seq Scan" not in plan
    assert "Sort" not in plan
