"""A freshly started service of its own, and what its processes cost."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from uuid import UUID

import psutil

from bench.processes import cpu_seconds, free_port, stop
from justpaid.db.embedded import start_embedded
from justpaid.ids import Prefix, decode_id

PARTS: Final = ("api", "worker", "database")

_JUSTPAID: Final = (sys.executable, "-m", "justpaid.cli")
_PLENTY: Final = 1_000_000
_SCOPES: Final = "workflows:read,workflows:write,workflows:execute,runs:read"
_COMMAND_SECONDS: Final = 120.0


class Service:
    """`justpaid serve` on an empty data dir, with a company and a key whose limits do not bind."""

    def __init__(self, allow: str) -> None:
        self.data_dir = Path(tempfile.mkdtemp(prefix="justpaid-bench-"))
        self.port = free_port()
        self._environment = os.environ | {"JUSTPAID_OUTBOUND_ALLOW": allow}
        self._process: subprocess.Popen[bytes] | None = None
        self.cold_start_seconds = 0.0
        self.key = ""
        self.dsn = ""
        self.company_id = UUID(int=0)

    def __enter__(self) -> Self:
        try:
            self._open()
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise
        return self

    def _open(self) -> None:
        self._command("migrate")  # makes the database; the start that is timed is a restart
        self._start()
        self.company_id, self.key = self.new_company("Bench")
        self.database = start_embedded(self.data_dir)
        self.dsn = self.database.dsn

    def _start(self) -> None:
        begun = time.perf_counter()
        words = ["serve", "--port", str(self.port), "--data-dir", str(self.data_dir)]
        with (self.data_dir / "service.log").open("a") as log:
            self._process = subprocess.Popen(
                [*_JUSTPAID, *words], env=self._environment, stdout=subprocess.DEVNULL, stderr=log
            )
        self._wait_until_ready()
        self.cold_start_seconds = time.perf_counter() - begun

    def restart(self) -> None:
        """Stop the service and start it again; its database goes on meanwhile."""
        assert self._process is not None
        stop(self._process, 30)
        self._start()

    def new_company(self, name: str) -> tuple[UUID, str]:
        """Make a company; return its id and a key of it whose limits do not bind."""
        company = self._command("company", "create", name)
        company_id = decode_id(Prefix.COMPANY, company["id"])
        assert company_id is not None
        limits = [f"--limit={category}={_PLENTY}" for category in ("read", "write", "execute")]
        terms = ["--company", company["id"], "--name", "bench", "--scopes", _SCOPES]
        key: str = self._command("keys", "create", *terms, *limits)["key"]
        return company_id, key

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if self.dsn:
            self.database.stop()
        if self._process is not None:
            stop(self._process, 30)
        if kind is not None:
            log = self.data_dir / "service.log"
            print(log.read_text()[-3000:] if log.exists() else "", file=sys.stderr)
        shutil.rmtree(self.data_dir, ignore_errors=True)

    @property
    def environment(self) -> dict[str, str]:
        """What another process on the same database and secrets is started with."""
        return self._environment | {
            "JUSTPAID_DATABASE_URL": self.dsn,
            "JUSTPAID_DATA_DIR": str(self.data_dir),
        }

    def call(self, method: str, path: str, body: object = None, *, key: str | None = None) -> Any:  # noqa: ANN401  JSON
        """Send one request, as the bench's key or another, and return the answer's data."""
        return json.loads(self.fetch(method, path, body, key=key))["data"]

    def fetch(
        self, method: str, path: str, body: object = None, *, key: str | None = None
    ) -> bytes:
        """Send one request, as the bench's key or another, and return the answer's bytes."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"x-api-key": key or self.key, "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310  our own
                raw: bytes = answer.read()
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{method} {path}: {error.read()[:500]!r}") from error
        return raw

    def processes(self) -> dict[str, list[psutil.Process]]:
        """Find the service's processes by what they are."""
        found: dict[str, list[psutil.Process]] = {name: [] for name in PARTS}
        assert self._process is not None
        for child in psutil.Process(self._process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):  # it has ended since
                words = child.cmdline()
                if "justpaid.supervised" in words:
                    found[words[-1]].append(child)
        server = psutil.Process(self.database.pid)
        found["database"] = [server, *server.children(recursive=True)]
        return found

    def cpu(self) -> dict[str, float]:
        """Return the CPU seconds that each part of the service has used so far."""
        return {
            name: sum(cpu_seconds(process) for process in group)
            for name, group in self.processes().items()
        }

    def memory_mb(self) -> dict[str, float]:
        """Measure each part's proportional share of memory, in MB."""
        return {
            name: sum(process.memory_full_info().pss for process in group) / 1e6
            for name, group in self.processes().items()
        }

    def _command(self, *words: str) -> Any:  # noqa: ANN401  JSON
        answer = subprocess.run(
            [*_JUSTPAID, *words, "--data-dir", str(self.data_dir), "--json"],
            env=self._environment,
            stdout=subprocess.PIPE,
            check=True,
            timeout=_COMMAND_SECONDS,
        )
        return json.loads(answer.stdout or b"null")

    def _wait_until_ready(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=1):
                    return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.01)
        raise TimeoutError("the service did not get ready within a minute")
