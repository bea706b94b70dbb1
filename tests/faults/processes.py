"""Starts this project's API processes and scripts for tests, and ends them again."""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx

from justpaid.db.pool import Pool, open_pool

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 90  # a start takes two seconds, and far longer beside other work


@asynccontextmanager
async def api_process(database_url: str, listening_url: str) -> AsyncGenerator[tuple[Process, str]]:
    """Run an API process; gives it and its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = await start("key_server", str(port), database_url, listening_url)
    try:
        await line_of(process, b"ready")
        address = f"http://127.0.0.1:{port}"
        await until_answering(address)
        yield process, address
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGCONT)
            process.kill()
        await process.wait()


@asynccontextmanager
async def justpaid_api(
    database_url: str, data_dir: Path, **settings: str
) -> AsyncGenerator[Process]:
    """Start `justpaid api`, whose port stands in the settings."""
    environment = {
        "DATABASE_URL": database_url,
        "JUSTPAID_DATA_DIR": str(data_dir),
        "JUSTPAID_METRICS_BIND": "off",
        **settings,
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "justpaid.cli", "api"),
        env=os.environ | environment,
        stderr=PIPE,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


@asynccontextmanager
async def open_pool_on(dsn: str) -> AsyncGenerator[Pool]:
    """Open a pool, and drop it in whatever state it is in."""
    pool = await open_pool(dsn, max_size=5)
    try:
        yield pool
    finally:
        pool.terminate()


@asynccontextmanager
async def worker_process(
    database_url: str, folder: Path, act: str, point: str = "", nth: int = 1
) -> AsyncGenerator[Process]:
    """Run a worker process that does `act` (`kill`, `freeze`, `none`) at the n-th pass of a point.

    Its lease is two seconds.
    """
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("JUSTPAID_")},
        "PYTHONPATH": os.pathsep.join(sys.path),
        "JUSTPAID_DATABASE_URL": database_url,
        "JUSTPAID_DATA_DIR": str(folder),
        "JUSTPAID_LEASE_SECONDS": "2",
        "JUSTPAID_OUTBOUND_ALLOW": "127.0.0.1",
        "JUSTPAID_METRICS_BIND": "off",
        "JUSTPAID_LOG_LEVEL": "error",
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.faults.worker_process", act, point, str(nth)),
        cwd=ROOT,
        env=environment,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def start(module: str, *arguments: str) -> Process:
    """Start one of our scripts as a process of its own."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        f"tests.faults.{module}",
        *arguments,
        cwd=ROOT,
        stdin=PIPE,
        stdout=PIPE,
    )


async def line_of(process: Process, wanted: bytes) -> None:
    """Wait until the process says what it should."""
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE_SECONDS):
        line = await process.stdout.readline()
    assert line.strip() == wanted


async def until_answering(address: str) -> None:
    """Wait until the process answers."""
    async with asyncio.timeout(PATIENCE_SECONDS), httpx.AsyncClient(base_url=address) as client:
        while True:
            with suppress(httpx.TransportError):
                await client.get("/healthz")
                return
