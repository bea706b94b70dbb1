"""The API process: its parts wired into one ASGI app, served until it is told to stop."""

import asyncio
import signal
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, Final, TypeAlias

import structlog
import uvloop
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.routing import APIRoute
from granian.constants import Interfaces
from granian.server.embed import Server
from prometheus_client import Counter, Histogram, start_http_server

from justpaid import __version__, exact_json
from justpaid.api_keys import routes as self_routes
from justpaid.api_keys.directory import KeyDirectory
from justpaid.api_keys.key_changes import settle_everything
from justpaid.api_keys.key_format import Peppers
from justpaid.api_keys.key_uses import KeyUses
from justpaid.api_keys.other_processes import is_alone
from justpaid.api_keys.ownership import KeyOwners
from justpaid.api_keys.service import ApiKeys
from justpaid.approvals import routes as approval_routes
from justpaid.approvals.service import Approvals
from justpaid.approvals.telling import ApprovalTeller
from justpaid.audit import routes as audit_routes
from justpaid.audit.head_log import HeadLog
from justpaid.audit.service import AuditLog
from justpaid.collector import settle_collector
from justpaid.companies import routes as company_routes
from justpaid.connections import routes as connection_routes
from justpaid.connections.service import Connections
from justpaid.dashboard_assets.routes import dashboard_router
from justpaid.db.pool import Pool, connect, open_pool
from justpaid.db.schema import is_current
from justpaid.db.secrets import Secrets, load_secrets
from justpaid.engine.lanes import SESSION_SETTINGS
from justpaid.guides.routes import docs_router
from justpaid.key_admin import routes as key_routes
from justpaid.key_admin.key_watch import KeyWatch
from justpaid.key_admin.service import KeyAdmin
from justpaid.keyrings import audit_secrets_of, master_keys_of, peppers_of
from justpaid.leaks import routes as leak_routes
from justpaid.leaks.service import Leaks
from justpaid.members import room as members_room
from justpaid.members import routes as member_routes
from justpaid.members.notice_mail import NoticeMailer
from justpaid.members.retention import purge_expired
from justpaid.members.session_reader import SessionReader
from justpaid.notices import routes as notice_routes
from justpaid.outbound.client import OutboundClient
from justpaid.outbound.policy import OutboundPolicy, parse_allow
from justpaid.rate_limits.opening import open_failures, open_limiter
from justpaid.runs import routes as run_routes
from justpaid.runs.room import make_room
from justpaid.settings import Settings, SettingsError
from justpaid.steps.catalogue import STEP_TYPES
from justpaid.trials import routes as trial_routes
from justpaid.trials.room import make_trials
from justpaid.usage import routes as usage_routes
from justpaid.usage.counter import UsageCounter
from justpaid.usage.planted_keys import PlantedKeys
from justpaid.usage.recorder import UsageRecorder
from justpaid.web.caller import Caller
from justpaid.web.gate import Gate
from justpaid.web.gate_address import address_reader
from justpaid.web.gate_contract import FinishedRequest, GateHooks
from justpaid.web.gate_routes import PUBLIC_ROUTES, RouteTable
from justpaid.web.health import health_router
from justpaid.web.idempotency import purge_answers
from justpaid.web.openapi import complete_openapi, declared_scope
from justpaid.web.routing import EdgeResources
from justpaid.workflows import routes as workflow_routes
from justpaid.workflows.service import Workflows

ROUTERS: Final = (
    workflow_routes.router,
    run_routes.router,
    trial_routes.router,
    approval_routes.router,
    connection_routes.router,
    self_routes.router,
    member_routes.router,
    company_routes.router,
    key_routes.router,
    usage_routes.router,
    leak_routes.router,
    notice_routes.router,
    audit_routes.router,
)

_PURGE_SECONDS: Final = 600.0
_STOP_SECONDS: Final = 6.0
_BACKLOG: Final = 1024

_REQUESTS: Final = Counter(
    "justpaid_requests", "Answered API requests.", ["route", "method", "status"]
)
_ACCEPTED_TOGETHER: Final = Histogram(
    "justpaid_accept_batch", "Starts committed together.", buckets=(1, 2, 4, 8, 16, 32, 64, 128)
)

_log = structlog.get_logger(__name__)

