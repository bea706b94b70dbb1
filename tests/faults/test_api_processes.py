"""More than one API process on one database: refused without a common store, one at a time."""

import asyncio
from pathlib import Path

from justpaid.supervised import REFUSED
from tests.api.live_service import free_port
from tests.faults.processes import justpaid_api, until_answering


async def test_a_second_process_is_refused_without_a_common_store(
    database_url: str, tmp_path: Path
) -> None:
    """Limits that hold per process would be twice the promised ones: the second process says so."""
    first, second = str(free_port()), str(free_port())
    async with justpaid_api(database_url, tmp_path, JUSTPAID_PORT=first) as serving:
        await until_answering(f"http://127.0.0.1:{first}")
        async with justpaid_api(database_url, tmp_path, JUSTPAID_PORT=second) as refused:
            _, said = await asyncio.wait_for(refused.communicate(), 60)
        assert refused.returncode == REFUSED
        assert b"JUSTPAID_REDIS_URL" in said
        assert serving.returncode is None


async def test_a_killed_process_is_followed_by_another(database_url: str, tmp_path: Path) -> None:
    """A process that was killed holds its successor up only until its lease has run out."""
    port = str(free_port())
    async with justpaid_api(database_url, tmp_path, JUSTPAID_PORT=port) as killed:
        await until_answering(f"http://127.0.0.1:{port}")
        killed.kill()
        await killed.wait()
    async with justpaid_api(database_url, tmp_path, JUSTPAID_PORT=port) as follower:
        await until_answering(f"http://127.0.0.1:{port}")
        assert follower.returncode is None


async def test_processes_with_a_common_store_serve_together(
    database_url: str, tmp_path: Path, redis_url: str
) -> None:
    """With Redis any number of API processes serve one database."""
    ports = [str(free_port()) for _ in range(2)]
    async with (
        justpaid_api(database_url, tmp_path, JUSTPAID_PORT=ports[0], REDIS_URL=redis_url),
        justpaid_api(database_url, tmp_path, JUSTPAID_PORT=ports[1], REDIS_URL=redis_url),
    ):
        for port in ports:
            await until_answering(f"http://127.0.0.1:{port}")
