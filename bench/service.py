"""A freshly started service of its own, and what its processes cost."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from justpaid.db.embedded import start_embedded

_JUSTPAID = Path(sys.executable).parent / "justpaid"
_PLENTY = 1_000_000
_SCOPES = "workflows:read,workflows:write,workflows:execute,runs:read"


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Service:
    """`justpaid serve` on an empty data dir, with a company and a key whose limits do not bind."""

    def __init__(self, allow: str) -> None:
        self.data_dir = Path(tempfile.mkdtemp(prefix="justpaid-bench-"))
        self.port = free_port()
        self._environment = os.environ | {"JUSTPAID_OUTBOUND_ALLOW": allow}
        self.cold_start_seconds = 0.0
        self.key = ""
        self.dsn = ""

    def __enter__(self) -> Self:
        self._command("migrate")  # makes the database; the cold start below is a restart
        begun = time.perf_counter()
        self._process = subprocess.Popen(
            [_JUSTPAID, "serve", "--port", str(self.port), "--data-dir", str(self.data_dir)],
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=(self.data_dir / "service.log").open("w"),
        )
        self._wait_until_ready()
        self.cold_start_seconds = time.perf_counter() - begun
        company = self._command("company", "create", "Bench")
        limits = [f"--limit={name}={_PLENTY}" for name in ("read", "write", "execute")]
        made = self._command(
            "keys",
            "create",
            "--company",
            company["id"],
            "--name",
            "bench",
            "--scopes",
            _SCOPES,
            *limits,
        )
        self.key = made["key"]
        self.database = start_embedded(self.data_dir)
        self.dsn = self.database.dsn
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.database.stop()
        self._process.terminate()
        self._process.wait(30)
        if kind is not None:
            print((self.data_dir / "service.log").read_text()[-3000:], file=sys.stderr)
        shutil.rmtree(self.data_dir, ignore_errors=True)

    def call(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401  JSON
        """Send one request as the bench's key and return the answer's data."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"x-api-key": self.key, "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310  as above
            return json.load(answer)["data"]

    def processes(self) -> dict[str, list[psutil.Process]]:
        """Find the service's processes by what they are."""
        found: dict[str, list[psutil.Process]] = {"api": [], "worker": [], "database": []}
        for child in psutil.Process(self._process.pid).children(recursive=True):
            words = child.cmdline()
            if any("postgres" in word for word in words[:1]):
                continue
            found["worker" if "worker" in words else "api"].append(child)
        server = psutil.Process(self.database.pid)
        found["database"] = [server, *server.children(recursive=True)]
        return found

    def cpu_seconds(self) -> float:
        """Add up the CPU time that the service and its database have used so far."""
        total = 0.0
        for group in self.processes().values():
            for process in group:
                times = process.cpu_times()
                total += times.user + times.system + times.children_user + times.children_system
        return total

    def memory_mb(self) -> dict[str, float]:
        """Measure each kind of process's proportional share of memory, in MB."""
        return {
            name: sum(process.memory_full_info().pss for process in group) / 1e6
            for name, group in self.processes().items()
        }

    def _command(self, *words: str) -> Any:  # noqa: ANN401  JSON
        answer = subprocess.run(
            [_JUSTPAID, *words, "--data-dir", str(self.data_dir), "--json"],
            env=self._environment,
            stdout=subprocess.PIPE,
            check=True,
        )
        return json.loads(answer.stdout or b"null")

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=1):
                    return
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.01)
        raise TimeoutError("the service did not get ready within a minute")
