"""Usage and flags as people read them: true counts, bounded periods, files that stay data."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from justpaid import clock
from justpaid.ids import Prefix, decode_id, encode_id, new_id
from justpaid.usage import repository
from justpaid.usage.model import Finding, FlagKind, HourCount, SourceCount
from justpaid.usage.report import choose_period
from tests.api.people_stage import Browser, People, member_of
from tests.api.whole_service import WholeService

DAY = datetime(2026, 5, 4, tzinfo=UTC)
PERIOD = "from=2026-05-04T00:00:00Z&to=2026-05-06T00:00:00Z"


@pytest.fixture
async def owner(service: WholeService, own_company_id: UUID) -> AsyncIterator[Browser]:
    """Sign the company's owner in."""
    browser = await People(service).signed_in(own_company_id)
    yield browser
    await browser.client.aclose()


@pytest.fixture
async def key_id(owner: Browser) -> str:
    """Make a key to be used."""
    body = {"name": "Billing", "scopes": ["runs:read"], "limits": {"read": 77}}
    made: dict[str, Any] = await owner.do("POST", "/keys", body, 201)
    return made["id"]


async def count(
    service: WholeService,
    company_id: UUID,
    key_id: UUID,
    counts: list[tuple[int, str, int, int]],
) -> None:
    """Write (hour, route, status, requests) as the recorder does."""
    hours = [
        HourCount(company_id, key_id, DAY + timedelta(hours=hour), route, status, requests)
        for hour, route, status, requests in counts
    ]
    async with service.pool.acquire() as connection:
        await repository.add_hours(connection, hours)


def decoded(key_id: str) -> UUID:
    """Read a key's id."""
    known = decode_id(Prefix.KEY, key_id)
    assert known is not None
    return known


async def test_requests_are_shown_by_hour_day_route_and_class(
    service: WholeService, owner: Browser, own_company_id: UUID, key_id: str
) -> None:
    """What a key did can be read by hour or day, and cut by route and class of answer."""
    runs, me = "GET /api/v1/runs", "GET /api/v1/me"
    counts = [(1, runs, 200, 5), (1, runs, 404, 2), (2, runs, 200, 1), (25, me, 429, 3)]
    await count(service, own_company_id, decoded(key_id), [*counts, (30, runs, 403, 4)])
    other = new_id()
    await count(service, own_company_id, other, [(1, runs, 200, 100), (1, runs, 401, 1)])
    hourly = await owner.get(f"/keys/{key_id}/usage?{PERIOD}&bucket=hour")
    assert hourly["buckets"][:3] == [
        {"at": "2026-05-04T01:00:00.000Z", "route": runs, "statusClass": "2xx", "requests": 5},
        {"at": "2026-05-04T01:00:00.000Z", "route": runs, "statusClass": "4xx", "requests": 2},
        {"at": "2026-05-04T02:00:00.000Z", "route": runs, "statusClass": "2xx", "requests": 1},
    ]
    assert hourly["refusals"] == {"401": 0, "403": 4, "429": 3}
    assert hourly["budgets"]["read"] == {"limit": 77, "remaining": 77}
    daily = await owner.get(f"/usage?{PERIOD}&bucket=day&keyId={key_id}&statusClass=2xx")
    assert [(b["at"], b["requests"]) for b in daily["buckets"]] == [("2026-05-04T00:00:00.000Z", 6)]
    assert daily["budgets"]["write"]["limit"] == 200
    everything = await owner.get(f"/usage?{PERIOD}&bucket=day&route=GET%20/api/v1/runs")
    assert sum(bucket["requests"] for bucket in everything["buckets"]) == 113
    assert (everything["refusals"]["401"], everything["budgets"]) == (1, None)


async def test_reading_usage_spends_no_budget_of_the_key(
    service: WholeService, owner: Browser
) -> None:
    """Whoever watches a key takes nothing away from its callers."""
    made = await owner.do("POST", "/keys", {"name": "k", "scopes": ["runs:read"]}, 201)
    async with service.client(made["key"]) as client:
        assert (await client.get("/runs")).headers["x-ratelimit-remaining"] == "999"
        for _ in range(3):
            seen = await owner.get(f"/keys/{made['id']}/usage")
            assert seen["budgets"]["read"]["remaining"] == 999
        assert (await client.get("/runs")).headers["x-ratelimit-remaining"] == "998"


