"""What the suites share: the running service, a load on it, and tables of what was seen."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import uvloop
from rich.console import Console
from rich.table import Table

from bench.load import Load, drive, request_bytes
from bench.service import PARTS, Service

_API: Final = "/api/v1"
_INPUT: Final[Mapping[str, Any]] = {"amount": 129.90, "customer": "cus_1"}
START_BODY: Final = json.dumps({"input": _INPUT}).encode()


@dataclass(frozen=True, slots=True)
class Bench:
    """A running service, and how long and how often each thing is measured."""

    console: Console
    service: Service
    stub_port: int
    seconds: float
    repeats: int


def drive_service(bench: Bench, request: bytes, clients: int) -> tuple[Load, dict[str, float]]:
    """Load the service; return what was seen and each part's CPU milliseconds an answer."""
    before = bench.service.cpu()
    load = uvloop.run(
        drive(bench.service.port, lambda _: request, clients=clients, seconds=bench.seconds)
    )
    each = 1000 / max(1, len(load.latencies))
    after = bench.service.cpu()
    return load, {name: (after[name] - before[name]) * each for name in PARTS}


def start_request(
    service: Service,
    definition: Mapping[str, Any],
    key: str | None = None,
    value: Mapping[str, Any] = _INPUT,
) -> bytes:
    """Activate a workflow; write the request that starts a run of it and waits for its end."""
    workflow = service.call("POST", f"{_API}/workflows", definition, key=key)
    path = f"{_API}/workflows/{workflow['id']}"
    service.call("POST", f"{path}/activate", {}, key=key)
    body = json.dumps({"input": value}).encode()
    headers = {"x-api-key": key or service.key, "Content-Type": "application/json"}
    return request_bytes("POST", f"{path}/run?wait=20", headers, body)


def make_table(title: str, *columns: str) -> Table:
    """Make a table; figures stand to the right."""
    table = Table(title=title)
    for column in columns:
        is_text = column in {"what", "part", "statuses"}
        table.add_column(column, justify="left" if is_text else "right")
    return table
