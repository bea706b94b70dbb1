"""Failed authentications over several processes: one budget an address, whoever it asks."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from uuid import UUID

import httpx
from typing_extensions import override

from justpaid.api_keys.key_format import generate_key
from justpaid.rate_limits.failures import FailedAuthentications
from justpaid.rate_limits.limiter import MemoryLimiter
from justpaid.rate_limits.opening import open_failures
from justpaid.rate_limits.redis_limiter import RedisLimiter
from justpaid.rate_limits.shared_failures import SharedFailures
from justpaid.scopes import Category
from justpaid.web.gate_contract import Decision, decided
from tests.api.gate_world import Hands
from tests.api.live_service import free_port
from tests.faults.processes import justpaid_api, until_answering
from tests.faults.redis_server import RedisServer

LIMIT = 30
ADDRESS = "192.0.2.7"


@asynccontextmanager
async def counters(url: str, count: int) -> AsyncGenerator[list[SharedFailures]]:
    """Make the counters of so many processes."""
    limiters = [RedisLimiter(url) for _ in range(count)]
    linking = [asyncio.create_task(each.link.run()) for each in limiters]
    for each in limiters:
        await each.link.wait_until_up(20)
    try:
        yield [SharedFailures("tests", LIMIT, each) for each in limiters]
    finally:
        for task in linking:
            task.cancel()
        await asyncio.gather(*linking, return_exceptions=True)


async def fail(counter: SharedFailures, times: int, address: str = ADDRESS) -> list[Decision]:
    """Fail so many times, one after the other."""
    return [await decided(counter.count(address)) for _ in range(times)]


async def test_three_processes_allow_what_one_does(redis_url: str) -> None:
    """An address that spreads its guesses over processes has its budget once, not three times."""
    async with counters(redis_url, 3) as three:
        said = await asyncio.gather(*[fail(each, LIMIT) for each in three])
        accepted = [each.accepted for decisions in said for each in decisions]
        assert sum(accepted) == LIMIT
        refused = [each for decisions in said for each in decisions if not each.accepted]
        assert all(1 <= each.retry_after_seconds <= 61 for each in refused)
        assert all(each.is_spent(ADDRESS) for each in three)
        assert not any(each.is_spent("192.0.2.8") for each in three)
        (other,) = await fail(three[0], 1, "192.0.2.8")
        assert (other.accepted, other.remaining) == (True, LIMIT - 1)


async def test_a_budget_known_to_be_spent_is_not_asked_about() -> None:
    """A flood from a refused address costs the store nothing until the moment it was told."""
    hands = Hands()
    asked: list[UUID] = []

    class Watched(MemoryLimiter):
        @override
        def check(self, subject_id: UUID, category: Category, limit: int) -> Decision:
            asked.append(subject_id)
            return super().check(subject_id, category, limit)

    counter = SharedFailures("tests", LIMIT, Watched(hands.clock()), hands.clock())
    await fail(counter, LIMIT)
    refused = await fail(counter, 500)
    assert len(asked) == LIMIT
    assert not any(each.accepted for each in refused)
    hands.wait(refused[-1].retry_after_seconds - 1)
    assert [each.accepted for each in await fail(counter, 1)] == [False]
    hands.wait(1)
    assert [each.accepted for each in await fail(counter, 1)] == [True]


async def test_without_the_store_each_process_counts(store: RedisServer) -> None:
    """A store that is gone opens no door: the process goes on counting from what it knows."""
    async with counters(store.url, 1) as (counter,):
        await fail(counter, LIMIT - 10)
        store.kill()
        said = await fail(counter, 30)
    assert sum(each.accepted for each in said) == 10


def test_one_process_alone_asks_nobody() -> None:
    """Without a store the failures of the one process are counted in its memory, at once."""
    counter = open_failures(MemoryLimiter(), "tests", LIMIT)
    assert isinstance(counter, FailedAuthentications)


async def test_junk_over_two_processes_of_the_service(
    database_url: str, tmp_path: Path, redis_url: str
) -> None:
    """Sixty wrong keys a minute from one address are told so, then it is told to wait."""
    ports = [str(free_port()) for _ in range(2)]
    async with AsyncExitStack() as stack:
        for port in ports:
            settings = {"JUSTPAID_PORT": port, "REDIS_URL": redis_url}
            await stack.enter_async_context(justpaid_api(database_url, tmp_path, **settings))
        addresses = [f"http://127.0.0.1:{port}" for port in ports]
        await asyncio.gather(*map(until_answering, addresses))
        async with httpx.AsyncClient() as client:
            asking = [
                client.get(f"{address}/api/v1/me", headers={"x-api-key": generate_key()})
                for _ in range(40)
                for address in addresses
            ]
            answers = await asyncio.gather(*asking)
    assert Counter(each.status_code for each in answers) == {401: 60, 429: 20}
    waits = [int(each.headers["retry-after"]) for each in answers if each.status_code == 429]
    assert min(waits) >= 1
