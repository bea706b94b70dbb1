"""The five steps beside Restate, the fastest peer known, in turns on the same machine.

Restate is no dependency: `RESTATE_SERVER` names its binary (npm's @restatedev/restate-server brings
one), `RESTATE_PYTHON` a Python that has restate-sdk, granian, aiohttp and uvloop. The server looks
for its newest release on the internet; `unshare --net` keeps that on this machine.
"""

import json
import os
import shutil
import subprocess
import tempfile
import urllib.request
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import uvloop
from psutil import Process
from rich.table import Table

from bench import floor
from bench.definitions import five_steps
from bench.load import Load, drive, request_bytes
from bench.processes import cpu_seconds, free_port, serving, stop, wait_for_port
from bench.workbench import START_BODY, Bench, make_table, start_request

_CLIENTS: Final = (1, 16, 64)
_HANDLER: Final = Path(__file__).with_name("restate_handler.py")
_PATH: Final = "/Five/run"


def peers(bench: Bench) -> None:
    """Take turns with the service, the work by hand, and Restate."""
    service = bench.service
    url = f"http://127.0.0.1:{bench.stub_port}/invoices/1"
    ours = start_request(service, five_steps(bench.stub_port))
    json_type = {"Content-Type": "application/json"}
    with (
        serving("bench.floor", "{port}", service.dsn, url) as (floor_port, floor_process),
        _restate(url) as (restate_port, restate_processes),
    ):
        by_hand = request_bytes("POST", floor.PATH, {}, START_BODY)
        theirs = request_bytes("POST", _PATH, json_type, START_BODY)
        systems: list[tuple[str, int, bytes, Callable[[], float]]] = [
            ("ours", service.port, ours, lambda: sum(service.cpu().values())),
            (
                "by hand",
                floor_port,
                by_hand,
                lambda: cpu_seconds(floor_process) + service.cpu()["database"],
            ),
            (
                "Restate",
                restate_port,
                theirs,
                lambda: sum(cpu_seconds(process) for process in restate_processes),
            ),
        ]
        table = make_table("Peers", "what", "clients", "runs/s", "p50 ms", "p99 ms", "CPU ms/run")
        for _, port, request, _ in systems:  # warm
            uvloop.run(drive(port, _always(request), clients=16, seconds=2))
        for _ in range(bench.repeats):
            for clients in _CLIENTS:
                for name, port, request, cpu in systems:
                    before = cpu()
                    load = uvloop.run(
                        drive(port, _always(request), clients=clients, seconds=bench.seconds)
                    )
                    _add_row(table, name, clients, load, cpu() - before)
    bench.console.print(table)


def _always(request: bytes) -> Callable[[int], bytes]:
    return lambda _: request


def _add_row(table: Table, name: str, clients: int, load: Load, cpu: float) -> None:
    if set(load.statuses) != {200}:
        raise RuntimeError(f"not all was answered with 200 by {name}: {load.statuses}")
    table.add_row(
        name,
        str(clients),
        f"{load.rate:.0f}",
        f"{load.percentile(0.5):.1f}",
        f"{load.percentile(0.99):.1f}",
        f"{cpu * 1000 / len(load.latencies):.2f}",
    )


@contextmanager
def _restate(url: str) -> Generator[tuple[int, list[Process]]]:
    """Start Restate on an empty folder, with the handler registered."""
    server, python = os.environ.get("RESTATE_SERVER"), os.environ.get("RESTATE_PYTHON")
    if server is None or python is None:
        raise SystemExit(f"peers: {__doc__}")
    folder = Path(tempfile.mkdtemp(prefix="restate-bench-"))
    ingress, admin, node, handler_port = (free_port() for _ in range(4))
    environment = os.environ | {
        "RESTATE_BASE_DIR": str(folder),
        "RESTATE_INGRESS__BIND_ADDRESS": f"127.0.0.1:{ingress}",
        "RESTATE_ADMIN__BIND_ADDRESS": f"127.0.0.1:{admin}",
        "RESTATE_BIND_ADDRESS": f"127.0.0.1:{node}",
        "RESTATE_ADVERTISED_ADDRESS": f"http://127.0.0.1:{node}",
        "RESTATE_DISABLE_TELEMETRY": "true",
        "RESTATE_LOG_FILTER": "warn",
    }
    commands = ([python, str(_HANDLER), str(handler_port), url], [server])
    started: list[subprocess.Popen[bytes]] = []
    try:
        with (folder / "server.log").open("wb") as log:
            for command in commands:
                process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
                started.append(process)
        for port, process in zip(
            (handler_port, admin, ingress), (*started, started[1]), strict=True
        ):
            wait_for_port(port, process)
        _register(admin, handler_port)
        yield ingress, [Process(process.pid) for process in started]
    finally:
        for process in started:
            stop(process)
        shutil.rmtree(folder, ignore_errors=True)


def _register(admin: int, handler_port: int) -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{admin}/deployments",
        data=json.dumps({"uri": f"http://127.0.0.1:{handler_port}"}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30):  # noqa: S310  our own
        return
