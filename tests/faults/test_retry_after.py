"""A key's only caller who does as `Retry-After` says, through the gate: never refused twice."""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import UUID

from redis.asyncio import Redis

from justpaid.db.pool import Pool
from justpaid.rate_limits.budget_script import SCRIPT
from justpaid.rate_limits.redis_limiter import RedisLimiter
from justpaid.rate_limits.second_clock import NANOSECONDS
from justpaid.scopes import Category
from tests.api.gate_world import Hands, World, running
from tests.faults.limit_process import TEST_CLOCK, on_test_clock

THINGS = "/api/v1/things"
SUCCESSES = 1000
LIMIT = 7

Pass = Callable[[float], Awaitable[None]]


async def succeed(world: World, company_id: UUID, let_pass: Pass) -> None:
    """Ask until so many have succeeded, at any pace, waiting exactly as long as told."""
    dice = random.Random(11)  # noqa: S311  not for secrets
    created = await world.make_key(company_id, limits={Category.READ: LIMIT})
    waits = 0
    async with world.client(created.secret) as client:
        for _ in range(SUCCESSES):
            response = await client.get(THINGS)
            if response.status_code == 429:
                waits += 1
                await let_pass(int(response.headers["retry-after"]))
                response = await client.get(THINGS)
            assert response.status_code == 200
            await let_pass(dice.choice([0, 0, 0.001, 0.3, 0.999, 1, 2.5, 14.2]))
    assert waits > SUCCESSES / LIMIT / 2


async def test_in_memory_a_thousand_of_a_thousand(
    pool: Pool, database_url: str, company_id: UUID
) -> None:
    """Of a thousand requests that wait when told to, a thousand succeed."""
    world = World(pool, database_url)

    async def let_pass(seconds: float) -> None:
        world.hands.wait(seconds)

    async with running(world):
        await succeed(world, company_id, let_pass)


async def test_on_redis_a_thousand_of_a_thousand(
    pool: Pool, database_url: str, company_id: UUID, redis_url: str
) -> None:
    """The same holds for budgets counted in a real store, by the store's clock."""
    hands = Hands()
    store = Redis.from_url(redis_url)

    async def let_pass(seconds: float) -> None:
        hands.wait(seconds)
        await store.set(TEST_CLOCK, hands.wall // NANOSECONDS)

    await let_pass(0.4)
    async with shared(redis_url, hands) as limiter:
        world = World(pool, database_url, hands, limiter)
        async with running(world):
            await succeed(world, company_id, let_pass)
        assert limiter.link.is_up
    await store.aclose()


@asynccontextmanager
async def shared(url: str, hands: Hands) -> AsyncGenerator[RedisLimiter]:
    """Run a limiter whose store reads the test's clock."""
    limiter = RedisLimiter(url, hands.clock(), on_test_clock(SCRIPT))
    linking = asyncio.create_task(limiter.link.run())
    await limiter.link.wait_until_up(20)
    try:
        yield limiter
    finally:
        linking.cancel()
        await asyncio.gather(linking, return_exceptions=True)
