"""What keys and limits cost, beside the same constant answer by Starlette alone for anybody."""

import json
import re
import tempfile
import urllib.request
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final

import uvloop
from psutil import Process

from bench.edge_server import PATH
from bench.flood_suite import floods
from bench.key_acts import make_key, measure_revocations
from bench.load import Load, drive, request_bytes
from bench.processes import cpu_seconds, serving
from bench.service import Service
from bench.store import PROGRAM, store
from bench.workbench import Bench, make_table
from justpaid.api_keys.key_format import generate_key

_CLIENTS: Final = 16
_WARM_SECONDS: Final = 0.5
_BODY: Final = json.dumps({"data": ["x" * 48] * 240}).encode()  # 12 kB
_NO_LIMIT: Final = "1000000"
_NEARLY_ALL: Final = 0.98  # a spent budget opens for a moment each minute
_SOURCE: Final = re.compile(rb'(?:src|href)="/(assets/[^"]+)"')
_HOME: Final = "src/app/pages/overview-page.tsx"

Requests = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Target:
    """A server to measure, and the processes whose CPU its answers cost."""

    port: int
    processes: tuple[Process, ...]

    def cpu(self) -> float:
        """Return the CPU seconds used so far."""
        return sum(map(cpu_seconds, self.processes))


def keys(bench: Bench) -> None:
    """Measure answers, refusals, a flood, revocations, and the dashboard's first load."""
    with ExitStack() as stack:
        targets = stack.enter_context(_targets(bench.service))
        base = _answers(bench, targets)
        _refusals(bench, targets, base)
        floods(bench, targets["in memory, usage written"].port, targets["bare"].port)
        _revocations(bench, targets)
    _first_load(bench)


@contextmanager
def _targets(service: Service) -> Generator[dict[str, Target]]:
    """Start the servers by name; all but the first ask the service's database for keys."""
    with ExitStack() as stack:
        file = stack.enter_context(tempfile.NamedTemporaryFile())
        file.write(_BODY)
        file.flush()
        database = Process(service.database.pid)

        def serve(*words: str, beside: tuple[Process, ...] = (), **settings: str) -> Target:
            environment = service.environment | settings
            command = (words[0], "{port}", file.name, *words[1:])
            started = serving("bench.edge_server", *command, environment=environment)
            port, process = stack.enter_context(started)
            return Target(port, (process, *beside))

        found = {
            "bare": serve("bare"),
            "in memory, usage off": serve("gated", "silent"),
            "in memory, usage written": serve("gated", "written", beside=_family(database)),
            "lenient": serve("gated", JUSTPAID_AUTH_FAILURES_PER_MINUTE=_NO_LIMIT),
        }
        if PROGRAM is not None:
            url, redis = stack.enter_context(store())
            found["on Redis, usage off"] = serve(
                "gated", "silent", beside=(redis,), JUSTPAID_REDIS_URL=url
            )
        yield found


def _family(process: Process) -> tuple[Process, ...]:
    return (process, *process.children(recursive=True))


def _measure(
    bench: Bench, target: Target, requests: Requests, status: int = 200
) -> tuple[Load, float]:
    """Load a server; return what was seen, and the CPU microseconds of an answer."""
    uvloop.run(drive(target.port, requests, clients=_CLIENTS, seconds=_WARM_SECONDS))
    before = target.cpu()
    load = uvloop.run(drive(target.port, requests, clients=_CLIENTS, seconds=bench.seconds))
    cost = (target.cpu() - before) * 1e6 / max(1, len(load.latencies))
    if load.statuses.get(status, 0) < _NEARLY_ALL * len(load.latencies):
        raise RuntimeError(f"not all was answered with {status}: {load.statuses}")
    return load, cost


def _answers(bench: Bench, targets: dict[str, Target]) -> float:
    """Measure the constant answer behind keys, limits and headers; return the last bare cost."""
    request = request_bytes("GET", PATH, {"x-api-key": bench.service.key})
    table = make_table(
        f"A constant answer of 12 kB, {_CLIENTS} clients",
        *("what", "requests/s", "p50 ms", "p99 ms", "CPU µs", "ratio"),
    )
    base = 0.0
    for _ in range(bench.repeats):
        costs: dict[str, float] = {}
        for name, target in targets.items():
            if name == "lenient":
                continue
            load, costs[name] = _measure(bench, target, lambda _: request)
            base = costs["bare"]
            table.add_row(*_cells(name, load, costs[name], base))
        ratio = costs["in memory, usage written"] / costs["in memory, usage off"]
        table.add_row("usage written, beside off", "", "", "", "", f"{ratio:.2f}")
    bench.console.print(table)
    if PROGRAM is None:
        bench.console.print("not measured: no redis-server or valkey-server on PATH")
    return base


