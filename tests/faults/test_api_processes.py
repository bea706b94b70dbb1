"""More than one API process on one database: refused without a common store, one at a time."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from justpaid.supervised import REFUSED
from tests.api.live_service import free_port
from tests.faults.processes import until_answering
from tests.faults.redis_server import PROGRAM, WHY_NOT, RedisServer


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    """Run a store for the test, where the machine has one."""
    if PROGRAM is None:
        pytest.skip(WHY_NOT)
    running = RedisServer(tmp_path)
    running.start()
    yield running.url
    running.kill()


@asynccontextmanager
async def api(database_url: str, data_dir: Path, **settings: str) -> AsyncGenerator[Process]:
    """Start `justpaid api`."""
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


async def test_a_second_process_is_refused_without_a_common_store(
    database_url: str, tmp_path: Path
) -> None:
    """Limits that hold per process would be twice the promised ones: the second process says so."""
    first, second = str(free_port()), str(free_port())
    async with api(database_url, tmp_path, JUSTPAID_PORT=first) as serving:
        await until_answering(f"http://127.0.0.1:{first}")
        async with api(database_url, tmp_path, JUSTPAID_PORT=second) as refused:
            _, said = await asyncio.wait_for(refused.communicate(), 60)
        assert refused.returncode == REFUSED
        assert b"JUSTPAID_REDIS_URL" in said
        assert serving.returncode is None


async def test_a_killed_process_is_followed_by_another(database_url: str, tmp_path: Path) -> None:
    """A process that was killed holds its successor up only until its lease has run out."""
    port = str(free_port())
    async with api(database_url, tmp_path, JUSTPAID_PORT=port) as killed:
        await until_answering(f"http://127.0.0.1:{port}")
        killed.kill()
        await killed.wait()
    async with api(database_url, tmp_path, JUSTPAID_PORT=port) as follower:
        await until_answering(f"http://127.0.0.1:{port}")
        assert follower.returncode is None


async def test_processes_with_a_common_store_serve_together(
    database_url: str, tmp_path: Path, redis_url: str
) -> None:
    """With Redis any number of API processes serve one database."""
    ports = [str(free_port()) for _ in range(2)]
    async with (
        api(database_url, tmp_path, JUSTPAID_PORT=ports[0], REDIS_URL=redis_url),
        api(database_url, tmp_path, JUSTPAID_PORT=ports[1], REDIS_URL=redis_url),
    ):
        for port in ports:
            await until_answering(f"http://127.0.0.1:{port}")
