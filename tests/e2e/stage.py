"""What a browser finds: a real service over companies, people and keys of every state."""

import asyncio
import json
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from justpaid import clock
from justpaid.api_keys.key_changes import zero_tail
from justpaid.api_keys.model import CreatedKey, KeyRequest
from justpaid.api_keys.service import ApiKeys
from justpaid.audit.service import AuditLog
from justpaid.companies import repository as companies
from justpaid.db.embedded import start_embedded
from justpaid.db.migrate import migrate
from justpaid.db.pool import Connection, connect
from justpaid.db.secrets import load_secrets
from justpaid.ids import Prefix, encode_id
from justpaid.keyrings import audit_secrets_of, peppers_of
from justpaid.members.links import LinkPage, link_address, make_setup_link
from justpaid.members.roles import Role
from justpaid.scopes import Scope
from justpaid.settings import Settings
from tests.api.live_service import live_service
from tests.e2e.approvals import Asker, ask_in_every_state
from tests.e2e.keys_of_every_state import make_keys, make_many_keys
from tests.e2e.people import PASSWORD, add_member, make_company

MANY: Final = 500


@contextmanager
def stage(database_url: str, data_dir: Path) -> Generator[dict[str, str]]:
    """Fill a migrated database and serve it; the value is what a browser's program is told of it.

    `BASE_URL` is the service's address, `JUSTPAID_E2E_STAGE` a file that names who can sign in.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    told = asyncio.run(_furnish(database_url, data_dir))
    with live_service(database_url, data_dir) as address:
        for key in told.pop("leakedKeys"):
            body = {"key": key, "url": "https://code.example/acme/billing/blob/main/.env"}
            httpx.post(f"{address}/api/v1/leaks", json=body, timeout=60).raise_for_status()
        lively, approving = told["lively"], told["approving"]
        lively["approvals"] = ask_in_every_state(
            Asker(address, lively["askingKey"]), lively["email"], lively["approverEmail"]
        )
        approving["run"], approving["approval"] = Asker(address, approving["askingKey"]).ask(
            "Supplier payments",
            approvers=[approving["starterEmail"], approving["approverEmail"]],
            noSelfApproval=True,
            title="Pay Nordwind?",
            reason="Invoice 4711, EUR 19,400.00",
        )
        told["setupLinks"] = [
            link_address(address, LinkPage.SETUP, token) for token in told.pop("setupTokens")
        ]
        file = data_dir / "stage.json"
        file.write_text(json.dumps(told), encoding="utf-8")
        yield {"BASE_URL": address, "JUSTPAID_E2E_STAGE": str(file)}


@contextmanager
def own_stage() -> Generator[dict[str, str]]:
    """Bring a database too, and take everything away at the end: for what no test runs."""
    with tempfile.TemporaryDirectory() as folder:
        database = start_embedded(Path(folder) / "database", dies_with_us=True)
        try:
            asyncio.run(migrate(database.dsn))
            with stage(database.dsn, Path(folder) / "service") as told:
                yield told
        finally:
            database.destroy()


async def _furnish(database_url: str, data_dir: Path) -> dict[str, Any]:
    connection = await connect(database_url)
    settings = Settings(database_url=database_url, data_dir=data_dir)
    secrets = await load_secrets(settings, connection)
    keys = ApiKeys(peppers_of(secrets), AuditLog(audit_secrets_of(secrets)))
    try:
        lively, leaked = await _make_lively(connection, keys)
        return {
            "password": PASSWORD,
            "lively": lively,
            "leakedKeys": leaked,
            "acting": await _make_acting(connection, keys),
            "approving": await _make_approving(connection, keys),
            "crowded": await _make_crowded(connection, keys),
            "empty": await _make_empty(connection),
            "setupTokens": [await _make_setup_token(connection, name) for name in ("A", "B")],
        }
    finally:
        await connection.close()


async def _make_lively(connection: Connection, keys: ApiKeys) -> tuple[dict[str, Any], list[str]]:
    """Make a company in which everything there is to show has happened."""
    company_id = await make_company(connection, "Northwind Payments")
    owner = await add_member(connection, company_id, "Ada Lindqvist")
    for name, role in (
        ("Grace Okafor", Role.ADMIN),
        ("Ivo Marković", Role.EDITOR),
        ("Tom Vandersteen", Role.VIEWER),
    ):
        await add_member(connection, company_id, name, role)
    approver = await add_member(connection, company_id, "Priya Raghunathan", Role.APPROVER)
    made = await make_keys(connection, keys, owner, clock.now())
    for name, value in (("BILLING_API_ADDRESS", "https://billing.example"), ("MOST_EUR", "2500")):
        at, by = clock.now(), owner.actor.name
        await companies.set_value(connection, company_id, name, value, at=at, by=by)
    ids = {name: encode_id(Prefix.KEY, created.key.id) for name, created in made.items()}
    told = {
        "email": owner.email,
        "approverEmail": approver.email,
        "askingKey": made["Billing worker, production"].secret,
        "busyKey": ids["Billing worker, production"],
        "rotatedKey": ids["Invoice mailer"],
        "revokedKey": ids["Old ERP bridge"],
        "newKey": ids["Retry bot"],
    }
    return told, [made["Retry bot"].secret]


async def _make_acting(connection: Connection, keys: ApiKeys) -> dict[str, str]:
    """Make the company that the acts are tried in, and a second one of the same owner."""
    company_id = await make_company(connection, "Acting Company")
    second = await make_company(connection, "Second Company")
    owner = await add_member(connection, company_id, "Olga Berg")
    await add_member(connection, second, "Olga Berg", Role.VIEWER)
    admin = await add_member(connection, company_id, "Alan Reed", Role.ADMIN)
    stepper = await add_member(connection, company_id, "Stella Two", Role.ADMIN)
    made: dict[str, CreatedKey] = {}
    async with zero_tail(connection) as changes:
        for name in ("Wide key", "Switched key", "Leaky key", "Falsely reported key"):
            request = KeyRequest(name=name, scopes=frozenset(Scope))
            by = admin.actor if name == "Wide key" else owner.actor
            made[name] = await keys.create_key(changes, company_id, request, by=by)
        ending = await keys.create_key(
            *(changes, company_id, KeyRequest(name="Ending key", scopes=frozenset(Scope))),
            by=owner.actor,
        )
    await connection.execute(
        "UPDATE api_keys SET created_at = now() - interval '70 days' WHERE id = $1",
        made["Wide key"].key.id,
    )
    await connection.execute(
        "UPDATE api_keys SET created_at = now() - interval '84 days',"
        " expires_at = now() + interval '6 days' WHERE id = $1",
        ending.key.id,
    )
    return {
        "email": owner.email,
        "adminEmail": admin.email,
        "stepperEmail": stepper.email,
        "wideKey": made["Wide key"].secret,
        "switchedKey": made["Switched key"].secret,
        "leakyKey": made["Leaky key"].secret,
        "falselyReportedKey": made["Falsely reported key"].secret,
    }


async def _make_approving(connection: Connection, keys: ApiKeys) -> dict[str, str]:
    """Make a company of one who starts runs, by a key, and one who decides about them."""
    company_id = await make_company(connection, "Approving Company")
    starter = await add_member(connection, company_id, "Sven Starter")
    approver = await add_member(connection, company_id, "Pia Approver", Role.APPROVER)
    request = KeyRequest(name="Payment service", scopes=frozenset(Scope))
    async with zero_tail(connection) as changes:
        made = await keys.create_key(changes, company_id, request, by=starter.actor)
    return {
        "starterEmail": starter.email,
        "approverEmail": approver.email,
        "askingKey": made.secret,
    }


async def _make_crowded(connection: Connection, keys: ApiKeys) -> dict[str, str]:
    company_id = await make_company(connection, "Crowded Company")
    owner = await add_member(connection, company_id, "Clara Crowd")
    await make_many_keys(connection, keys, owner, clock.now(), MANY)
    return {"email": owner.email}


async def _make_empty(connection: Connection) -> dict[str, str]:
    company_id = await make_company(connection, "Empty Company")
    return {"email": (await add_member(connection, company_id, "Emil Empty")).email}


async def _make_setup_token(connection: Connection, name: str) -> str:
    company_id = await make_company(connection, f"Awaited Company {name}")
    return await make_setup_link(connection, company_id)
