"""What size does: long lists, sleeping runs, a neighbour's backlog, long runs, a killed worker.

The rows of the first three are put in by SQL, as the engine would have left them.
"""

import json
import time
from collections.abc import Callable, Sequence
from typing import Any, Final
from uuid import UUID

import asyncpg
import psutil
import uvloop

from bench.definitions import branches, five_steps, items_in_a_loop, light_steps, pauses
from bench.load import Load, drive, request_bytes
from bench.service import PARTS, Service
from bench.workbench import Bench, drive_service, make_table, start_request
from justpaid.engine import journal
from justpaid.engine.model import NewRun
from justpaid.ids import Prefix, decode_id, new_id

_API: Final = "/api/v1"
_RUNS: Final = 1_000_000
_SLEEPING: Final = 100_000
_BACKLOG: Final = 5_000
_IDLE_SECONDS: Final = 8.0
_SETTLE_SECONDS: Final = 2.0  # what a start leaves to do is no idling
_UNDER_WAY_SECONDS: Final = 0.3  # all runs are claimed, and none of their pauses is over
_LOOKS: Final = 100
_KILLED: Final = 64

# One in fifty failed; a second apart. Random ids are harder on the indexes than real ones.
_INSERT_ENDED: Final = """
INSERT INTO runs (id, company_id, workflow_id, version, status, rank, origin_run_id, trigger_type,
  input, output, created_at, started_at, completed_at, fence, purged_at)
SELECT id, $1, $2, 1, CASE WHEN n % 50 = 0 THEN 'failed' ELSE 'completed' END, 0, id, 'api',
  '{}', '{}', at, at, at, 1, at
FROM (SELECT gen_random_uuid() AS id, n, now() - n * interval '1 second' AS at
  FROM generate_series(1, $3::int) n) x
"""
_INSERT_SLEEPING: Final = """
INSERT INTO runs (id, company_id, workflow_id, version, status, rank, origin_run_id, trigger_type,
  input, started_at, claimed_at, due_at, fence)
SELECT id, $1, $2, 1, 'suspended', 0, id, 'api', '{}', now(), now(),
  now() + interval '30 days' + n * interval '1 second', 1
FROM (SELECT gen_random_uuid() AS id, n FROM generate_series(1, $3::int) n) x
"""


def lists(bench: Bench) -> None:
    """Read pages of a company's million runs."""
    service = bench.service
    company_id, key = service.new_company("Million")
    workflow_id = _workflow_id(service.call("POST", f"{_API}/workflows", light_steps(1), key=key))
    uvloop.run(_execute(service.dsn, _INSERT_ENDED, company_id, workflow_id, _RUNS))
    uvloop.run(_execute(service.dsn, "ANALYZE runs"))
    path = f"{_API}/runs"
    pages = {
        "first page": path,
        "first page of the failed": f"{path}?status=failed",
        "first page of the running (none)": f"{path}?status=running",
        "first page of one workflow": f"{path}?workflowId={_workflow_text(service, key)}",
        "page 201": _page_behind(service, key, pages=200),
    }
    table = make_table(f"Lists of {_RUNS:,} runs, one client", "what", "p50 ms", "p99 ms")
    for name, page in pages.items():
        request = request_bytes("GET", page, {"x-api-key": key})
        load = uvloop.run(
            drive(service.port, lambda _, sent=request: sent, clients=1, seconds=bench.seconds)
        )
        table.add_row(name, f"{load.percentile(0.5):.1f}", f"{load.percentile(0.99):.1f}")
    bench.console.print(table)


def sleeping(bench: Bench) -> None:
    """Compare the idle service and its start, without and with a hundred thousand waiting runs."""
    service = bench.service
    company_id, key = service.new_company("Sleeping")
    workflow_id = _workflow_id(service.call("POST", f"{_API}/workflows", light_steps(1), key=key))
    table = make_table("Idle beside runs that wait", "waiting", "start s", *PARTS, "PSS MB")

    def look(waiting: int) -> None:
        service.restart()
        time.sleep(_SETTLE_SECONDS)
        before = service.cpu()
        time.sleep(_IDLE_SECONDS)
        used = service.cpu()
        shares = [(used[name] - before[name]) * 100 / _IDLE_SECONDS for name in PARTS]
        memory = service.memory_mb()
        table.add_row(
            f"{waiting:,}",
            f"{service.cold_start_seconds:.2f}",
            *(f"{share:.1f} %" for share in shares),
            f"{memory['api'] + memory['worker']:.0f}",
        )

    look(0)
    uvloop.run(_execute(service.dsn, _INSERT_SLEEPING, company_id, workflow_id, _SLEEPING))
    uvloop.run(_execute(service.dsn, "VACUUM ANALYZE runs"))
    look(_SLEEPING)
    bench.console.print(table)
    uvloop.run(_execute(service.dsn, "DELETE FROM runs WHERE company_id = $1", company_id))


