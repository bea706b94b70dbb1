"""The keys of a lively company: one for each thing that the pages about keys can show."""

import random
from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from justpaid.api_keys.key_changes import zero_tail
from justpaid.api_keys.model import CreatedKey, KeyRequest
from justpaid.api_keys.service import ApiKeys
from justpaid.db.pool import Connection
from justpaid.scopes import Scope
from justpaid.usage import repository as usage
from justpaid.usage.model import Finding, FlagKind, HourCount, SourceCount
from tests.e2e.people import Someone

_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_READ: Final = frozenset({Scope.WORKFLOWS_READ, Scope.RUNS_READ, Scope.CONNECTIONS_READ})
_TRIGGER: Final = frozenset({Scope.WORKFLOWS_EXECUTE, Scope.RUNS_READ})
_ROUTES: Final = (
    ("GET /api/v1/workflows", 200),
    ("GET /api/v1/runs/{runId}", 200),
    ("POST /api/v1/workflows/{workflowId}/run", 202),
    ("GET /api/v1/runs/{runId}", 404),
    ("POST /api/v1/workflows/{workflowId}/run", 429),
)
_AT_ONCE: Final = 100
_SHARES: Final = (0.3, 0.5, 0.17, 0.02, 0.01)

LONG_NAME: Final = (
    "Quarter-end reconciliation of card settlements against the general ledger for the Nordic"
    " subsidiaries, run by the treasury automation cluster in Frankfurt and Stockholm"
    " (treasury_reconciliation_worker_production_eu_north_1_primary)"
)


@dataclass(frozen=True)
class Wanted:
    """A key to make, how long ago, how busy, and for how many days before it fell silent."""

    name: str
    scopes: frozenset[Scope]
    days_old: int
    requests_an_hour: int = 0
    quiet_days: int = 0
    expires_in_days: float | None = None
    note: str = ""
    agent: str = "billing-worker/4.2 python-httpx/0.28"
    address: str = "203.0.113.24"


WANTED: Final = (
    Wanted("Checkout prototype", _READ, 210, quiet_days=40, requests_an_hour=1),
    Wanted("Old ERP bridge", frozenset(Scope), 400, quiet_days=29, requests_an_hour=3),
    Wanted("Contractor laptop", _READ, 31, expires_in_days=-1),
    Wanted(
        "Billing worker, production",
        frozenset(Scope),
        97,
        requests_an_hour=180,
        note="Runs on billing-01 and billing-02; the key is in the vault under billing/justpaid.",
    ),
    Wanted("Ledger export, nightly", _READ, 78, requests_an_hour=14, address="198.51.100.7"),
    Wanted(LONG_NAME, _TRIGGER, 55, requests_an_hour=40),
    Wanted("Invoice mailer", _TRIGGER, 62, requests_an_hour=25, agent="invoice-mailer/1.9"),
    Wanted("Warehouse sync", _READ, 44, requests_an_hour=9, expires_in_days=28.6),
    Wanted("Partner portal, staging", _TRIGGER, 12, requests_an_hour=4, expires_in_days=5.4),
    Wanted("Retry bot", _TRIGGER, 3),
)


async def make_keys(
    connection: Connection, keys: ApiKeys, owner: Someone, now: datetime
) -> dict[str, CreatedKey]:
    """Make every key of `WANTED` with its past, shut those that are shut, rotate one."""
    company_id, by = owner.company_id, owner.actor
    made: dict[str, CreatedKey] = {}
    async with zero_tail(connection) as changes:
        for wanted in WANTED:
            request = KeyRequest(name=wanted.name, scopes=wanted.scopes, note=wanted.note)
            made[wanted.name] = await keys.create_key(changes, company_id, request, by=by)
    async with connection.transaction():
        for wanted in WANTED:
            await _give_past(connection, company_id, made[wanted.name].key.id, wanted, now)
    async with zero_tail(connection) as changes:
        disabled, revoked = made["Checkout prototype"].key.id, made["Old ERP bridge"].key.id
        await keys.disable_key(changes, company_id, disabled, by=by, reason="the prototype rests")
        await keys.revoke_key(changes, company_id, revoked, by=by, reason="the bridge is gone")
        rotated = await keys.rotate_key(changes, company_id, made["Invoice mailer"].key.id, by=by)
    successor = Wanted("", _TRIGGER, 1, requests_an_hour=12)
    await _give_past(connection, company_id, rotated.key.id, successor, now)
    for finding in _findings(company_id, made, now):
        await usage.add_flag(connection, company_id, finding)
    return made


