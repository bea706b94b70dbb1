"""Workers that are killed or frozen at named points, and a database that goes away."""

import asyncio
import os
import signal
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
import pytest

from justpaid.db.embedded import EmbeddedPostgres, start_embedded
from justpaid.db.migrate import migrate
from justpaid.db.pool import Pool
from justpaid.ids import new_id
from tests.engine.stage import DEADLINE_SECONDS, Stage, open_stub, stored, transform, until
from tests.faults.processes import open_pool_on, worker_process

_RUNS = 12
# Of the passes of a point, the one at which the worker is killed: amid the others.
_PASS = 5


@pytest.fixture
async def stage(database_url: str, pool: Pool, company_id: UUID) -> AsyncGenerator[Stage]:
    """Set a stage with a stub server."""
    async with open_stub() as stub:
        yield Stage(database_url, pool, company_id, stub)


def _steps(stage: Stage) -> list[dict[str, Any]]:
    body = {"run": "{{runId}}", "n": "{{steps.a.output.n}}"}
    return [
        transform("a", n="{{input.n + 1}}"),
        stage.action("/first", method="POST", json={**body, "step": "first"}),
        transform("b", n="{{steps.a.output.n + 1}}"),
        stage.action("/left", method="POST", json={**body, "step": "left"}),
        stage.action(
            "/right",
            method="PUT",
            json={**body, "step": "right"},
            step={"dependsOn": ["b"]},
        ),
        transform("end", n="{{steps.b.output.n}}", step={"dependsOn": ["left", "right"]}),
    ]


async def _settled_calls(stage: Stage) -> dict[tuple[UUID, str], int]:
    """Count the calls of every action whose completion is committed now."""
    rows = await stage.pool.fetch(
        "SELECT run_id, path, input FROM steps WHERE status='completed' AND type='action'"
    )
    return {
        (row["run_id"], row["path"]): _calls(
            stage, row["path"], stored(row["input"])["json"]["run"]
        )
        for row in rows
    }


def _calls(stage: Stage, path: str, run: str) -> int:
    return sum(1 for call in stage.stub.calls_of(f"/{path}") if run in call.body)


def _keys(stage: Stage) -> dict[tuple[str, str], set[str | None]]:
    keys: dict[tuple[str, str], set[str | None]] = {}
    for call in stage.stub.calls:
        body = stored(call.body)
        if call.method == "POST":  # a PUT carries no key: it is idempotent by itself
            key = call.headers.get("Idempotency-Key")
            keys.setdefault((body["run"], body["step"]), set()).add(key)
    return keys


@pytest.mark.parametrize(
    "point",
    [
        "claimed",
        "before_intent",
        "intent_recorded",
        "effect_done",
        "recorded",
        "before_finish",
        "finished",
    ],
)
async def test_a_killed_worker_loses_and_repeats_nothing(
    stage: Stage, tmp_path: Path, point: str
) -> None:
    """After kill -9 at any point another worker ends every run; what was completed stays so."""
    workflow_id = await stage.define(_steps(stage))
    runs = [await stage.start(workflow_id, {"n": number}) for number in range(_RUNS)]
    async with worker_process(stage.database_url, tmp_path, "kill", point, _PASS) as process:
        status = await asyncio.wait_for(process.wait(), DEADLINE_SECONDS)
    assert status == -signal.SIGKILL
    before = await _settled_calls(stage)
    async with stage.worker(lease_seconds=2.0):
        rows = [await stage.ended(run_id) for run_id in runs]
    assert [row["status"] for row in rows] == ["completed"] * _RUNS
    assert [stored(row["output"]) for row in rows] == [{"n": n + 2} for n in range(_RUNS)]
    after = await _settled_calls(stage)
    assert {place: after[place] for place in before} == before
    assert all(len(keys) == 1 for keys in _keys(stage).values())
    attempts = await stage.pool.fetchval("SELECT max(attempt) FROM steps")
    assert attempts == 1, "a repeat after a crash keeps its attempt number"
    effects = await stage.pool.fetch("SELECT outcome, generation FROM effects")
    assert {tuple(row) for row in effects} == {("done", 1)}


async def test_a_worker_killed_after_a_suspend_is_not_missed(stage: Stage, tmp_path: Path) -> None:
    """A suspended run needs no worker: the next one that lives fires its timer."""
    wait = {"id": "w", "type": "wait", "config": {"duration": 1, "unit": "hours"}}
    workflow_id = await stage.define([transform("a", n=1), wait, transform("b", n=2)])
    runs = [await stage.start(workflow_id) for _ in range(3)]
    async with worker_process(stage.database_url, tmp_path, "kill", "suspended") as process:
        await asyncio.wait_for(process.wait(), DEADLINE_SECONDS)
    async with stage.worker(lease_seconds=2.0):
        for run_id in runs:
            await stage.reaches(run_id, "suspended")
        await stage.pool.execute("UPDATE steps SET due_at=now() WHERE path='w'")
        await stage.pool.execute("UPDATE runs SET due_at=now()")
        assert {(await stage.ended(run_id))["status"] for run_id in runs} == {"completed"}


