"""The parts a worker process is composed of: its programs, its company facts, its metrics."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import pytest

from justpaid.engine import claims
from justpaid.engine.model import Finished, RunStatus
from justpaid.errors import InvalidInput
from justpaid.ids import new_id
from justpaid.settings import load_settings
from justpaid.steps.catalogue import STEP_TYPES
from justpaid.worker import CompanyFactsStore, work
from justpaid.worker_meters import WorkerMeters, serve_meters
from justpaid.workflows.program_store import ProgramStore
from tests.engine.stage import DEADLINE_SECONDS, Stage, transform


async def test_a_version_is_compiled_once(stage: Stage) -> None:
    """However many runs ask at once, a version is read and compiled once."""
    workflow_id = await stage.define([transform("a", x=1)])
    store = ProgramStore(stage.pool, STEP_TYPES)
    first, second = await asyncio.gather(
        *(store.load(stage.company_id, workflow_id, 1) for _ in range(2))
    )
    await stage.pool.execute("DELETE FROM workflow_versions")
    third = await store.load(stage.company_id, workflow_id, 1)
    assert first is not None
    assert first is second is third


async def test_a_version_is_its_companys_alone(stage: Stage) -> None:
    """Neither storage nor memory gives a company another one's definition."""
    workflow_id = await stage.define([transform("a", x=1)])
    store = ProgramStore(stage.pool, STEP_TYPES)
    assert await store.load(stage.company_id, workflow_id, 1) is not None
    assert await store.load(new_id(), workflow_id, 1) is None
    assert await store.load(stage.company_id, workflow_id, 2) is None


async def test_programs_make_room(stage: Stage) -> None:
    """The longest unused program is the one that is dropped."""
    ids = [await stage.define([transform("a", x=1)]) for _ in range(3)]
    store = ProgramStore(stage.pool, STEP_TYPES, most_kept=2)

    async def load(number: int) -> object:
        return await store.load(stage.company_id, ids[number], 1)

    first, second = await load(0), await load(1)
    assert await load(0) is first
    await load(2)
    assert await load(0) is first
    assert await load(1) is not second


async def test_a_definition_that_no_longer_compiles_says_so(stage: Stage) -> None:
    """A stored definition that this release refuses is an error with its places, each time."""
    workflow_id = await stage.define([{"id": "a", "type": "gone"}])
    store = ProgramStore(stage.pool, STEP_TYPES)
    for _ in range(2):
        with pytest.raises(InvalidInput):
            await store.load(stage.company_id, workflow_id, 1)
    run_id = await stage.start(workflow_id)
    async with stage.worker():
        row = await stage.ended(run_id)
    assert row["status"] == "failed"
    assert "steps[0].type" in row["error"]


async def test_company_facts_are_read_again_after_a_while(stage: Stage) -> None:
    """A changed environment value reaches new steps within seconds."""
    now = 0.0
    store = CompanyFactsStore(stage.pool, lambda: now)
    assert (await store.load(stage.company_id)).environment == {}
    await stage.pool.execute(
        "INSERT INTO environment_values(company_id,name,value,updated_by)"
        " VALUES($1,'REGION','eu','test')",
        stage.company_id,
    )
    assert (await store.load(stage.company_id)).environment == {}
    now = 6.0
    assert (await store.load(stage.company_id)).environment == {"REGION": "eu"}


async def _get(port: int, path: str, **headers: str) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.get(f"http://127.0.0.1:{port}{path}", headers=headers)


async def test_metrics_tell_what_happened(stage: Stage) -> None:
    """Ends by status, waits before the first claim, batches and slots can be scraped."""
    await stage.start(await stage.define([transform("a", x=1)]))
    async with stage.pool.acquire() as connection:
        (run,) = await claims.claim_runs(connection, 1, 10.0)
    meters = WorkerMeters()
    meters.finished(Finished(RunStatus.COMPLETED, None))
    meters.batch("record", 3)
    meters.read_slots_from(lambda: 5)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    waited = run._replace(created_at=start, started_at=start + timedelta(seconds=2))
    meters.claimed([waited, waited._replace(fence=2)])
    server = await serve_meters(("127.0.0.1", 0), meters, None)
    port = server.sockets[0].getsockname()[1]
    text = (await _get(port, "/metrics")).text
    assert 'justpaid_runs_finished_total{status="completed"} 1.0' in text
    assert "justpaid_run_claim_seconds_sum 2.0" in text
    assert 'justpaid_lane_batch_size_sum{lane="record"} 3.0' in text
    assert "justpaid_worker_slots_used 5.0" in text
    assert (await _get(port, "/healthz")).status_code == 200
    assert (await _get(port, "/other")).status_code == 404
    server.close()


async def test_metrics_with_a_token_need_it() -> None:
    """With a token nobody scrapes without it; being alive is no secret."""
    server = await serve_meters(("127.0.0.1", 0), WorkerMeters(), "a-token")
    port = server.sockets[0].getsockname()[1]
    assert (await _get(port, "/metrics")).status_code == 401
    assert (await _get(port, "/metrics", Authorization="Bearer other")).status_code == 401
    assert (await _get(port, "/metrics", Authorization="Bearer a-token")).status_code == 200
    assert (await _get(port, "/healthz")).status_code == 200
    server.close()


async def test_the_composed_worker_works(stage: Stage, tmp_path: object) -> None:
    """The process's own composition ends a run, and stops when it is told to."""
    settings = load_settings(
        {
            "database_url": stage.database_url,
            "data_dir": tmp_path,
            "outbound_allow": "127.0.0.1",
            "metrics_bind": "off",
        }
    )
    run_id: UUID = await stage.start(
        await stage.define([stage.action("/a"), transform("b", ok="{{steps.a.output.body.ok}}")])
    )
    stop = asyncio.Event()
    working = asyncio.create_task(work(settings, stop))
    try:
        assert (await stage.ended(run_id))["status"] == "completed"
    finally:
        stop.set()
        await asyncio.wait_for(working, DEADLINE_SECONDS)