async def make_many_keys(
    connection: Connection, keys: ApiKeys, owner: Someone, now: datetime, count: int
) -> None:
    """Make as many keys as a list can be asked to show, all of them in use."""
    requests = [
        KeyRequest(name=f"Integration {number:03}, {place}", scopes=_TRIGGER)
        for number, place in _numbered(count)
    ]
    made: list[CreatedKey] = []
    for begin in range(0, count, _AT_ONCE):
        async with zero_tail(connection) as changes:
            for request in requests[begin : begin + _AT_ONCE]:
                created = await keys.create_key(changes, owner.company_id, request, by=owner.actor)
                made.append(created)
    async with connection.transaction():
        for number, created in enumerate(made):
            wanted = Wanted("", _TRIGGER, 1 + number % 120, requests_an_hour=1 + number % 7)
            key_id = created.key.id
            await _give_past(connection, owner.company_id, key_id, wanted, now, every_hours=24)


def _numbered(count: int) -> Generator[tuple[int, str]]:
    places = ("production", "staging", "nightly batch", "sandbox")
    for number in range(1, count + 1):
        yield number, places[number % len(places)]


async def _give_past(
    connection: Connection,
    company_id: UUID,
    key_id: UUID,
    wanted: Wanted,
    now: datetime,
    every_hours: int = 2,
) -> None:
    expires_at = None
    if wanted.expires_in_days is not None:
        expires_at = now + wanted.expires_in_days * _DAY
    await connection.execute(
        "UPDATE api_keys SET created_at = $3, expires_at = $4 WHERE company_id = $1 AND id = $2",
        company_id,
        key_id,
        now - wanted.days_old * _DAY,
        expires_at,
    )
    hours = list(_hours(company_id, key_id, wanted, now, every_hours))
    if not hours:
        return
    await usage.add_hours(connection, hours)
    used_at = now - wanted.quiet_days * _DAY - timedelta(minutes=3)
    await connection.execute(
        "INSERT INTO api_key_uses (key_id, company_id, last_used_at, last_used_ip)"
        " VALUES ($1, $2, $3, $4)",
        *(key_id, company_id, used_at, wanted.address),
    )
    await usage.add_sources(
        connection,
        [
            SourceCount(
                *(company_id, key_id, hour.hour, wanted.address, wanted.agent),
                *(hour.route, hour.requests, min(hour.hour + _HOUR, used_at)),
            )
            for hour in {(h.hour, h.route): h for h in hours[-9:]}.values()
        ],
    )


def _hours(
    company_id: UUID, key_id: UUID, wanted: Wanted, now: datetime, every_hours: int
) -> Generator[HourCount]:
    """Count by the hour for thirty days: busy by day, calm at night and on Sundays."""
    if not wanted.requests_an_hour:
        return
    chance = random.Random(wanted.name)  # noqa: S311  a pattern, not a secret
    last = now.replace(minute=0, second=0, microsecond=0) - wanted.quiet_days * _DAY
    oldest = max(now - 29 * _DAY, now - wanted.days_old * _DAY)
    hour = oldest.replace(minute=0, second=0, microsecond=0)
    hour += (last - hour) % (every_hours * _HOUR)
    while hour <= last:
        busy = 1.0 if 7 <= hour.hour <= 18 else 0.25
        busy *= 0.2 if hour.weekday() == 6 else 1.0
        total = wanted.requests_an_hour * busy * chance.uniform(0.7, 1.3) * every_hours
        counts: dict[tuple[str, int], int] = {}
        for (route, status), share in zip(_ROUTES, _SHARES, strict=True):
            if round(total * share):
                counts[route, status] = round(total * share)
        for (route, status), requests in counts.items():
            yield HourCount(company_id, key_id, hour, route, status, requests)
        hour += every_hours * _HOUR


def _findings(company_id: UUID, made: dict[str, CreatedKey], now: datetime) -> Generator[Finding]:
    day = now.date().isoformat()
    billing = made["Billing worker, production"].key.id
    yield Finding(
        *(company_id, billing, FlagKind.NEW_NETWORK, "192.0.2.0/24"),
        {"network": "192.0.2.0/24", "address": "192.0.2.77", "agent": "curl/8.14.1"},
    )
    yield Finding(
        *(company_id, made["Partner portal, staging"].key.id, FlagKind.BROWSER_USE, day),
        {
            "route": "GET /api/v1/workflows",
            "agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/141.0",
            "origin": "https://portal.partner.example",
        },
    )
    yield Finding(
        *(company_id, made["Invoice mailer"].key.id, FlagKind.REFUSAL_BURST, day),
        {"route": "POST /api/v1/workflows/{workflowId}/run", "status": 429, "refusals": 214},
    )
