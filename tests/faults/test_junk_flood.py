"""A flood of junk keys beside an honest caller: refused early, and at nobody else's cost.

How long the honest caller waits meanwhile is measured by `python -m bench keys`.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from uuid import UUID

import httpx
import pytest

from justpaid.api_keys.key_format import generate_key
from justpaid.db.pool import Pool
from justpaid.scopes import Category
from tests.api.gate_world import World, running

THINGS = "/api/v1/things"
FLOOD = 3000
AT_ONCE = 100
HONEST_ADDRESS = "192.0.2.1"
BUDGET = 60
# While a lease is begun anew unknown keys are looked up one at a time; that is not what is counted.
MOST_LOOKUPS = FLOOD // 20


@pytest.fixture
async def world(pool: Pool, database_url: str) -> AsyncGenerator[World]:
    """Run an API process."""
    async with running(World(pool, database_url)) as process:
        yield process


async def flood(
    world: World, honest: httpx.AsyncClient, junk: Callable[[], str], address: str
) -> tuple[Counter[int], Counter[int]]:
    """Send junk, with an honest request in each batch; return the statuses of both."""
    bad: Counter[int] = Counter()
    good: Counter[int] = Counter()
    async with world.client(address=address) as client:
        for _ in range(FLOOD // AT_ONCE):
            asked = [client.get(THINGS, headers={"x-api-key": junk()}) for _ in range(AT_ONCE)]
            honestly, *answers = await asyncio.gather(honest.get(THINGS), *asked)
            good[honestly.status_code] += 1
            bad.update(each.status_code for each in answers)
    return bad, good


def malformed() -> str:
    """Make a key that was mistyped: its checksum is wrong."""
    key = generate_key()
    return key[:-1] + ("a" if key[-1] != "a" else "b")


async def test_mistyped_keys_never_reach_the_database(world: World, company_id: UUID) -> None:
    """What is no key by its checksum costs no lookup at all, and beyond its budget is told 429."""
    created = await world.make_key(company_id)
    async with world.client(created.secret, HONEST_ADDRESS) as honest:
        await honest.get(THINGS)
        before = world.lookups.taken
        bad, good = await flood(world, honest, malformed, "198.51.100.1")
    assert bad == {401: BUDGET, 429: FLOOD - BUDGET}
    assert good == {200: FLOOD // AT_ONCE}
    assert world.lookups.taken - before < MOST_LOOKUPS


@pytest.mark.parametrize("address", ["198.51.100.1", HONEST_ADDRESS], ids=["foreign", "shared"])
async def test_unknown_keys_cost_the_database_next_to_nothing(
    world: World, company_id: UUID, address: str
) -> None:
    """Guesses are refused without lookups, an honest caller behind the same address is not."""
    limits = {Category.READ: 1_000_000}
    created = await world.make_key(company_id, limits=limits)
    async with world.client(created.secret, HONEST_ADDRESS) as honest:
        before = world.lookups.taken
        bad, good = await flood(world, honest, generate_key, address)
        assert bad == {401: BUDGET, 429: FLOOD - BUDGET}
        assert good == {200: FLOOD // AT_ONCE}
        assert world.lookups.taken - before < MOST_LOOKUPS
        late = await world.make_key(company_id, limits=limits)
        answer = await honest.get(THINGS, headers={"x-api-key": late.secret})
        assert answer.status_code == 200, "a stored key that nobody has seen yet is no junk"
