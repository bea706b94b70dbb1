"""What keeps unknown keys from costing anything: the filter, the lane, the allowance."""

import asyncio
import secrets

import pytest

from justpaid.api_keys.digest_filter import DigestFilter
from justpaid.api_keys.lookup_lane import Allowance, LookupLane
from justpaid.errors import Unavailable


def test_the_filter_never_denies_a_stored_key() -> None:
    """A stored key is always let through to the lookup; nearly every other digest is not."""
    known = [secrets.token_bytes(32) for _ in range(20_000)]
    later = [secrets.token_bytes(32) for _ in range(20_000)]
    made = DigestFilter(known)
    for digest in later:
        made.add(digest)
    assert all(made.may_hold(digest) for digest in known + later)
    wrong = sum(made.may_hold(secrets.token_bytes(32)) for _ in range(20_000))
    assert wrong < 200


def test_an_empty_filter_holds_nothing() -> None:
    """On a new installation junk costs no lookup at all."""
    assert not DigestFilter().may_hold(secrets.token_bytes(32))


async def test_waiting_lookups_of_one_key_become_one() -> None:
    """A burst of the same key costs few questions, and one begun earlier is never joined."""
    lane = LookupLane(1)
    asked = 0
    begun, proceed = asyncio.Event(), asyncio.Event()

    async def look_up() -> None:
        nonlocal asked
        asked += 1
        begun.set()
        await proceed.wait()

    first = asyncio.create_task(lane.once(b"k", look_up))
    await begun.wait()
    others = [asyncio.create_task(lane.once(b"k", look_up)) for _ in range(50)]
    await asyncio.sleep(0)
    proceed.set()
    await asyncio.gather(first, *others)
    assert asked == 2


async def test_too_many_waiting_lookups_are_refused() -> None:
    """A flood of different keys fills a short queue and no memory."""
    lane = LookupLane(1, most_waiting=3)
    proceed = asyncio.Event()

    async def look_up() -> None:
        await proceed.wait()

    calls = [asyncio.create_task(lane.once(b"%d" % n, look_up)) for n in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await lane.once(b"too many", look_up)
    proceed.set()
    await asyncio.gather(*calls)


async def test_a_caller_who_hangs_up_does_not_end_the_lookup_of_others() -> None:
    """The shared lookup outlives the request that began it."""
    lane = LookupLane(1)
    busy, proceed = asyncio.Event(), asyncio.Event()

    async def occupy() -> None:
        await busy.wait()

    async def look_up() -> None:
        await proceed.wait()

    first = asyncio.create_task(lane.once(b"other", occupy))
    await asyncio.sleep(0)
    callers = [asyncio.create_task(lane.once(b"k", look_up)) for _ in range(2)]
    await asyncio.sleep(0)
    callers[0].cancel()
    busy.set()
    proceed.set()
    assert await callers[1] is None
    await first


def test_an_allowance_is_so_many_a_second() -> None:
    """Confirmations of unknown keys stay few, whatever the rate of requests."""
    now = 10.0
    allowance = Allowance(3, lambda: now)
    assert [allowance.take() for _ in range(5)] == [True, True, True, False, False]
    now = 11.0
    assert allowance.take()
