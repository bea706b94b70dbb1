"""Plays the demo: start everything, make a company and a key, run a workflow, show the run."""

import asyncio
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, Final, NoReturn

import aiohttp
from rich.console import Console

from justpaid import exact_json
from justpaid.api_keys.key_changes import zero_tail
from justpaid.api_keys.model import KeyRequest
from justpaid.api_keys.service import ApiKeys
from justpaid.audit.model import Actor
from justpaid.audit.service import AuditLog
from justpaid.companies.service import create_company
from justpaid.db.pool import connect
from justpaid.db.secrets import load_secrets
from justpaid.demo.printout import print_run, print_setup_link, print_what_to_try
from justpaid.demo.providers import Providers
from justpaid.exact_json import JsonObject
from justpaid.keyrings import audit_secrets_of, peppers_of
from justpaid.members.links import LinkPage, link_address, make_setup_link
from justpaid.scopes import Scope
from justpaid.settings import Settings, load_settings
from justpaid.supervisor import Supervisor, find_free_port

EXAMPLE: Final = "invoice-on-deal-closed.json"

_PACKAGED: Final = Path(__file__).parents[1] / "examples"
_CHECKOUT: Final = Path(__file__).parents[3] / "examples"
_OPERATOR: Final = Actor("operator:demo")
_WAIT_SECONDS: Final = 20
_PIPED_WIDTH: Final = 130
_TEND_SECONDS: Final = 0.5


def run_demo(*, port: int | None = None, stay: bool | None = None) -> None:
    """Play the demo; with `stay` (by default: in a terminal) the service runs on until Ctrl-C.

    Everything lives in a folder of its own that is deleted at the end.
    """
    width = None if sys.stdout.isatty() else _PIPED_WIDTH
    console = Console(file=sys.stdout, highlight=False, width=width)
    say = partial(Console(file=sys.stderr, highlight=False).print, soft_wrap=True)
    stay = sys.stdout.isatty() if stay is None else stay
    with tempfile.TemporaryDirectory(prefix="justpaid-demo-") as folder, _providers() as providers:
        say("Starting PostgreSQL, the API and a worker …")
        settings = _settings(Path(folder), providers, port)
        supervisor = Supervisor(settings, keeps_data=False)
        with _ctrl_c(), supervisor:
            supervisor.wait_ready()
            key, setup_token = asyncio.run(_make_key(settings, supervisor.dsn))
            say(f"The service answers at {settings.base_url}. Running examples/{EXAMPLE} …")
            workflow_id, run = asyncio.run(_play(settings.base_url, key, providers.address))
            print_run(console, run, providers)
            print_setup_link(console, link_address(settings.base_url, LinkPage.SETUP, setup_token))
            if run["status"] != "completed":
                raise SystemExit(1)
            if stay:
                print_what_to_try(console, settings.base_url, key, workflow_id, run["id"])
                _keep_running(supervisor)
            say("Stopping everything …")


def find_example(name: str) -> Path:
    """Find an example workflow: in the package, or in the checkout it was installed from."""
    folder = _PACKAGED if _PACKAGED.is_dir() else _CHECKOUT
    return folder / name


def _settings(folder: Path, providers: Providers, port: int | None) -> Settings:
    wanted = load_settings({"data_dir": folder, "port": port})
    host, _, provider_port = providers.address.removeprefix("http://").partition(":")
    return replace(
        wanted,
        database_url=None,
        port=find_free_port(wanted.host, wanted.port),
        outbound_allow=f"{host}:{provider_port}",
        metrics_bind=None,
        log_level="warning",
    )


@contextmanager
def _providers() -> Generator[Providers]:
    """Run the providers' stand-ins on an event loop of their own."""
    providers = Providers()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="providers", daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(providers.start(), loop).result()
    try:
        yield providers
    finally:
        asyncio.run_coroutine_threadsafe(providers.stop(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _make_key(settings: Settings, dsn: str) -> tuple[str, str]:
    """Make the demo's company, key and set-up link as an operator does with the command line."""
    connection = await connect(dsn)
    try:
        secrets = await load_secrets(settings, connection)
        keys = ApiKeys(peppers_of(secrets), AuditLog(audit_secrets_of(secrets)))
        company = await create_company(connection, name="Acme GmbH", currency="EUR")
        request = KeyRequest(name="demo", scopes=frozenset(Scope))
        async with zero_tail(connection) as changes:
            created = await keys.create_key(changes, company.id, request, by=_OPERATOR)
        setup_token = await make_setup_link(connection, company.id)
    finally:
        await connection.close()
    return created.secret, setup_token


async def _play(base_url: str, key: str, providers: str) -> tuple[str, dict[str, Any]]:
    """Create, activate and run the example through the public API; return the finished run."""
    definition = exact_json.parse(find_example(EXAMPLE).read_bytes())
    headers = {"x-api-key": key, "Content-Type": "application/json"}
    async with aiohttp.ClientSession(f"{base_url}/api/v1/", headers=headers) as http:
        workflow = await _post(http, "workflows", definition)
        path = f"workflows/{workflow['id']}"
        await _post(http, f"{path}/activate", {})
        body = {"input": _deal(providers)}
        run = await _post(http, f"{path}/run?wait={_WAIT_SECONDS}", body)
    return workflow["id"], run


def _deal(providers: str) -> JsonObject:
    return {
        "billingUrl": f"{providers}/stripe",
        "chatUrl": f"{providers}/slack",
        "deal": {
            "id": "006-1042",
            "name": "Annual plan",
            "customer": {"name": "Initech", "email": "ap@initech.example"},
            "currency": "EUR",
            "discountPercent": Decimal("2.5"),
            "lines": [
                {"description": "Seats", "quantity": 3, "unitPrice": Decimal("19.99")},
                {"description": "Usage", "quantity": 100, "unitPrice": Decimal("0.029")},
            ],
        },
    }


async def _post(http: aiohttp.ClientSession, path: str, body: object) -> dict[str, Any]:
    async with http.post(path, data=exact_json.encode(body)) as answer:
        raw = await answer.read()
        if not answer.ok:
            raise SystemExit(f"POST {path} was answered {answer.status}: {raw.decode()}")
        value: Any = exact_json.parse(raw)
        return value["data"]


@contextmanager
def _ctrl_c() -> Generator[None]:
    """Let SIGTERM end the demo as Ctrl-C does: cleanly, and without a trace of it."""

    def interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _keep_running(supervisor: Supervisor) -> None:
    try:
        while True:
            supervisor.tend()
            time.sleep(_TEND_SECONDS)
    except KeyboardInterrupt:
        return
