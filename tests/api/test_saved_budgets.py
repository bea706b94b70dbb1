"""Budgets between a clean stop and the next start."""

from justpaid.db.pool import Pool
from justpaid.ids import new_id
from justpaid.rate_limits import repository
from justpaid.rate_limits.limiter import MemoryLimiter
from justpaid.scopes import Category


async def test_a_restart_does_not_refill_a_budget(pool: Pool) -> None:
    """What a key spent before a clean stop is spent after the start, and is counted once only."""
    key = new_id()
    before = MemoryLimiter()
    for _ in range(3):
        assert before.check(key, Category.WRITE, 3).accepted
    async with pool.acquire() as connection:
        await repository.save(connection, list(before.save()))
        await repository.save(connection, [])
        after = MemoryLimiter()
        after.load(await repository.take(connection))
        assert await repository.take(connection) == []
    refused = after.check(key, Category.WRITE, 3)
    assert not refused.accepted
    assert 1 <= refused.retry_after_seconds <= 61
    assert after.check(key, Category.READ, 1).accepted
