"""Limits shared through a real Redis: exact over processes, and answers go on without it."""

import asyncio
import json
import random
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from redis.asyncio import Redis

from justpaid.ids import new_id
from justpaid.rate_limits.budget_script import SCRIPT
from justpaid.rate_limits.limiter import MemoryLimiter
from justpaid.rate_limits.redis_limiter import RedisLimiter
from justpaid.rate_limits.second_clock import NANOSECONDS, SecondClock
from justpaid.scopes import Category
from justpaid.settings import SettingsError
from justpaid.web.gate_contract import Decision
from tests.faults.limit_process import TEST_CLOCK, on_test_clock
from tests.faults.processes import line_of, start
from tests.faults.redis_server import RedisServer

EPOCH = 1_900_000_000
SKEWS = (-5.0, 0.0, 5.0)


@pytest.fixture
async def client(store: RedisServer) -> AsyncIterator["Redis"]:
    """Connect to the store, to keep the test's clock in it."""
    connected = Redis.from_url(store.url)
    yield connected
    await connected.aclose()


class Caller:
    """A limiter in a process of its own."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def ask(self, subject_id: UUID, limit: int, times: int = 1) -> Any:
        """Ask so many times at once; returns how many were accepted, and the last decision."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{subject_id.hex} {limit} {times}\n".encode())
        async with asyncio.timeout(30):
            told = json.loads(await self._process.stdout.readline())
        return told | {"last": Decision(*told["last"])}


@asynccontextmanager
async def callers(url: str, clock: str) -> AsyncGenerator[list[Caller]]:
    """Run three API processes' limiters, whose clocks are up to ten seconds apart."""
    async with AsyncExitStack() as stack:
        started = [await start("limit_process", url, str(skew), clock) for skew in SKEWS]
        for process in started:
            stack.push_async_callback(_end, process)
        for process in started:
            await line_of(process, b"ready")
        yield [Caller(process) for process in started]


