"""Makes what an API process counts with: in its memory, or shared with others through Redis."""

import asyncio
from contextlib import AsyncExitStack, suppress
from importlib import import_module
from typing import Any, Final

from justpaid.db.pool import Pool
from justpaid.rate_limits import repository
from justpaid.rate_limits.failures import FailedAuthentications
from justpaid.rate_limits.limiter import MemoryLimiter
from justpaid.rate_limits.shared_failures import SharedFailures
from justpaid.web.gate_contract import FailureCounter, Limiter

_FIRST_WAIT_SECONDS: Final = 1.0
# Loaded only where Redis is used: it takes 20 MB and a third of a second.
_SHARED: Final = "justpaid.rate_limits.redis_limiter"


async def open_limiter(pool: Pool, redis_url: str | None, stack: AsyncExitStack) -> Limiter:
    """Make the limiter; `stack` ends it. Raises SettingsError for an unusable address.

    Without Redis it begins with what the process before had counted, and saves at a clean stop.
    """
    if redis_url is not None:
        return await _open_shared(redis_url, stack)
    limiter = MemoryLimiter()
    async with pool.acquire() as connection:
        limiter.load(await repository.take(connection))

    async def save() -> None:
        async with pool.acquire() as connection:
            await repository.save(connection, list(limiter.save()))

    stack.push_async_callback(save)
    return limiter


def open_failures(limiter: Limiter, purpose: str, limit: int) -> FailureCounter:
    """Make a counter of failures by address, over as many processes as the limiter counts over."""
    if isinstance(limiter, MemoryLimiter):
        return FailedAuthentications(limit)
    return SharedFailures(purpose, limit, limiter)


async def _open_shared(redis_url: str, stack: AsyncExitStack) -> Limiter:
    limiter: Any = import_module(_SHARED).RedisLimiter(redis_url)
    running = asyncio.create_task(limiter.link.run())

    async def close() -> None:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    stack.push_async_callback(close)
    await limiter.link.wait_until_up(_FIRST_WAIT_SECONDS)
    return limiter