def _refusals(bench: Bench, targets: dict[str, Target], base: float) -> None:
    """Measure what it costs to say no."""
    junk = [request_bytes("GET", PATH, {"x-api-key": generate_key()}) for _ in range(4096)]
    mistyped = request_bytes("GET", PATH, {"x-api-key": "wfk_" + "a" * 49})
    spent = request_bytes("GET", PATH, {"x-api-key": make_key(bench.service, reads=1)})

    def unknown(number: int) -> bytes:
        return junk[number % len(junk)]

    lenient, strict = targets["lenient"], targets["in memory, usage off"]
    cases: list[tuple[str, Target, Requests, int]] = [
        ("401, no key by its checksum", lenient, lambda _: mistyped, 401),
        ("401, a key that nobody has", lenient, unknown, 401),
        ("429, an address past its failures", strict, unknown, 429),
        ("429, a key past its limit", strict, lambda _: spent, 429),
    ]
    table = make_table(
        f"Refusals, {_CLIENTS} clients; ratio to the bare answer",
        *("what", "requests/s", "p50 ms", "p99 ms", "CPU µs", "ratio"),
    )
    for _ in range(bench.repeats):
        for name, target, requests, status in cases:
            load, cost = _measure(bench, target, requests, status)
            table.add_row(*_cells(name, load, cost, base))
    bench.console.print(table)


def _revocations(bench: Bench, targets: dict[str, Target]) -> None:
    """Revoke keys in use on several processes: who is let in after the answer, and how long."""
    ports = [target.port for name, target in targets.items() if name != "bare"]
    seen = uvloop.run(measure_revocations(bench.service, ports, PATH))
    table = make_table(
        f"Revoking a key in use on {len(ports)} processes",
        *("keys", "requests/s", "accepted after the answer", "revoke p50 ms", "longest ms"),
    )
    middle = sorted(seen.revoke_seconds)[len(seen.revoke_seconds) // 2]
    table.add_row(
        str(len(seen.revoke_seconds)),
        f"{seen.rate:.0f}",
        str(seen.accepted_after),
        f"{middle * 1000:.1f}",
        f"{max(seen.revoke_seconds) * 1000:.1f}",
    )
    bench.console.print(table)


def _first_load(bench: Bench) -> None:
    """Count the compressed bytes that a browser fetches for the dashboard's first page."""
    page = _fetch(bench.service, "")
    manifest = json.loads(_fetch_plain(bench.service, "assets/manifest.json"))
    shell = {source.decode() for source in _SOURCE.findall(_fetch_plain(bench.service, ""))}
    files = shell | _files_of(manifest, _HOME)
    sizes = {name: len(_fetch(bench.service, name)) for name in files}
    total = (len(page) + sum(sizes.values())) / 1000
    of_shell = (len(page) + sum(sizes[name] for name in shell)) / 1000
    bench.console.print(
        f"first load of the dashboard, compressed: {total:.0f} kB in {len(files) + 1} files with"
        f" the overview, {of_shell:.0f} kB without"
    )


def _files_of(manifest: dict[str, dict[str, object]], source: str) -> set[str]:
    """List a module's file, styles, and those of all that it imports."""
    waiting, seen, files = [source], set[str](), set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        entry = manifest[name]
        styles, imports = entry.get("css", []), entry.get("imports", [])
        assert isinstance(styles, list)
        assert isinstance(imports, list)
        files |= {str(entry["file"]), *map(str, styles)}
        waiting += map(str, imports)
    return files


def _fetch(service: Service, path: str, encoding: str = "gzip") -> bytes:
    headers = {"Accept-Encoding": encoding, "Accept": "text/html"}
    address = f"http://127.0.0.1:{service.port}/{path}"
    request = urllib.request.Request(address, headers=headers)
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310  our own address
        raw: bytes = answer.read()
        return raw


def _fetch_plain(service: Service, path: str) -> bytes:
    return _fetch(service, path, "identity")


def _cells(name: str, load: Load, cost: float, base: float) -> tuple[str, ...]:
    return name, *_latencies(load), f"{cost:.0f}", f"{cost / base:.2f}"


def _latencies(load: Load) -> tuple[str, str, str]:
    return f"{load.rate:.0f}", f"{load.percentile(0.5):.2f}", f"{load.percentile(0.99):.2f}"
