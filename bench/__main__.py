"""`make bench`: the service beside its floors, in one run, as ratios."""

import argparse
import asyncio
import resource
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import psutil
import uvloop
from rich.console import Console
from rich.table import Table

from bench import floor
from bench.load import Load, drive, request_bytes
from bench.service import Service, free_port

_CLIENTS = (1, 16, 64)
_API = "/api/v1"
_SUITES = {"runs", "edge"}


def main() -> None:
    """Run the suites that the command line names, or all."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("suites", nargs="*", help="runs, edge; all when none is named")
    parser.add_argument("--seconds", type=float, default=5.0, help="length of each measurement")
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    suites = set(asked.suites or _SUITES)
    if suites - _SUITES:
        parser.error(f"the suites are {', '.join(sorted(_SUITES))}")
    console = Console(width=120)
    with _stub() as stub_port, Service(allow=f"127.0.0.1:{stub_port}") as service:
        idle = service.memory_mb()
        console.print(f"cold start {service.cold_start_seconds:.2f} s (database there already)")
        console.print("idle PSS, MB: " + ", ".join(f"{k} {v:.0f}" for k, v in idle.items()))
        if "runs" in suites:
            _bench_runs(console, service, stub_port, asked.seconds, asked.repeats)
        if "edge" in suites:
            _bench_edge(console, service, asked.seconds, asked.repeats)


def _bench_runs(
    console: Console, service: Service, stub_port: int, seconds: float, repeats: int
) -> None:
    """Start → transform → condition → transform → one HTTP GET → transform → answer when ended."""
    workflow = service.call("POST", f"{_API}/workflows", _five_steps(stub_port))
    service.call("POST", f"{_API}/workflows/{workflow['id']}/activate", {})
    headers = {"x-api-key": service.key, "Content-Type": "application/json"}
    body = b'{"input":{"amount":129.90,"customer":"cus_1"}}'
    request = request_bytes("POST", f"{_API}/workflows/{workflow['id']}/run?wait=30", headers, body)
    table = _table(
        "Runs",
        "clients",
        "runs/s",
        "p50 ms",
        "p99 ms",
        "CPU ms/run",
        "floor/s",
        "floor CPU",
        "CPU ratio",
        "statuses",
    )
    uvloop.run(drive(service.port, lambda _: request, clients=16, seconds=2))  # warm
    for _ in range(repeats):
        for clients in _CLIENTS:
            before = service.cpu_seconds()
            load = uvloop.run(
                drive(service.port, lambda _: request, clients=clients, seconds=seconds)
            )
            cpu = (service.cpu_seconds() - before) * 1000 / max(1, len(load.latencies))
            before = _database_cpu(service) + _own_cpu()
            base = uvloop.run(floor.drive_floor(service.dsn, clients=clients, seconds=seconds))
            base_cpu = (_database_cpu(service) + _own_cpu() - before) * 1000
            base_cpu /= max(1, len(base.latencies))
            table.add_row(
                str(clients),
                f"{load.rate:.0f}",
                f"{load.percentile(0.5):.1f}",
                f"{load.percentile(0.99):.1f}",
                f"{cpu:.2f}",
                f"{base.rate:.0f}",
                f"{base_cpu:.2f}",
                f"{cpu / base_cpu:.2f}",
                str(load.statuses),
            )
    console.print(table)


def _bench_edge(console: Console, service: Service, seconds: float, repeats: int) -> None:
    """Read an authenticated list of 50 rows, beside a bare Granian that answers the same bytes."""
    for number in range(50):
        service.call("POST", f"{_API}/workflows", _five_steps(1) | {"name": f"Workflow {number}"})
    headers = {"x-api-key": service.key}
    rows = request_bytes("GET", f"{_API}/workflows?limit=50", headers)
    budgets = request_bytes("GET", f"{_API}/me", headers)
    body = _body(service, f"{_API}/workflows?limit=50")
    table = _table(
        "Edge, 16 clients",
        "what",
        "requests/s",
        "p50 ms",
        "p99 ms",
        "CPU µs/request",
        "ratio to bare",
    )
    with _bare(body) as (bare_port, bare):
        for _ in range(repeats):
            load, cost = _measure(bare_port, rows, seconds, lambda: _cpu_of(bare.pid))
            bare_cost = cost
            table.add_row("bare Granian, same bytes", *_figures(load, cost), "1.0")
            for name, request in (("GET /workflows, 50 rows", rows), ("GET /me", budgets)):
                load, cost = _measure(service.port, request, seconds, service.cpu_seconds)
                table.add_row(name, *_figures(load, cost), f"{cost / bare_cost:.1f}")
    console.print(table)


def _measure(port: int, request: bytes, seconds: float, cpu: Any) -> tuple[Load, float]:  # noqa: ANN401  a reader
    before = cpu()
    load = uvloop.run(drive(port, lambda _: request, clients=16, seconds=seconds))
    assert set(load.statuses) == {200}, load.statuses
    return load, (cpu() - before) * 1e6 / max(1, len(load.latencies))


def _figures(load: Load, cost: float) -> tuple[str, str, str, str]:
    return (
        f"{load.rate:.0f}",
        f"{load.percentile(0.5):.2f}",
        f"{load.percentile(0.99):.2f}",
        f"{cost:.0f}",
    )


def _five_steps(stub_port: int) -> dict[str, Any]:
    mapping = {"amount": "{{ input.amount }}", "fee": "{{ round(input.amount * 0.029, 2) }}"}
    return {
        "name": "Five steps",
        "trigger": {"type": "api"},
        "steps": [
            {"id": "fee", "type": "transform", "config": {"mapping": mapping}},
            {"id": "large", "type": "condition", "config": {"conditions": "input.amount > 100"}},
            {
                "id": "shape",
                "type": "transform",
                "config": {
                    "mapping": {"total": "{{ steps.fee.output.amount + steps.fee.output.fee }}"}
                },
            },
            {
                "id": "fetch",
                "type": "action",
                "action": "http.request",
                "config": {"method": "GET", "url": f"http://127.0.0.1:{stub_port}/invoices/1"},
            },
            {
                "id": "done",
                "type": "transform",
                "config": {
                    "mapping": {
                        "invoice": "{{ steps.fetch.output.body.id }}",
                        "total": "{{ steps.shape.output.total }}",
                    }
                },
            },
        ],
    }


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title)
    for column in columns:
        table.add_column(column, justify="left" if column in {"what", "statuses"} else "right")
    return table


def _own_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _database_cpu(service: Service) -> float:
    return sum(_times(process) for process in service.processes()["database"])


def _times(process: Any) -> float:  # noqa: ANN401  psutil's process
    times = process.cpu_times()
    return times.user + times.system + times.children_user + times.children_system


def _cpu_of(pid: int) -> float:
    return _times(psutil.Process(pid))


def _body(service: Service, path: str) -> bytes:
    request = urllib.request.Request(
        f"http://127.0.0.1:{service.port}{path}", headers={"x-api-key": service.key}
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310  as above
        return answer.read()


@contextmanager
def _stub() -> Generator[int]:
    port = free_port()
    with subprocess.Popen(
        [sys.executable, "-m", "bench.stub", str(port)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        process.stdout.readline()
        yield port
        process.terminate()


@contextmanager
def _bare(body: bytes) -> Generator[tuple[int, "subprocess.Popen[bytes]"]]:
    port = free_port()
    with tempfile.NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        with subprocess.Popen(
            [sys.executable, "-m", "bench.floor", str(port), file.name]
        ) as process:
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline:
                try:
                    asyncio.run(
                        drive(
                            port,
                            lambda _: b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
                            clients=1,
                            seconds=0.01,
                        )
                    )
                    break
                except OSError:
                    time.sleep(0.05)
            yield port, process
            process.terminate()


if __name__ == "__main__":
    main()