async def test_an_unsafe_effect_of_a_killed_worker_is_unknown(stage: Stage, tmp_path: Path) -> None:
    """An unsafe effect that may have been sent when its worker died is not sent again."""
    run_id = await stage.start(
        await stage.define([stage.action("/a", method="POST", json=1, idempotency="none")])
    )
    async with worker_process(stage.database_url, tmp_path, "kill", "effect_done") as process:
        await asyncio.wait_for(process.wait(), DEADLINE_SECONDS)
    async with stage.worker(lease_seconds=2.0):
        await stage.reaches(run_id, "suspended")
    assert await stage.statuses(run_id) == {"a": "unknown"}
    assert [row["outcome"] for row in await stage.effects(run_id)] == ["unknown"]
    assert len(stage.stub.calls) == 1


async def test_a_frozen_worker_sends_nothing_when_it_wakes(stage: Stage, tmp_path: Path) -> None:
    """A worker stopped past its lease, between intent and effect, leaves the wire alone."""
    run_id = await stage.start(
        await stage.define([stage.action("/a", method="POST", json={"run": 1, "step": "a"})])
    )
    async with worker_process(stage.database_url, tmp_path, "freeze", "intent_recorded") as process:
        await until(
            lambda: psutil.Process(process.pid).status() == psutil.STATUS_STOPPED, "the freeze"
        )
        async with stage.worker(lease_seconds=2.0):
            assert (await stage.ended(run_id))["status"] == "completed"
            ended = tuple(await stage.row(run_id))
            process.send_signal(signal.SIGCONT)
            # Its next run shows that it is awake, has dropped the old one, and works.
            other = await stage.start(await stage.define([transform("b", n=1)]))
            await stage.ended(other)
        third = await stage.start(await stage.define([transform("b", n=1)]))
        assert (await stage.ended(third))["status"] == "completed"
        assert process.returncode is None
        assert tuple(await stage.row(run_id)) == ended
        assert len(stage.stub.calls) == 1


async def test_a_worker_told_to_stop_hands_its_runs_back(stage: Stage, tmp_path: Path) -> None:
    """SIGTERM lets effects in flight end and gives runs back without a lost lease."""
    gate = stage.stub.held["/a"] = asyncio.Event()
    run_id = await stage.start(
        await stage.define([stage.action("/a"), stage.action("/b"), transform("c", n=1)])
    )
    async with worker_process(stage.database_url, tmp_path, "none") as process:
        await until(lambda: stage.stub.calls, "the call")
        process.terminate()
        gate.set()
        assert await asyncio.wait_for(process.wait(), DEADLINE_SECONDS) == 0
    row = await stage.row(run_id)
    assert (row["status"], row["expiries"]) in {("pending", 0), ("completed", 0)}
    async with stage.worker():
        assert (await stage.ended(run_id))["status"] == "completed"
    assert len(stage.stub.calls_of("/a")) == 1


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """Start a database that the test may kill."""
    embedded = start_embedded(tmp_path / "database", dies_with_us=True)
    yield embedded
    embedded.ensure_running()
    embedded.destroy()


@pytest.mark.parametrize(
    "how",
    [
        pytest.param(signal.SIGINT, id="fast"),
        pytest.param(signal.SIGQUIT, id="immediate"),
        pytest.param(signal.SIGKILL, id="kill -9"),
    ],
)
async def test_runs_outlive_their_database(server: EmbeddedPostgres, how: signal.Signals) -> None:
    """PostgreSQL stopped in any way under running runs delays them, and loses nothing."""
    dsn = server.superuser_dsn
    await migrate(dsn)
    company_id = new_id()
    async with open_stub() as stub, open_pool_on(dsn) as pool:
        await pool.execute("INSERT INTO companies (id, name) VALUES ($1, 'Acme')", company_id)
        stage = Stage(dsn, pool, company_id, stub)
        gate = stub.held["/left"] = asyncio.Event()
        workflow_id = await stage.define(_steps(stage))
        runs = [await stage.start(workflow_id, {"n": number}) for number in range(_RUNS)]
        async with stage.worker(lease_seconds=2.0):
            await until(lambda: stub.calls_of("/left"), "effects in flight")
            os.kill(server.pid, how)
            await until(lambda: not server.is_running(), "the database to be gone")
            gate.set()
            await asyncio.to_thread(server.ensure_running)
            async with open_pool_on(server.superuser_dsn) as stage.pool:
                rows = [await stage.ended(run_id) for run_id in runs]
                assert {row["status"] for row in rows} == {"completed"}
                effects = await stage.pool.fetch("SELECT outcome, generation FROM effects")
                assert {tuple(row) for row in effects} == {("done", 1)}
        assert all(len(keys) == 1 for keys in _keys(stage).values())