Background: TypeAlias = Callable[[], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Api:
    """The whole ASGI app behind its gate, and the FastAPI app inside for its document."""

    asgi: Gate
    inner: FastAPI
    directory: KeyDirectory


def api_routes() -> list[APIRoute]:
    """List every route of the API: what the gate and the OpenAPI document are made from."""
    return [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]


def run_api(settings: Settings) -> None:
    """Serve the API on the settings' address until SIGTERM or SIGINT."""
    uvloop.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    if settings.metrics_bind is not None and settings.metrics_token is None:
        _serve_metrics(settings.metrics_bind)
    async with open_api(settings) as api:
        await _require_redis_for_more(settings, api.directory)
        server = Server(
            api.asgi,
            address=settings.host,
            port=settings.port,
            interface=Interfaces.ASGINL,
            backlog=_BACKLOG,
            websockets=False,
            log_enabled=False,
        )
        settle_collector()
        serving = asyncio.create_task(server.serve())
        await asyncio.wait(
            [serving, asyncio.create_task(stopping.wait())], return_when=asyncio.FIRST_COMPLETED
        )
        api.inner.state.runs.let_callers_go()
        server.stop()
        await asyncio.wait([serving], timeout=_STOP_SECONDS)


@asynccontextmanager
async def open_api(settings: Settings) -> AsyncGenerator[Api]:
    """Open everything that the API needs on the settings' database, and close it again."""
    dsn = settings.database_url
    if dsn is None:
        raise RuntimeError("the process was started without a database address")
    async with AsyncExitStack() as stack:
        pool = await open_pool(dsn, max_size=settings.database_pool_size)
        stack.push_async_callback(_close_pool, pool)
        async with pool.acquire() as connection:
            secrets = await load_secrets(settings, connection)
        yield await _wire(settings, dsn, pool, secrets, stack)


async def _wire(
    settings: Settings, dsn: str, pool: Pool, secrets: Secrets, stack: AsyncExitStack
) -> Api:
    """Make the parts, lowest first; what was opened is closed in reverse."""
    audit = AuditLog(audit_secrets_of(secrets))
    keys = master_keys_of(secrets, settings)
    planted = PlantedKeys(pool, peppers_of(secrets))
    client = OutboundClient(OutboundPolicy(allow=parse_allow(settings.outbound_allow)))
    stack.push_async_callback(client.close)

    app = _make_app(pool, secrets.pepper.current.secret, planted)
    app.state.audit = audit
    app.state.connections = Connections(keys, audit, client)
    app.state.approvals = Approvals(audit)
    app.state.trials = make_trials(pool, keys, planted.report_in_definition)
    limiter = app.state.limiter = await open_limiter(pool, settings.redis_url, stack)
    failures = open_failures(limiter, "authentications", settings.auth_failures_per_minute)
    members = app.state.members = members_room.make_room(
        settings, pool, keys, audit, failures, KeyOwners(audit)
    )
    stack.push_async_callback(members.close)
    mailer = NoticeMailer(pool, members.mail, settings.base_url)
    app.state.workflows = Workflows(audit, STEP_TYPES, report_keys=planted.report_in_definition)
    _open_key_rooms(app, peppers_of(secrets), audit)
    app.state.leak_reports = open_failures(limiter, "leaks", leak_routes.REPORTS_A_MINUTE)
    directory = KeyDirectory(pool, peppers_of(secrets), partial(connect, dsn))
    runs = app.state.runs = make_room(
        pool,
        partial(connect, dsn, SESSION_SETTINGS),
        audit,
        STEP_TYPES,
        secrets.pepper.current.secret,
        keys,
        may_read=partial(_is_in_force, directory),
        report_keys=planted.report_in_definition,
        observe_batch=_ACCEPTED_TOGETHER.observe,
    )
    await runs.open()
    stack.push_async_callback(runs.close)
    directory.on_changed(runs.cut_off)
    hooks, background = await _open_hooks(pool, planted, members.reader, stack)
    background += [directory.lease.run, partial(_purge, pool), HeadLog(pool, audit).run]
    background += [ApprovalTeller(pool).run, mailer.run]
    stack.push_async_callback(_cancel, [asyncio.create_task(run()) for run in background])
    routes = RouteTable(api_routes(), PUBLIC_ROUTES)
    address_of = address_reader(settings.trusted_proxies)
    gate = Gate(app, routes, directory, limiter, failures, address_of, hooks)
    _add_pages(app, settings, partial(_is_ready, pool))
    return Api(gate, app, directory)


def _open_key_rooms(app: FastAPI, peppers: Peppers, audit: AuditLog) -> None:
    """Make what the routes on keys and leaks work with."""
    keys = ApiKeys(peppers, audit)
    scopes = {
        f"{method} {route.path}": declared.scope
        for route in api_routes()
        if (declared := declared_scope(route)) is not None and declared.scope is not None
        for method in ("HEAD", *(route.methods or ()))
    }
    app.state.key_admin = KeyAdmin(keys, scopes)
    app.state.leaks = Leaks(peppers, keys, audit)


async def _open_hooks(
    pool: Pool, planted: PlantedKeys, sessions: SessionReader, stack: AsyncExitStack
) -> tuple[GateHooks, list[Background]]:
    """Make what hears of every request, and what writes it down in the background."""
    usage = UsageCounter()
    recorder = UsageRecorder(pool, usage)
    await recorder.start()
    stack.push_async_callback(recorder.stop)
    uses = KeyUses(pool)
    hooks = GateHooks(
        on_identified=uses.note,
        on_finished=partial(_finished, usage),
        on_key_in_url=_spawning(planted.report_in_url),
        read_session=sessions,
        check_public=sessions.check_public,
    )
    return hooks, [uses.run, KeyWatch(pool).run]


def _make_app(pool: Pool, idempotency_secret: bytes, planted: PlantedKeys) -> FastAPI:
    app = _make_routed_app()
    settle = partial(settle_everything, pool)
    app.state.edge = EdgeResources(pool, idempotency_secret, settle, planted.refuse)
    return app


def _make_routed_app() -> FastAPI:
    app = FastAPI(
        title="JustPaid Workflows",
        version=__version__,
        summary="Durable workflows for finance and billing teams.",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    for router in ROUTERS:
        app.include_router(router)
    return app


def openapi_document() -> dict[str, Any]:
    """Write the API's OpenAPI document from the code alone; a server adds its health routes."""
    return complete_openapi(_make_routed_app(), api_routes())


def _add_pages(app: FastAPI, settings: Settings, is_ready: Callable[[], Awaitable[bool]]) -> None:
    """Add what is no API: health, the OpenAPI document, the documentation."""
    app.include_router(health_router(is_ready, settings.metrics_token))
    document: dict[str, Any] = {}

    def read_document() -> dict[str, Any]:
        if not document:  # written on the first question: a start need not wait for it
            document.update(complete_openapi(app, api_routes()))
        return document

    pages = APIRouter()

    async def openapi() -> Response:
        return Response(exact_json.encode(read_document()), media_type="application/json")

    def address_of(_: Request) -> str:
        return settings.base_url

    pages.add_api_route("/openapi.json", openapi, include_in_schema=False)
    app.include_router(pages)
    app.include_router(docs_router(read_document, address_of))
    app.include_router(dashboard_router())  # the last: it answers whatever nobody else does


async def _require_redis_for_more(settings: Settings, directory: KeyDirectory) -> None:
    """Raise SettingsError when another API process serves too and limits have no common store."""
    if settings.redis_url is not None or settings.database_url is None:
        return
    await directory.lease.wait_until_held()
    connection = await connect(settings.database_url)
    try:
        if await is_alone(connection, directory.lease.process_id):
            return
    finally:
        await connection.close()
    raise SettingsError(
        "JUSTPAID_REDIS_URL: is needed for more than one API process, because rate limits are"
        " counted over all of them. Another API process serves this database now: stop it, or give"
        " every API process the same JUSTPAID_REDIS_URL (Redis or Valkey)."
    )


async def _is_ready(pool: Pool) -> bool:
    try:
        async with asyncio.timeout(2), pool.acquire() as connection:
            return await is_current(connection)
    except Exception:  # whatever it is, this process cannot serve now
        _log.warning("not_ready", exc_info=True)
        return False


async def _purge(pool: Pool) -> None:
    """Forget answers stored for Idempotency-Key, sessions and links once they are over."""
    while True:
        await asyncio.sleep(_PURGE_SECONDS)
        try:
            async with pool.acquire() as connection:
                await purge_answers(connection)
                await purge_expired(connection)
        except Exception:  # the next turn does it
            _log.warning("not_purged", exc_info=True)


def _finished(usage: UsageCounter, finished: FinishedRequest) -> None:
    usage.note(finished)
    route = finished.route or "none"
    _counter_of(route, finished.method, finished.status).inc()


@lru_cache(maxsize=4096)
def _counter_of(route: str, method: str, status: int) -> Counter:
    """Find the counter of one kind of answer: looking its labels up costs more than counting."""
    return _REQUESTS.labels(route, method, status)


async def _is_in_force(directory: KeyDirectory, caller: Caller) -> bool:
    """Say whether the key of an open stream still lets requests in."""
    key_id = caller.key_id
    return key_id is not None and await directory.is_in_force(caller.company_id, key_id)


def _spawning(
    act: Callable[[bytes, str | None], Coroutine[Any, Any, None]],
) -> Callable[[bytes, str | None], None]:
    """Let a hook in the request's path begin something that takes longer."""
    running: set[asyncio.Task[None]] = set()

    def begin(query: bytes, address: str | None) -> None:
        task = asyncio.create_task(act(query, address))
        running.add(task)
        task.add_done_callback(running.discard)

    return begin


def _serve_metrics(bind: tuple[str, int]) -> None:
    host, port = bind
    try:
        start_http_server(port, host)
    except OSError as error:
        _log.warning("metrics_not_served", host=host, port=port, reason=error.strerror)


async def _cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _close_pool(pool: Pool) -> None:
    try:
        await asyncio.wait_for(pool.close(), 2)
    except TimeoutError:
        pool.terminate()
