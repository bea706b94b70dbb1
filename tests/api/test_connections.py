"""`/api/v1/connections` on a real database: secrets go in and never come out."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest
from aiohttp import web
from aiohttp.test_utils import RawTestServer
from fastapi import FastAPI

from justpaid import exact_json
from justpaid.audit.chain import AuditSecret, AuditSecrets
from justpaid.audit.service import AuditLog
from justpaid.connections.routes import router
from justpaid.connections.service import Connections
from justpaid.db.encryption import KeyRing
from justpaid.db.pool import Pool
from justpaid.db.secrets import SecretRing, VersionedSecret
from justpaid.ids import Prefix, encode_id, new_id
from justpaid.outbound.client import OutboundClient
from justpaid.outbound.policy import OutboundPolicy, parse_allow
from justpaid.scopes import Scope
from justpaid.web.caller import CALLER_KEY, Caller
from justpaid.web.routing import EdgeResources

_SECRET = "planted-token-7f3a9c"
_ORIGIN = "https://api.example.com"
_KEYS = KeyRing(SecretRing("master_key", VersionedSecret(1, b"1" * 32)))

AsgiApp = Callable[[MutableMapping[str, Any], Any, Any], Awaitable[None]]


@dataclass
class Api:
    """An in-process API whose requests come from `caller`."""

    client: httpx.AsyncClient
    caller: Caller

    async def send(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        """Send a request, and return status and answer."""
        content = None if body is None else exact_json.encode(body)
        answer = await self.client.request(
            method,
            f"/api/v1{path}",
            content=content,
            headers={"content-type": "application/json", **headers},
        )
        assert _SECRET not in answer.text
        return answer.status_code, exact_json.parse(answer.content)

    async def create(self, **changes: object) -> dict[str, Any]:
        """Make a connection and return it."""
        status, answer = await self.send("POST", "/connections", _asked(**changes))
        assert status == 201, answer
        return answer["data"]


def _asked(**changes: object) -> dict[str, object]:
    return {
        "provider": "http",
        "name": "Billing API",
        "credentials": {"token": _SECRET},
        "allowedOrigins": [_ORIGIN],
    } | changes


@pytest.fixture
async def outbound() -> AsyncIterator[OutboundClient]:
    """Make a client that may reach loopback."""
    async with OutboundClient(OutboundPolicy(allow=parse_allow("127.0.0.1"))) as client:
        yield client


@pytest.fixture
async def api(pool: Pool, company_id: UUID, outbound: OutboundClient) -> AsyncIterator[Api]:
    """Make the API of connections with a caller who may do everything with them."""
    app = FastAPI()
    app.include_router(router)
    audit = AuditLog(AuditSecrets(AuditSecret(1, b"a" * 32)))
    app.state.edge = EdgeResources(pool, b"i" * 32)
    app.state.connections = Connections(_KEYS, audit, outbound)
    scopes = frozenset({Scope.CONNECTIONS_READ, Scope.CONNECTIONS_WRITE})
    made = Api(httpx.AsyncClient(), Caller(company_id, "key_test", scopes))

    async def as_caller(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        await app({**scope, CALLER_KEY: made.caller}, receive, send)

    transport = httpx.ASGITransport(as_caller)
    async with httpx.AsyncClient(transport=transport, base_url="http://service.test") as client:
        made.client = client
        yield made


@asynccontextmanager
async def _provider(status: int = 200) -> AsyncGenerator[tuple[str, list[tuple[str, str | None]]]]:
    seen: list[tuple[str, str | None]] = []

    async def handler(request: web.BaseRequest) -> web.Response:
        authorization = request.headers.get("Authorization")
        seen.append((request.path, authorization))
        return web.Response(status=status, text=f"you sent {authorization}")

    server = RawTestServer(handler, host="127.0.0.1")
    await server.start_server()
    try:
        yield f"http://127.0.0.1:{server.port}", seen
    finally:
        await server.close()


async def test_a_connection_is_made_and_shows_hints_only(api: Api) -> None:
    """A credential goes in, and what comes back identifies it without giving it away."""
    made = await api.create(testUrl=f"{_ORIGIN}/me")
    assert made["id"].startswith("conn_")
    assert (made["status"], made["authType"], made["provider"]) == ("active", "bearer", "http")
    assert made["hints"] == {"token": "…3a9c"}
    assert made["allowedOrigins"] == [_ORIGIN]
    assert made["testUrl"] == f"{_ORIGIN}/me"
    status, answer = await api.send("GET", f"/connections/{made['id']}")
    assert (status, answer["data"]) == (200, made)


async def test_every_problem_of_a_request_is_named_at_once(api: Api) -> None:
    """A wrong body is one 400 that lists each field."""
    body = _asked(provider="nope", allowedOrigins=["https://x/y"], testUrl="z")
    status, answer = await api.send("POST", "/connections", body)
    assert (status, answer["error"]["code"]) == (400, "VALIDATION_ERROR")
    fields = [detail["field"] for detail in answer["error"]["details"]]
    assert fields == ["provider", "allowedOrigins[0]", "testUrl"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (_asked(colour="red"), "colour"),
        (_asked(name=""), "name"),
        (_asked(name=5), "name"),
        (_asked(authType="nonsense"), "authType"),
        (_asked(credentials="token"), "credentials"),
        (_asked(credentials={"token": "a\r\nb"}), "credentials.token"),
        (_asked(allowedOrigins=_ORIGIN), "allowedOrigins"),
        ({"name": "x", "credentials": {}, "allowedOrigins": [_ORIGIN]}, "provider"),
    ],
)
async def test_a_malformed_body_is_refused_with_its_path(
    api: Api, body: dict[str, object], field: str
) -> None:
    """Unknown fields and wrong types are named, and nothing is stored."""
    status, answer = await api.send("POST", "/connections", body)
    assert status == 400
    assert [detail["field"] for detail in answer["error"]["details"]] == [field]
    assert (await api.send("GET", "/connections"))[1]["data"] == []


async def test_lists_are_paged_and_filtered(api: Api) -> None:
    """Pages neither repeat nor lose a connection, and filters narrow them."""
    made = [(await api.create(name=f"c{number}"))["id"] for number in range(5)]
    seen: list[str] = []
    cursor = ""
    while True:
        status, answer = await api.send("GET", f"/connections?limit=2{cursor}")
        assert status == 200
        seen += [item["id"] for item in answer["data"]]
        assert answer["meta"]["hasMore"] is (answer["meta"]["cursor"] is not None)
        if answer["meta"]["cursor"] is None:
            break
        cursor = f"&cursor={answer['meta']['cursor']}"
    assert seen == made[::-1]
    for query, count in (("provider=http", 5), ("provider=x", 0), ("status=expired", 0)):
        answer = (await api.send("GET", f"/connections?{query}"))[1]
        assert len(answer["data"]) == count
    for query in ("status=nonsense", "limit=0", "limit=101", "cursor=x"):
        assert (await api.send("GET", f"/connections?{query}"))[0] == 400


async def test_a_change_replaces_what_it_names(api: Api) -> None:
    """Name and credentials change; the rest stays; the answer shows the new hint."""
    made = await api.create()
    path = f"/connections/{made['id']}"
    status, answer = await api.send("PUT", path, {"name": "New name"})
    assert (status, answer["data"]["name"]) == (200, "New name")
    assert answer["data"]["hints"] == made["hints"]
    credentials = {"header": "X-Key", "key": "another-secret-value"}
    status, answer = await api.send("PUT", path, {"credentials": credentials})
    assert (status, answer["data"]["authType"]) == (200, "api_key")
    assert answer["data"]["hints"] == {"header": "X-Key", "key": "…alue"}
    assert answer["data"]["updatedAt"] > made["updatedAt"]


async def test_a_secret_cannot_be_aimed_elsewhere_by_a_change(api: Api) -> None:
    """Allowing another origin without knowing the credential is refused, and changes nothing."""
    made = await api.create()
    path = f"/connections/{made['id']}"
    status, answer = await api.send("PUT", path, {"allowedOrigins": ["https://evil.example"]})
    assert status == 400
    assert answer["error"]["details"][0]["field"] == "credentials"
    assert (await api.send("GET", path))[1]["data"] == made


async def test_another_companys_connection_does_not_exist(api: Api, pool: Pool) -> None:
    """Every route answers 404 for a foreign id, the same as for none."""
    foreign = (await api.create())["id"]
    other = new_id()
    await pool.execute("INSERT INTO companies (id, name) VALUES ($1, 'Other')", other)
    api.caller = Caller(other, "key_other", api.caller.scopes)
    for unknown in (foreign, encode_id(Prefix.CONNECTION, new_id()), "conn_x", "wf_x"):
        for method, suffix, body in (
            ("GET", "", None),
            ("PUT", "", {"name": "mine"}),
            ("POST", "/test", {}),
            ("DELETE", "", None),
        ):
            status, answer = await api.send(method, f"/connections/{unknown}{suffix}", body)
            assert (status, answer["error"]["code"]) == (404, "NOT_FOUND"), (method, suffix)
    assert (await api.send("GET", "/connections"))[1]["data"] == []


async def test_each_route_needs_its_scope(api: Api) -> None:
    """Reading needs connections:read, everything else connections:write."""
    path = f"/connections/{(await api.create())['id']}"
    calls = {
        Scope.CONNECTIONS_READ: [("GET", "/connections", None), ("GET", path, None)],
        Scope.CONNECTIONS_WRITE: [
            ("POST", "/connections", _asked()),
            ("PUT", path, {}),
            ("POST", f"{path}/test", {}),
            ("GET", "/connections/http/auth-url", None),
            ("DELETE", path, None),
        ],
    }
    for scope, requests in calls.items():
        api.caller = Caller(api.caller.company_id, "key_x", frozenset(Scope) - {scope})
        for method, where, body in requests:
            status, answer = await api.send(method, where, body)
            assert status == 403, (method, where)
            assert str(scope) in answer["error"]["details"][0]["message"]


async def test_signing_in_is_refused_where_a_provider_has_none(api: Api) -> None:
    """A caller learns how such a connection is made instead."""
    status, answer = await api.send("GET", "/connections/http/auth-url?redirectUrl=https://x")
    assert status == 400
    assert "POST /api/v1/connections" in answer["error"]["message"]
    assert (await api.send("GET", "/connections/nope/auth-url"))[0] == 400


async def test_a_test_reads_with_the_credential_and_reports(api: Api) -> None:
    """A person sees whether the provider takes the credential, and the echo of it is masked."""
    async with _provider() as (origin, seen):
        made = await api.create(allowedOrigins=[origin], testUrl=f"{origin}/me")
        status, answer = await api.send("POST", f"/connections/{made['id']}/test", {})
    assert status == 200
    assert seen == [("/me", f"Bearer {_SECRET}")]
    assert (answer["data"]["ok"], answer["data"]["status"]) == (True, 200)
    assert answer["data"]["body"] == "you sent ***"
    found = (await api.send("GET", f"/connections/{made['id']}"))[1]["data"]
    assert found["lastUsedAt"] is not None
    assert found["lastError"] is None


async def test_a_test_that_fails_says_why_and_leaves_the_connection_usable(api: Api) -> None:
    """A refused credential is shown; a guess never stops the workflows that use it."""
    async with _provider(401) as (origin, _):
        made = await api.create(allowedOrigins=[origin])
        refused = (await api.send("POST", f"/connections/{made['id']}/test", {}))[1]["data"]
    assert (refused["ok"], refused["status"]) == (False, 401)
    unreached = (await api.send("POST", f"/connections/{made['id']}/test", {}))[1]["data"]
    assert (unreached["ok"], unreached["status"]) == (False, None)
    found = (await api.send("GET", f"/connections/{made['id']}"))[1]["data"]
    assert (found["status"], found["lastError"]) == ("active", unreached["message"])


async def test_a_test_cannot_read_inside(api: Api) -> None:
    """A connection to an internal address reaches nothing."""
    made = await api.create(allowedOrigins=["http://169.254.169.254"])
    answer = (await api.send("POST", f"/connections/{made['id']}/test", {}))[1]
    assert answer["data"]["ok"] is False
    assert "public internet" in answer["data"]["message"]


async def test_a_deleted_connection_is_gone(api: Api, pool: Pool) -> None:
    """Deleting removes the sealed credential too, and a second time finds nothing."""
    made = await api.create()
    assert (await api.send("DELETE", f"/connections/{made['id']}"))[0] == 200
    assert (await api.send("DELETE", f"/connections/{made['id']}"))[0] == 404
    assert await pool.fetchval("SELECT count(*) FROM connections") == 0


@pytest.mark.parametrize(("method", "act"), [("POST", "/test"), ("DELETE", "")])
async def test_an_act_without_a_body_takes_none(api: Api, method: str, act: str) -> None:
    """A field sent along with a test or a deletion is refused by name, and nothing is done."""
    path = f"/connections/{(await api.create())['id']}"
    status, answer = await api.send(method, f"{path}{act}", {"testUrl": "https://a.example"})
    assert status == 400
    assert [problem["field"] for problem in answer["error"]["details"]] == ["testUrl"]
    assert (await api.send("GET", path))[1]["data"]["lastError"] is None


async def test_a_repeat_with_the_same_key_makes_one_connection(api: Api) -> None:
    """A client that retries a create does not end up with two."""
    answers = [
        await api.send("POST", "/connections", _asked(), **{"Idempotency-Key": "k"})
        for _ in range(2)
    ]
    assert answers[0] == answers[1]
    assert len((await api.send("GET", "/connections"))[1]["data"]) == 1


async def test_a_dump_of_the_database_holds_no_secret(
    api: Api, pool: Pool, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither a table nor a log line knows the credential after all a connection's life."""
    async with _provider() as (origin, _):
        made = await api.create(allowedOrigins=[origin])
        path = f"/connections/{made['id']}"
        await api.send("POST", f"{path}/test", {}, **{"Idempotency-Key": "k"})
        await api.send("PUT", path, {"credentials": {"token": f"{_SECRET}-2"}})
        await api.send("PUT", path, {"credentials": {"token": f"{_SECRET}\n"}})
    tables = await pool.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    dump = ""
    for table in tables:
        rows = await pool.fetch(f'SELECT t::text FROM "{table["tablename"]}" t')
        dump += "".join(str(row[0]) for row in rows)
    assert made["id"] in dump
    for spelling in (_SECRET, _SECRET.encode().hex()):
        assert spelling not in dump
    printed = capfd.readouterr()
    assert _SECRET not in printed.out + printed.err


async def test_every_act_leaves_an_audit_row_without_secrets(api: Api, pool: Pool) -> None:
    """The company can see who made, changed, tested and deleted a connection."""
    made = await api.create(allowedOrigins=["http://169.254.169.254"])
    path = f"/connections/{made['id']}"
    await api.send("PUT", path, {"credentials": {"token": f"{_SECRET}-2"}})
    await api.send("POST", f"{path}/test", {})
    await api.send("DELETE", path)
    rows = await pool.fetch(
        "SELECT actor, action, object_id, before, after FROM audit_log ORDER BY seq"
    )
    assert [row["action"] for row in rows] == [
        "connection.created",
        "connection.changed",
        "connection.tested",
        "connection.deleted",
    ]
    assert {row["object_id"] for row in rows} == {made["id"]}
    assert {row["actor"] for row in rows} == {"key_test"}
    assert '"credentialsReplaced":true' in rows[1]["after"]
