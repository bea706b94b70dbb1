"""The service as a process of its own, for tests that speak real HTTP to it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx

_READY_SECONDS = 60


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def live_service(database_url: str, data_dir: Path, **environment: str) -> Generator[str]:
    """Run `justpaid serve` on a database; the value is its address."""
    port = free_port()
    log = data_dir / "service.log"
    command = [sys.executable, "-m", "justpaid.cli", "serve", "--port", str(port)]
    given = {
        "DATABASE_URL": database_url,
        "JUSTPAID_DATA_DIR": str(data_dir),
        "JUSTPAID_METRICS_BIND": "off",
        **environment,
    }
    with log.open("wb") as stderr:
        process = subprocess.Popen(command, env=os.environ | given, stderr=stderr)
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_until_ready(address, process, log)
        yield address
    finally:
        process.terminate()
        process.wait(30)


def _wait_until_ready(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{address}/readyz", timeout=2).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(f"the service did not get ready:\n{log.read_text()}")
