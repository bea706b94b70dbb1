"""The worker process: claims runs and advances them until it is told to stop.

On SIGTERM or SIGINT it starts nothing new, lets effects in flight end, and hands back the rest.
"""

import asyncio
import random
import signal
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final
from uuid import UUID

import structlog
import uvloop

from justpaid import clock
from justpaid.collector import settle_collector
from justpaid.companies import repository as companies
from justpaid.connections.lookup import ConnectionLookup
from justpaid.connectors.perform import perform
from justpaid.db.encryption import KeyRing
from justpaid.db.pool import Pool, connect, open_pool
from justpaid.db.schema import is_current
from justpaid.db.secrets import load_secrets
from justpaid.db.session_check import UnusableDatabase
from justpaid.engine.contract import Resources
from justpaid.engine.dispatcher import Dispatcher, DispatcherOptions, WorkerLanes
from justpaid.engine.lanes import SESSION_SETTINGS, Connect
from justpaid.engine.resolve import CompanyFacts
from justpaid.engine.sealed_journal import SecretReader
from justpaid.ids import new_id
from justpaid.keyrings import master_keys_of
from justpaid.outbound.client import OutboundClient
from justpaid.outbound.policy import OutboundPolicy, parse_allow
from justpaid.runs.children import ChildRunMaker
from justpaid.runs.repository import find_concurrency_limit
from justpaid.runs.retention import Retention
from justpaid.settings import Settings
from justpaid.steps.catalogue import STEP_TYPES, make_handlers
from justpaid.worker_meters import WorkerMeters, serve_meters
from justpaid.workflows.program_store import ProgramStore

_FACTS_SECONDS: Final = 5.0
_MOST_FACTS: Final = 10_000
_POOL_SIZE: Final = 4
# Effects still under way after this long are cut off, and repeated by the worker that comes next.
_GRACE_SECONDS: Final = 5.0

_log = structlog.get_logger(__name__)


def run_worker(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT."""
    uvloop.run(_run(settings))


async def _run(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    await work(settings, stop)


async def work(
    settings: Settings, stop: asyncio.Event, *, at: Callable[[str], None] = lambda _: None
) -> None:
    """Be a worker until `stop` is set; `at` hears each point the engine's guarantees speak of."""
    dsn = settings.database_url or ""
    hold = partial(connect, dsn, dict(SESSION_SETTINGS))
    pool = await open_pool(dsn, max_size=_POOL_SIZE)
    client = OutboundClient(OutboundPolicy(allow=parse_allow(settings.outbound_allow)))
    meters = WorkerMeters()
    lanes = WorkerLanes(hold, meters.batch)
    server: asyncio.Server | None = None
    background: list[asyncio.Task[None]] = []
    try:
        keys = await _read_keys(settings, pool)
        resources = _resources(_Parts(pool, keys, client, lanes, meters, at))
        dispatcher = _dispatcher(settings, hold, pool, resources, meters)
        server = await _serve(settings, meters)
        await lanes.open()
        retention = Retention(hold, settings.run_retention_days, settings.evidence_retention_days)
        background.append(asyncio.create_task(retention.run()))
        settle_collector()
        _log.info("worker_started", slots=settings.worker_slots)
        await dispatcher.run(stop)
        _log.info("worker_stopped")
    finally:
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        if server is not None:
            server.close()
        await lanes.close()
        await client.close()
        pool.terminate()


async def _read_keys(settings: Settings, pool: Pool) -> KeyRing:
    async with pool.acquire() as connection:
        if not await is_current(connection):
            raise UnusableDatabase(
                "The database is not at this release's schema. Run: justpaid migrate"
            )
        secrets = await load_secrets(settings, connection)
    return master_keys_of(secrets, settings)


@dataclass(frozen=True, slots=True)
class _Parts:
    pool: Pool
    keys: KeyRing
    client: OutboundClient
    lanes: WorkerLanes
    meters: WorkerMeters
    at: Callable[[str], None]


def _resources(parts: _Parts) -> Resources:
    lookup = ConnectionLookup(parts.pool, parts.keys)
    load_program = ProgramStore(parts.pool, STEP_TYPES).load
    return Resources(
        writes=parts.lanes,
        handlers=make_handlers(lookup, partial(perform, parts.client)),
        load_program=load_program,
        load_company=CompanyFactsStore(parts.pool).load,
        clock=clock.now,
        monotonic=clock.monotonic,
        random=random.random,
        new_id=new_id,
        at=parts.at,
        on_finished=parts.meters.finished,
        read_answers=parts.lanes.read_answers,
        children=ChildRunMaker(parts.pool, load_program, parts.keys),
        read_secrets=SecretReader(parts.pool, parts.keys).read,
    )


def _dispatcher(
    settings: Settings, hold: Connect, pool: Pool, resources: Resources, meters: WorkerMeters
) -> Dispatcher:
    async def load_limit(company_id: UUID, workflow_id: UUID) -> int | None:
        async with pool.acquire() as connection:
            return await find_concurrency_limit(connection, company_id, workflow_id)

    dispatcher = Dispatcher(
        resources,
        hold,
        DispatcherOptions(
            slots=settings.worker_slots,
            lease_seconds=settings.lease_seconds,
            renew_seconds=settings.lease_seconds * 0.3,
            grace_seconds=_GRACE_SECONDS,
        ),
        load_limit=load_limit,
        observe_claim=meters.claimed,
    )
    meters.read_slots_from(lambda: dispatcher.slots_used)
    return dispatcher


async def _serve(settings: Settings, meters: WorkerMeters) -> asyncio.Server | None:
    """Serve the metrics one port above the API's; a taken port costs the metrics, not the work."""
    if settings.metrics_bind is None:
        return None
    host, port = settings.metrics_bind
    try:
        return await serve_meters((host, port + 1 if port else 0), meters, settings.metrics_token)
    except OSError as error:
        _log.warning("worker_metrics_not_served", port=port + 1, error=error.strerror)
        return None


class CompanyFactsStore:
    """What expressions read of companies, as it was at most five seconds ago."""

    def __init__(self, pool: Pool, monotonic: clock.MonotonicClock = clock.monotonic) -> None:
        self._pool = pool
        self._monotonic = monotonic
        self._kept: dict[UUID, tuple[float, CompanyFacts]] = {}

    async def load(self, company_id: UUID) -> CompanyFacts:
        """Return a company's environment values and time zone."""
        kept = self._kept.get(company_id)
        now = self._monotonic()
        if kept is not None and now < kept[0]:
            return kept[1]
        async with self._pool.acquire() as connection:
            company = await companies.find(connection, company_id)
            environment = await companies.list_environment_values(connection, company_id)
        facts = CompanyFacts(environment, "UTC" if company is None else company.time_zone)
        if len(self._kept) >= _MOST_FACTS:
            self._kept.clear()
        self._kept[company_id] = (now + _FACTS_SECONDS, facts)
        return facts