def fairness(bench: Bench) -> None:
    """Start single runs of a company while another one's thousands are queued."""
    service = bench.service
    workflow = service.call("POST", f"{_API}/workflows", five_steps(bench.stub_port))
    service.call("POST", f"{_API}/workflows/{workflow['id']}/activate", {})
    _, key = service.new_company("Neighbour")
    theirs = service.call("POST", f"{_API}/workflows", five_steps(bench.stub_port), key=key)
    service.call("POST", f"{_API}/workflows/{theirs['id']}/activate", {}, key=key)
    path = f"{_API}/workflows/{theirs['id']}/run?wait=20"
    title = f"One company's single runs, behind {_BACKLOG:,} of another"
    table = make_table(title, "what", "runs", "p50 ms", "worst ms", "not completed")

    def look(name: str, going_on: Callable[[], bool]) -> None:
        seen = Load()
        failed = 0
        for _ in range(_LOOKS):
            if not going_on():
                break
            begun = time.perf_counter()
            status = service.call("POST", path, {"input": {"amount": 129.90}}, key=key)["status"]
            seen.latencies.append(time.perf_counter() - begun)
            failed += status != "completed"
            time.sleep(0.02)
        count = str(len(seen.latencies))
        p50, worst = seen.percentile(0.5), seen.percentile(1.0)
        table.add_row(name, count, f"{p50:.1f}", f"{worst:.1f}", str(failed))

    look("quiet", lambda: True)
    uvloop.run(_queue(service, _workflow_id(workflow), _BACKLOG))
    look("behind the backlog", lambda: uvloop.run(_count_waiting(service)) > 0)
    bench.console.print(table)


def long(bench: Bench) -> None:
    """Run one thousand items in a loop, and a hundred branches side by side."""
    table = make_table("Long runs, one client", "what", "p50 ms", "p99 ms", "CPU ms", *PARTS)
    for name, definition in (
        ("loop of 1,000 items", items_in_a_loop(1000)),
        ("100 branches", branches(100)),
        ("100 branches, each with a call", branches(100, bench.stub_port)),
    ):
        value: dict[str, Any] = {"amount": 129.90, "items": list(range(1000))}
        request = start_request(bench.service, definition, value=value)
        for _ in range(bench.repeats):
            load, cost = drive_service(bench, request, 1)
            table.add_row(
                name,
                f"{load.percentile(0.5):.0f}",
                f"{load.percentile(0.99):.0f}",
                f"{sum(cost.values()):.0f}",
                *(f"{cost[part]:.0f}" for part in PARTS),
            )
    bench.console.print(table)


def recovery(bench: Bench) -> None:
    """Kill the worker with runs in flight, and wait for the end of the last one."""
    service = bench.service
    workflow = service.call("POST", f"{_API}/workflows", pauses(1, 3))
    workflow_id = workflow["id"]
    service.call("POST", f"{_API}/workflows/{workflow_id}/activate", {})
    table = make_table(
        f"kill -9 of the worker with {_KILLED} runs in flight", "what", "seconds", "not completed"
    )

    def look(name: str, *, kill: bool) -> None:
        runs = [
            service.call("POST", f"{_API}/workflows/{workflow_id}/run", {})["runId"]
            for _ in range(_KILLED)
        ]
        time.sleep(_UNDER_WAY_SECONDS)
        begun = time.perf_counter()
        if kill:
            _kill(service.processes()["worker"])
        states = [_ended(service, run_id) for run_id in runs]
        failed = sum(state != "completed" for state in states)
        table.add_row(name, f"{time.perf_counter() - begun:.2f}", str(failed))

    look("left alone", kill=False)
    look("killed", kill=True)
    bench.console.print(table)


def _kill(processes: Sequence[psutil.Process]) -> None:
    for process in processes:
        process.kill()


def _ended(service: Service, run_id: str) -> str:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        status: str = service.call("GET", f"{_API}/runs/{run_id}")["status"]
        if status not in {"pending", "running", "suspended"}:
            return status
        time.sleep(0.02)
    raise TimeoutError(f"run {run_id} does not end")


def _workflow_id(workflow: dict[str, Any]) -> UUID:
    found = decode_id(Prefix.WORKFLOW, workflow["id"])
    assert found is not None
    return found


def _workflow_text(service: Service, key: str) -> str:
    text: str = service.call("GET", f"{_API}/workflows?limit=1", key=key)[0]["id"]
    return text


def _page_behind(service: Service, key: str, pages: int) -> str:
    """Follow the cursors, and return the address of the page that comes next."""
    path = address = f"{_API}/runs?limit=50"
    for _ in range(pages):
        cursor = json.loads(service.fetch("GET", address, key=key))["meta"]["cursor"]
        address = f"{path}&cursor={cursor}"
    return address


async def _execute(dsn: str, statement: str, *arguments: object) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement, *arguments, timeout=600)
    finally:
        await connection.close()


async def _queue(service: Service, workflow_id: UUID, count: int) -> None:
    """Accept runs in batches, as the API does."""
    connection = await asyncpg.connect(service.dsn)
    try:
        for _ in range(count // 100):
            ids = [new_id() for _ in range(100)]
            runs = [
                NewRun(
                    id=run_id,
                    company_id=service.company_id,
                    workflow_id=workflow_id,
                    version=1,
                    origin_run_id=run_id,
                    trigger_type="api",
                    input='{"amount":129.90,"customer":"cus_1"}',
                )
                for run_id in ids
            ]
            await journal.accept_runs(connection, runs)
    finally:
        await connection.close()


async def _count_waiting(service: Service) -> int:
    connection = await asyncpg.connect(service.dsn)
    try:
        return await connection.fetchval(
            "SELECT count(*) FROM runs WHERE status = 'pending' AND company_id = $1",
            service.company_id,
        )
    finally:
        await connection.close()
