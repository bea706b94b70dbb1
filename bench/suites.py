"""What is measured, each beside its floor in the same minutes, so that noise meets both."""

import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from typing import Final

import uvloop
from psutil import Process

from bench import floor
from bench.definitions import five_steps, light_steps
from bench.edge_server import LIMIT, PATH
from bench.load import Load, drive, request_bytes
from bench.processes import cpu_seconds, serving
from bench.service import PARTS, Service
from bench.workbench import START_BODY, Bench, drive_service, make_table, start_request

_API: Final = "/api/v1"
_CLIENTS: Final = (1, 16, 64)
_EDGE_CLIENTS: Final = 16
_LIGHT_STEPS: Final = 40
_IDLE_SECONDS: Final = 8.0


def idle(bench: Bench) -> None:
    """Say what the service takes when nothing happens."""
    service = bench.service
    memory = service.memory_mb()
    before = service.cpu()
    time.sleep(_IDLE_SECONDS)
    used = {name: spent - before[name] for name, spent in service.cpu().items()}
    table = make_table("Idle", "part", "PSS MB", "% of a core")
    for name in PARTS:
        table.add_row(name, f"{memory[name]:.0f}", f"{used[name] * 100 / _IDLE_SECONDS:.1f}")
    table.add_row("api + worker", f"{memory['api'] + memory['worker']:.0f}", "")
    bench.console.print(
        f"cold start, its database there already: {service.cold_start_seconds:.2f} s"
    )
    bench.console.print(table)


def runs(bench: Bench) -> None:
    """Start five-step runs and wait for their ends, beside the same work written by hand."""
    service = bench.service
    request = start_request(service, five_steps(bench.stub_port))
    columns = ["clients", "runs/s", "p50 ms", "p99 ms", "CPU ms/run", *PARTS]
    table = make_table("Runs", *columns, "floor/s", "floor CPU", "ratio", "statuses")
    uvloop.run(drive(service.port, lambda _: request, clients=16, seconds=2))  # warm
    url = f"http://127.0.0.1:{bench.stub_port}/invoices/1"
    with serving("bench.floor", "{port}", service.dsn, url) as (port, process):
        by_hand = request_bytes("POST", floor.PATH, {}, START_BODY)

        def cpu() -> float:
            return cpu_seconds(process) + service.cpu()["database"]

        for _ in range(bench.repeats):
            for clients in _CLIENTS:
                load, cost = drive_service(bench, request, clients)
                base, base_cost = _measure(port, by_hand, bench.seconds, cpu, clients)
                total, base_cost = sum(cost.values()), base_cost / 1000
                table.add_row(
                    str(clients),
                    f"{load.rate:.0f}",
                    f"{load.percentile(0.5):.1f}",
                    f"{load.percentile(0.99):.1f}",
                    f"{total:.2f}",
                    *(f"{cost[name]:.2f}" for name in PARTS),
                    f"{base.rate:.0f}",
                    f"{base_cost:.2f}",
                    f"{total / base_cost:.2f}",
                    str(load.statuses),
                )
    bench.console.print(table)


def light(bench: Bench) -> None:
    """Run a chain of steps that reach nowhere: what the engine itself takes."""
    service = bench.service
    request = start_request(service, light_steps(_LIGHT_STEPS))
    uvloop.run(drive(service.port, lambda _: request, clients=1, seconds=1))  # warm
    table = make_table(
        f"{_LIGHT_STEPS} light steps, one client", "p50 ms", "p99 ms", "CPU ms", *PARTS
    )
    for _ in range(bench.repeats):
        load, cost = drive_service(bench, request, 1)
        table.add_row(
            f"{load.percentile(0.5):.1f}",
            f"{load.percentile(0.99):.1f}",
            f"{sum(cost.values()):.2f}",
            *(f"{cost[name]:.2f}" for name in PARTS),
        )
    bench.console.print(table)


def edge(bench: Bench) -> None:
    """Answer authenticated reads, beside the same answers by Starlette for anybody."""
    service = bench.service
    for number in range(LIMIT):
        service.call("POST", f"{_API}/workflows", five_steps(1, f"Workflow {number}"))
    rows_path = f"{PATH}?limit={LIMIT}"
    headers = {"x-api-key": service.key}
    rows = request_bytes("GET", rows_path, headers)
    me = request_bytes("GET", f"{_API}/me", headers)
    table = make_table(
        f"Edge, {_EDGE_CLIENTS} clients",
        "what",
        "requests/s",
        "p50 ms",
        "p99 ms",
        "CPU µs",
        "ratio",
    )
    with _edge_servers(service, service.fetch("GET", rows_path)) as servers:
        (bare_port, bare), (gated_port, gated), (query_port, query) = servers

        def measure(
            name: str, port: int, request: bytes, cpu: Callable[[], float], base: float = 0.0
        ) -> float:
            load, cost = _measure(port, request, bench.seconds, cpu)
            figures = (f"{load.rate:.0f}", f"{load.percentile(0.5):.2f}")
            ratio = f"{cost / base:.2f}" if base else "1"
            table.add_row(name, *figures, f"{load.percentile(0.99):.2f}", f"{cost:.0f}", ratio)
            return cost

        def ours() -> float:
            used = service.cpu()
            return used["api"] + used["database"]

        def alone() -> float:
            return cpu_seconds(query) + service.cpu()["database"]

        for _ in range(bench.repeats):
            base = measure("constant, bare", bare_port, rows, lambda: cpu_seconds(bare))
            measure("the same gated", gated_port, rows, lambda: cpu_seconds(gated), base)
            measure("GET /me", service.port, me, ours, base)
            base = measure("50 rows, the query alone", query_port, rows, alone)
            measure("50 rows", service.port, rows, ours, base)
    bench.console.print(table)


@contextmanager
def _edge_servers(service: Service, body: bytes) -> Generator[list[tuple[int, Process]]]:
    """Start the servers to compare with: bare and gated, that answer `body`, and the query."""
    with ExitStack() as stack:
        file = stack.enter_context(tempfile.NamedTemporaryFile())
        file.write(body)
        file.flush()
        kinds = (
            ("bare", "{port}", file.name),
            ("gated", "{port}", file.name),
            ("query", "{port}", service.dsn, str(service.company_id)),
        )
        yield [
            stack.enter_context(
                serving("bench.edge_server", *words, environment=service.environment)
            )
            for words in kinds
        ]


def _measure(
    port: int,
    request: bytes,
    seconds: float,
    cpu: Callable[[], float],
    clients: int = _EDGE_CLIENTS,
) -> tuple[Load, float]:
    uvloop.run(drive(port, lambda _: request, clients=clients, seconds=0.3))  # warm
    before = cpu()
    load = uvloop.run(drive(port, lambda _: request, clients=clients, seconds=seconds))
    if set(load.statuses) != {200}:
        raise RuntimeError(f"not all was answered with 200: {load.statuses}")
    return load, (cpu() - before) * 1e6 / max(1, len(load.latencies))