async def _end(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.kill()
    await process.wait()


@asynccontextmanager
async def running(limiter: RedisLimiter) -> AsyncGenerator[RedisLimiter]:
    """Run a limiter in this process."""
    task = asyncio.create_task(limiter.link.run())
    await limiter.link.wait_until_up(20)
    assert limiter.link.is_up
    yield limiter
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for a state."""
    async with asyncio.timeout(20):
        for _ in count():
            if is_so():
                return
            await asyncio.sleep(0.01)


async def ask(limiter: RedisLimiter, subject_id: UUID, limit: int) -> Decision:
    """Ask for one read."""
    return await _decided(limiter.check(subject_id, Category.READ, limit))


async def look(limiter: RedisLimiter, subject_id: UUID, limit: int) -> Decision:
    """Look at the read budget."""
    return await _decided(limiter.peek(subject_id, Category.READ, limit))


async def _decided(said: Decision | Awaitable[Decision]) -> Decision:
    return await said if isinstance(said, Awaitable) else said


async def test_processes_with_skewed_clocks_share_one_exact_budget(store: RedisServer) -> None:
    """Three processes whose clocks differ by ten seconds accept the limit together, no more."""
    key = new_id()
    async with callers(store.url, "server") as three:
        said: list[Any] = []
        for _ in range(3):
            said += await asyncio.gather(*[each.ask(key, 500, 100) for each in three])
        seen = await asyncio.gather(*[each.ask(key, 500) for each in three])
    assert sum(each["accepted"] for each in said) == 500
    assert {each["last"].accepted for each in seen} == {False}
    resets = {each["last"].resets_at for each in seen}
    assert max(resets) - min(resets) <= 1, "all of them name the store's moment"


@pytest.mark.parametrize("phase", ["boundary", "middle", "random"])
async def test_no_minute_holds_more_whatever_its_phase(
    store: RedisServer, client: "Redis", phase: str
) -> None:
    """Bursts from three processes, wherever they fall in the window, never pass the limit."""
    limit, key, dice = 40, new_id(), random.Random(phase)  # noqa: S311  not for secrets
    gaps = {
        "boundary": [0, 59, 1, 1, 58, 1, 1, 60, 0, 1, 60],
        "middle": [0, 30, 30, 1, 29, 31, 30, 30, 1],
        "random": [dice.choice([0, 1, 1, 7, 30, 59, 60, 61, 75]) for _ in range(40)],
    }[phase]
    accepted: Counter[int] = Counter()
    now = EPOCH
    await client.set(TEST_CLOCK, now)
    async with callers(store.url, "test") as three:
        for gap in gaps:
            now += gap
            await client.set(TEST_CLOCK, now)
            said = await asyncio.gather(
                *[each.ask(key, limit, dice.randint(1, limit)) for each in three]
            )
            accepted[now] += sum(each["accepted"] for each in said)
    for start_second in accepted:
        in_window = [accepted[start_second + offset] for offset in range(61)]
        assert sum(in_window) <= limit
    assert sum(accepted.values()) > limit


async def test_the_script_is_the_memory_limiters_twin(store: RedisServer, client: "Redis") -> None:
    """Whether counted in memory or in the store, a budget gives the same answers word for word."""
    dice = random.Random(7)  # noqa: S311  not for secrets
    moment = EPOCH * NANOSECONDS
    clock = SecondClock(lambda: moment, lambda: moment)
    keys = [new_id() for _ in range(3)]
    await client.set(TEST_CLOCK, EPOCH)
    async with running(RedisLimiter(store.url, clock, on_test_clock(SCRIPT))) as shared:
        memory = MemoryLimiter(clock)
        for _ in range(600):
            moment += dice.choice([0, 0, 0, 1, 1, 5, 29, 60, 61, 62, 130]) * NANOSECONDS
            await client.set(TEST_CLOCK, moment // NANOSECONDS)
            key, limit = dice.choice(keys), dice.choice([3, 3, 3, 5, 1])
            if dice.random() < 0.3:
                assert await look(shared, key, limit) == memory.peek(key, Category.READ, limit)
            else:
                assert await ask(shared, key, limit) == memory.check(key, Category.READ, limit)


async def test_a_store_clock_set_back_neither_opens_nor_blocks_for_long(
    store: RedisServer, client: "Redis"
) -> None:
    """After the store's clock went back an hour, the budget is as full as it was, for a minute."""
    key = new_id()
    await client.set(TEST_CLOCK, EPOCH)
    limiter = RedisLimiter(store.url, script=on_test_clock(SCRIPT))
    async with running(limiter):
        for _ in range(3):
            await ask(limiter, key, 3)
        await client.set(TEST_CLOCK, EPOCH - 3600)
        assert await ask(limiter, key, 3) == Decision(
            accepted=False, limit=3, remaining=0, retry_after_seconds=61, resets_at=EPOCH - 3539
        )
        await client.set(TEST_CLOCK, EPOCH - 3539)
        assert (await ask(limiter, key, 3)).accepted


@pytest.mark.parametrize("fault", ["kill", "freeze"])
async def test_answers_go_on_without_the_store(store: RedisServer, fault: str) -> None:
    """A store that is gone, or hangs, neither fails nor holds up requests, nor resets budgets."""
    key = new_id()
    async with running(RedisLimiter(store.url)) as limiter, callers(store.url, "server") as three:
        await three[0].ask(key, 100, 40)
        assert (await ask(limiter, key, 100)).remaining == 59
        getattr(store, fault)()
        async with asyncio.timeout(5):
            said = [await ask(limiter, key, 100) for _ in range(20)]
        assert all(each.accepted for each in said)
        assert not limiter.link.is_up
        accepted = [await ask(limiter, key, 100) for _ in range(60)]
        assert sum(each.accepted for each in accepted) == 39
        assert accepted[-1].retry_after_seconds >= 1


@pytest.mark.parametrize("fault", ["kill", "freeze"])
async def test_the_store_comes_back_by_itself_and_learns_what_it_missed(
    store: RedisServer, fault: str
) -> None:
    """What was accepted before and during the outage counts for everybody after it."""
    key = new_id()
    async with running(RedisLimiter(store.url)) as limiter, callers(store.url, "server") as three:
        for _ in range(30):
            await ask(limiter, key, 100)
        getattr(store, fault)()
        await until_away(limiter, key, 100)
        away = [await ask(limiter, key, 100) for _ in range(20)]
        spent = 100 - away[-1].remaining
        store.start() if fault == "kill" else store.thaw()
        await until(lambda: limiter.link.is_up)
        await until_told(limiter, key, 100, spent)
        for each in three:
            await until_up(each)
        said = await asyncio.gather(*[each.ask(key, 100, 100) for each in three])
        assert 99 - spent <= sum(each["accepted"] for each in said) <= 100 - spent


async def until_away(limiter: RedisLimiter, key: UUID, limit: int) -> None:
    """Ask until the limiter has noticed."""
    for _ in count():
        await ask(limiter, key, limit)
        if not limiter.link.is_up:
            return
        await asyncio.sleep(0.01)


async def until_told(limiter: RedisLimiter, key: UUID, limit: int, spent: int) -> None:
    """Look until the store knows at least what was spent, and at most one uncertain request."""
    async with asyncio.timeout(20):
        for _ in count():
            seen = limit - (await look(limiter, key, limit)).remaining
            if seen >= spent:
                assert seen <= spent + 1
                return
            await asyncio.sleep(0.01)


async def until_up(caller: Caller) -> None:
    """Ask about something else until the process has found the store again."""
    async with asyncio.timeout(20):
        for _ in count():
            if (await caller.ask(new_id(), 1))["isUp"]:
                return
            await asyncio.sleep(0.05)


async def test_what_the_store_evicts_is_told_again(store: RedisServer, client: "Redis") -> None:
    """A store that forgets a budget, for want of memory or by a flush, does not give it anew."""
    key = new_id()
    async with running(RedisLimiter(store.url)) as limiter:
        for _ in range(4):
            await ask(limiter, key, 5)
        await client.flushall()
        said = await asyncio.gather(*[ask(limiter, key, 5) for _ in range(5)])
        assert sum(each.accepted for each in said) == 1


async def test_a_store_that_refuses_to_count_is_no_store(
    store: RedisServer, client: "Redis"
) -> None:
    """A store that is full answers every question with an error: counting goes on locally."""
    key = new_id()
    async with running(RedisLimiter(store.url)) as limiter:
        await ask(limiter, key, 5)
        await client.config_set("maxmemory-policy", "noeviction")
        await client.config_set("maxmemory", "1")
        await until_away(limiter, key, 1000)
        assert (await ask(limiter, key, 1000)).accepted
        await client.config_set("maxmemory", "0")
        await until(lambda: limiter.link.is_up)


async def test_a_start_without_the_store_counts_locally() -> None:
    """An API process starts and limits although its store is not there."""
    limiter = RedisLimiter("redis://127.0.0.1:1/0")
    task = asyncio.create_task(limiter.link.run())
    await limiter.link.wait_until_up(0.05)
    said = [await ask(limiter, key, 2) for key in [new_id()] for _ in range(3)]
    assert [each.accepted for each in said] == [True, True, False]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_an_unusable_address_is_refused_at_the_start() -> None:
    """A misspelt address of the store is named by its variable instead of failing later."""
    with pytest.raises(SettingsError, match="JUSTPAID_REDIS_URL"):
        RedisLimiter("http://127.0.0.1:6379")
