"""One API process's limiter, alone, for the tests of limits shared through Redis.

Run as `python -m tests.faults.limit_process URL SKEW CLOCK`: its clocks are SKEW seconds off, and
CLOCK is `server` for the store's own clock or `test` for one that the test keeps in the store. Each
line `SUBJECT LIMIT COUNT` on stdin asks that many times at once; the answer is a line of JSON.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable
from pathlib import Path
from uuid import UUID

import structlog

sys.path.insert(0, str(Path(__file__).parents[2]))

from justpaid.rate_limits.budget_script import SCRIPT
from justpaid.rate_limits.redis_limiter import RedisLimiter
from justpaid.rate_limits.second_clock import NANOSECONDS, SecondClock
from justpaid.scopes import Category
from justpaid.web.gate_contract import Decision

TEST_CLOCK = "test:second"


def on_test_clock(script: str) -> str:
    """Let the script read the clock that the test keeps, instead of the server's."""
    changed = script.replace("redis.call('TIME')[1]", f"redis.call('GET', '{TEST_CLOCK}')")
    assert changed != script
    return changed


def skewed(seconds: float) -> SecondClock:
    """Make a clock whose wall and whose seconds are off."""
    off = int(seconds * NANOSECONDS)
    return SecondClock(lambda: time.monotonic_ns() + off, lambda: time.time_ns() + off)


async def ask(limiter: RedisLimiter, subject_id: UUID, limit: int) -> Decision:
    """Ask for one read."""
    said = limiter.check(subject_id, Category.READ, limit)
    return await said if isinstance(said, Awaitable) else said


async def serve(url: str, skew: float, clock: str) -> None:
    """Answer until stdin closes."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    script = on_test_clock(SCRIPT) if clock == "test" else SCRIPT
    limiter = RedisLimiter(url, skewed(skew), script)
    running = asyncio.create_task(limiter.link.run())
    await limiter.link.wait_until_up(20)
    print("ready", flush=True)  # noqa: T201  the test waits for it
    while line := await asyncio.to_thread(sys.stdin.readline):
        subject, limit, count = line.split()
        subject_id = UUID(hex=subject)
        said = await asyncio.gather(
            *[ask(limiter, subject_id, int(limit)) for _ in range(int(count))]
        )
        told = {"accepted": sum(each.accepted for each in said), "last": said[-1]}
        print(json.dumps(told | {"isUp": limiter.link.is_up}), flush=True)  # noqa: T201  as above
    running.cancel()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], float(sys.argv[2]), sys.argv[3]))