async def test_addresses_are_counted_once(
    service: WholeService, owner: Browser, own_company_id: UUID, key_id: str
) -> None:
    """The number of places a key is used from does not grow with its requests."""
    sources = [
        SourceCount(own_company_id, decoded(key_id), DAY, address, agent, "GET /x", 1, DAY)
        for address in ("192.0.2.1", "192.0.2.2")
        for agent in ("a", "b")
    ]
    async with service.pool.acquire() as connection:
        await repository.add_sources(connection, sources)
    assert (await owner.get(f"/keys/{key_id}/usage?{PERIOD}"))["addresses"] == 2


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=2026-05-06T00:00:00Z&to=2026-05-04T00:00:00Z", "from"),
        ("from=2026-01-01T00:00:00Z&to=2026-05-04T00:00:00Z", "from"),
        ("from=yesterday", "from"),
        ("to=2026-05-04T00:00:00", "to"),
        ("to=9999-12-31T23:59:59-12:00", "to"),
        ("to=0001-01-01T00:00:00Z", "from"),
        ("from=0001-01-01T00:00:00%2B14:00&to=0001-01-02T00:00:00Z", "from"),
        ("bucket=minute", "bucket"),
        ("keyId=key_x", "keyId"),
        ("statusClass=9xx", "statusClass"),
    ],
)
async def test_an_unusable_period_is_refused(owner: Browser, query: str, field: str) -> None:
    """A question that would read for ever, or means nothing, is refused by its field."""
    for path in ("/usage", "/usage.csv"):
        refused = await owner.ask("GET", f"{path}?{query}")
        assert refused.status_code == 400
        assert refused.json()["error"]["details"][0]["field"] == field


def test_a_period_begins_with_its_first_hour_or_day() -> None:
    """No request of the first hour, or day, is left out because the period began within it."""
    since = datetime(2026, 5, 4, 10, 30, tzinfo=UTC)
    assert choose_period(since, since + timedelta(hours=3), None).since == since.replace(minute=0)
    week = choose_period(since, since + timedelta(days=7), None)
    assert (week.unit, week.since) == ("day", DAY)
    assert choose_period(None, None, None).until <= clock.now()


async def test_the_file_computes_nothing(
    service: WholeService, owner: Browser, own_company_id: UUID, key_id: str
) -> None:
    """A spreadsheet opens the file without running what somebody hid in it."""
    evil = ['=HYPERLINK("http://evil")', "+1", "-1", "@x", "\t=1", ' =cmd|"/c calc"!A0']
    counts = [(1, route, 200, number) for number, route in enumerate(evil, 1)]
    await count(service, own_company_id, decoded(key_id), [*counts, (2, "GET /a,b", 200, 9)])
    answer = await owner.ask("GET", f"/usage.csv?{PERIOD}&bucket=hour")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    header, *rows = csv.reader(io.StringIO(answer.text))
    assert header == ["at", "route", "statusClass", "requests"]
    assert {row[1] for row in rows} == {f"'{text}" for text in evil} | {"GET /a,b"}
    assert all(row[2] == "2xx" for row in rows)


async def test_flags_are_listed_and_acknowledged(
    service: WholeService, owner: Browser, own_company_id: UUID, key_id: str
) -> None:
    """What looks unusual waits with evidence and advice until a person says they saw it."""
    key = decoded(key_id)
    async with service.pool.acquire() as connection:
        for kind, by in ((FlagKind.NEW_NETWORK, "192.0.2.0/24"), (FlagKind.BROWSER_USE, "day")):
            finding = Finding(own_company_id, key, kind, by, {"seen": by})
            await repository.add_flag(connection, own_company_id, finding)
    flags = await owner.get(f"/flags?keyId={key_id}&state=open")
    assert [flag["kind"] for flag in flags] == ["browser_use", "new_network"]
    assert flags[1]["evidence"] == {"seen": "192.0.2.0/24"}
    assert flags[0]["advice"]
    path = f"/flags/{flags[0]['id']}/acknowledge"
    seen = await owner.do("POST", path, {"comment": "our own demo page"})
    assert (seen["state"], seen["comment"]) == ("acknowledged", "our own demo page")
    assert seen["acknowledgedBy"] == encode_id(Prefix.MEMBER, member_of(owner))
    assert [f["id"] for f in await owner.get("/flags?state=open")] == [flags[1]["id"]]
    assert await owner.get("/flags?kind=rate_spike") == []
    (row,) = await owner.get(f"/audit?object={flags[0]['id']}")
    assert row["action"] == "flag.acknowledged"
    stranger = await People(service).signed_in(await service.make_company())
    foreign = await stranger.ask("POST", path, {}, {"x-request-id": "same"})
    unknown = encode_id(Prefix.FLAG, new_id())
    none = await stranger.ask("POST", f"/flags/{unknown}/acknowledge", {}, {"x-request-id": "same"})
    assert foreign.status_code == none.status_code == 404
    assert foreign.text == none.text
    assert await stranger.get("/flags") == []
    await stranger.client.aclose()
