"""Usage: counted off the path, written in batches, unusual patterns flagged once."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from justpaid.db.pool import Pool
from justpaid.ids import new_id
from justpaid.usage import repository
from justpaid.usage.counter import UsageCounter
from justpaid.usage.model import FlagKind, is_spike, looks_like_browser, network_of
from justpaid.usage.recorder import UsageRecorder
from justpaid.web.caller import Caller
from justpaid.web.gate_contract import FinishedRequest, Identity

_NOON = datetime(2026, 11, 20, 12, 5, tzinfo=UTC)


class _Clock:
    def __init__(self) -> None:
        self.now = _NOON

    def __call__(self) -> datetime:
        return self.now


def _identity(company_id: UUID, key_id: UUID) -> Identity:
    caller = Caller(company_id, "key", frozenset(), key_id=key_id)
    return Identity(caller, subject_id=key_id, company="cmp_1", limits={})


def _finished(
    identity: Identity,
    status: int = 200,
    address: str = "192.0.2.7",
    headers: dict[bytes, bytes] | None = None,
) -> FinishedRequest:
    sent = {b"user-agent": b"billing/1.0"} | (headers or {})
    return FinishedRequest(identity, "GET", "/api/v1/workflows", status, address, sent)


async def _flags(pool: Pool, company_id: UUID) -> dict[FlagKind, dict[str, object]]:
    async with pool.acquire() as connection:
        flags = await repository.list_flags(connection, company_id, limit=50)
    return {flag.finding.kind: dict(flag.finding.evidence) for flag in flags}


def test_invented_methods_are_one(company_id: UUID) -> None:
    """No caller makes a row for every word it can think of."""
    counter = UsageCounter(_Clock())
    identity = _identity(company_id, new_id())
    for number in range(50):
        counter.note(FinishedRequest(identity, f"X{number}", None, 405, "192.0.2.7", {}))
    counter.note(FinishedRequest(identity, "PUT", None, 404, "192.0.2.7", {}))
    routes = {each.route: each.requests for each in counter.take().hours}
    assert routes == {"(other) (no route)": 50, "PUT (no route)": 1}


async def test_counts_arrive_once_whatever_fails(pool: Pool, company_id: UUID) -> None:
    """A batch that could not be written is counted with the next one, not lost and not twice."""
    key_id, clock = new_id(), _Clock()
    counter = UsageCounter(clock)
    recorder = UsageRecorder(pool, counter, clock)
    identity = _identity(company_id, key_id)
    for status in (200, 200, 404):
        counter.note(_finished(identity, status))
    await pool.execute("ALTER TABLE usage_sources RENAME TO usage_sources_away")
    await recorder.flush()
    await pool.execute("ALTER TABLE usage_sources_away RENAME TO usage_sources")
    counter.note(_finished(identity))
    await recorder.flush()
    await recorder.flush()
    async with pool.acquire() as connection:
        buckets = await repository.list_buckets(
            connection, company_id, _NOON - timedelta(days=1), _NOON, unit="day"
        )
        sources = await repository.list_sources(
            connection, company_id, key_id, _NOON - timedelta(days=1)
        )
    assert {bucket.status_class: bucket.requests for bucket in buckets} == {2: 3, 4: 1}
    assert [(source.address, source.agent, source.requests) for source in sources] == [
        ("192.0.2.7", "billing/1.0", 4)
    ]


async def test_a_second_network_is_flagged_and_the_first_is_not(
    pool: Pool, company_id: UUID
) -> None:
    """A key's first network is how it starts; the next one is worth a look, once."""
    key_id, clock = new_id(), _Clock()
    counter = UsageCounter(clock)
    recorder = UsageRecorder(pool, counter, clock)
    identity = _identity(company_id, key_id)
    counter.note(_finished(identity))
    await recorder.flush()
    assert await _flags(pool, company_id) == {}
    for _ in range(2):
        counter.note(_finished(identity, address="198.51.100.9"))
        await recorder.flush()
    flags = await _flags(pool, company_id)
    assert flags[FlagKind.NEW_NETWORK]["network"] == "198.51.100.0/24"
    assert await pool.fetchval("SELECT count(*) FROM flags") == 1


async def test_a_key_that_wakes_after_two_months_is_flagged(pool: Pool, company_id: UUID) -> None:
    """A key nobody used for 60 days does not come back unseen."""
    key_id, clock = new_id(), _Clock()
    counter = UsageCounter(clock)
    recorder = UsageRecorder(pool, counter, clock)
    counter.note(_finished(_identity(company_id, key_id)))
    await recorder.flush()
    clock.now += timedelta(days=61)
    counter.note(_finished(_identity(company_id, key_id)))
    await recorder.flush()
    assert (await _flags(pool, company_id))[FlagKind.DORMANT_USE]["daysSilent"] == 61


async def test_bursts_and_spikes_are_flagged(pool: Pool, company_id: UUID) -> None:
    """A caller out of its limits, or ten times its own norm, is seen with its numbers."""
    key_id, clock = new_id(), _Clock()
    counter = UsageCounter(clock)
    recorder = UsageRecorder(pool, counter, clock)
    identity = _identity(company_id, key_id)
    for _ in range(168):
        counter.note(_finished(identity))
    await recorder.flush()
    clock.now += timedelta(days=1)
    for _ in range(20):
        counter.note(_finished(identity, 429))
    for _ in range(150):
        counter.note(_finished(identity))
    await recorder.flush()
    flags = await _flags(pool, company_id)
    assert flags[FlagKind.REFUSAL_BURST]["refusals"] == 20
    assert flags[FlagKind.RATE_SPIKE] == {"requestsThisHour": 170, "normAnHour": 1}


async def test_a_browser_is_seen_and_node_is_not(pool: Pool, company_id: UUID) -> None:
    """A key in a browser is public; a server's fetch, which sends Sec-Fetch-Mode, is not one."""
    counter = UsageCounter(_Clock())
    recorder = UsageRecorder(pool, counter, _Clock())
    counter.note(_finished(_identity(company_id, new_id()), headers={b"sec-fetch-mode": b"cors"}))
    await recorder.flush()
    assert await _flags(pool, company_id) == {}
    headers = {b"origin": b"https://shop.example"}
    counter.note(_finished(_identity(company_id, new_id()), headers=headers))
    await recorder.flush()
    assert FlagKind.BROWSER_USE in await _flags(pool, company_id)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.0/24"),
        ("::ffff:192.0.2.7", "192.0.2.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("", None),
    ],
)
def test_a_network_is_what_neighbours_share(address: str, network: str | None) -> None:
    """An address that moves within its network is no news."""
    assert network_of(address) == network


def test_small_numbers_are_no_spike() -> None:
    """Ten requests after one an hour are noise, and a new key has no norm yet."""
    assert not is_spike(10, 1)
    assert not is_spike(5000, 0)
    assert is_spike(1000, 100)
    assert looks_like_browser({b"sec-fetch-site": b"cross-site"})
