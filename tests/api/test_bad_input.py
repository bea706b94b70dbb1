"""Bad input: a clear 4xx that names every place, nothing stored, no secret repeated."""

import gzip
from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

import httpx
import pytest

from justpaid import exact_json
from justpaid.db.pool import Pool
from tests.api.whole_service import WholeService

STEP: dict[str, Any] = {"id": "a", "type": "transform", "config": {"mapping": {"x": "{{ input }}"}}}
DEFINITION: dict[str, Any] = {"name": "Test", "trigger": {"type": "api"}, "steps": [STEP]}
JSON = {"content-type": "application/json"}


@pytest.fixture
async def client(service: WholeService, own_company_id: UUID) -> AsyncGenerator[httpx.AsyncClient]:
    """Call with every scope."""
    async with service.client(await service.make_key(own_company_id)) as caller:
        yield caller


def _fields(answer: httpx.Response) -> list[str]:
    return [detail["field"] for detail in answer.json()["error"]["details"]]


_BROKEN = [
    (b'{"name": "x"', "", "not JSON at all"),
    (b"[1,2]", "", "no object"),
    (b"\xff\xfe", "", "not UTF-8"),
    (b'{"name": "a\\u0000b"}', "name", "NUL"),
    (b'{"name": "\\ud800"}', "name", "a lone surrogate"),
    (b'{"variables": {"n": 1e999999999}}', "variables.n", "a huge exponent"),
    (b'{"variables": {"n": ' + b"7" * 5000 + b"}}", "variables.n", "5,000 digits"),
    (b"[" * 10_000, "", "10,000 levels"),
    (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "", "10,000 objects"),
    (b'{"name": NaN}', "", "NaN"),
]


@pytest.mark.parametrize("path", ["/workflows", "/workflows/validate", "/connections"])
@pytest.mark.parametrize(("body", "field"), [case[:2] for case in _BROKEN], ids=range(len(_BROKEN)))
async def test_broken_json_is_a_400_with_its_place(
    client: httpx.AsyncClient, path: str, body: bytes, field: str
) -> None:
    """Whatever a parser stumbles over is a 400 that says where, on every route that reads."""
    answer = await client.post(path, content=body, headers=JSON)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["code"] == "VALIDATION_ERROR"
    assert field in _fields(answer)


async def test_large_and_packed_bodies(client: httpx.AsyncClient) -> None:
    """A body over 1 MiB is 413, a compressed or foreign one 415, and the answer is read."""
    large = b'{"name":"' + b"x" * (2 << 20) + b'"}'
    assert (await client.post("/workflows", content=large, headers=JSON)).status_code == 413
    packed = gzip.compress(exact_json.encode(DEFINITION))
    answer = await client.post(
        "/workflows", content=packed, headers={**JSON, "content-encoding": "gzip"}
    )
    assert answer.status_code == 415
    answer = await client.post("/workflows", data={"name": "form"})
    assert answer.status_code == 415


async def test_every_problem_is_named_at_once(client: httpx.AsyncClient) -> None:
    """A definition with five mistakes is answered with five places, and nothing is stored."""
    bad = {
        "name": "",
        "trigger": {"type": "nowhere"},
        "surprise": 1,
        "steps": [
            {"id": "a", "type": "transform", "config": {"mapping": {"x": "{{ stpes.a }}"}}},
            {"id": "a", "type": "transform", "config": {"mapping": {"x": 1}}},
            {"id": "b", "type": "teleport"},
            {"id": "c", "type": "stop", "dependsOn": ["zzz"]},
        ],
    }
    answer = await client.post("/workflows", json=bad)
    assert answer.status_code == 400
    fields = _fields(answer)
    expected = ["name", "trigger.type", "surprise", "steps[3].dependsOn[0]", "steps[2].type"]
    assert set(expected) <= set(fields)
    assert any(field.startswith("steps[0].config.mapping.x") for field in fields)
    assert any(field.startswith("steps[1].id") for field in fields)
    assert (await client.get("/workflows")).json()["data"] == []


_EVIL_SCHEMAS = [
    {"$ref": "https://example.com/schema.json"},
    {"$ref": "file:///etc/passwd"},
    {"type": "string", "pattern": "(?=a)b"},
    {"type": "nonsense"},
]


@pytest.mark.parametrize("schema", _EVIL_SCHEMAS, ids=range(len(_EVIL_SCHEMAS)))
async def test_evil_schemas_are_refused(client: httpx.AsyncClient, schema: dict[str, Any]) -> None:
    """A user's schema reaches nothing outside and cannot make the service think for ever."""
    answer = await client.post("/workflows", json={**DEFINITION, "inputSchema": schema})
    assert answer.status_code == 400
    assert any(field.startswith("inputSchema") for field in _fields(answer))


async def test_a_backtracking_pattern_ends(client: httpx.AsyncClient) -> None:
    """A pattern that backtracks elsewhere is linear here: refused, or answered at once."""
    schema = {
        "type": "object",
        "properties": {"v": {"type": "string", "pattern": "^(a+)+$"}},
    }
    made = await client.post("/workflows", json={**DEFINITION, "inputSchema": schema})
    if made.status_code == 201:
        workflow = made.json()["data"]["id"]
        await client.post(f"/workflows/{workflow}/activate")
        body = {"input": {"v": "a" * 5000 + "!"}}
        answer = await client.post(f"/workflows/{workflow}/run", json=body)
        assert answer.status_code == 400
        assert "input.v" in _fields(answer)
    else:
        assert made.status_code == 400


@pytest.mark.parametrize(
    "query", ["cursor=nonsense", "cursor=AAAA", "cursor=%00", "limit=0", "limit=101", "limit=x"]
)
async def test_bad_paging_is_a_400(client: httpx.AsyncClient, query: str) -> None:
    """A cursor we did not make, or a limit out of range, is the caller's mistake, named."""
    for path in ("/workflows", "/runs", "/connections"):
        answer = await client.get(f"{path}?{query}")
        assert answer.status_code == 400, path
        assert _fields(answer) == [query.partition("=")[0]]


async def test_a_planted_key_is_refused_and_never_repeated(
    service: WholeService, client: httpx.AsyncClient, own_company_id: UUID
) -> None:
    """A key in a definition or an input is refused with its path, stored nowhere, and flagged."""
    planted = await service.make_key(own_company_id)
    bad = {**DEFINITION, "variables": {"key": planted}}
    answer = await client.post("/workflows", json=bad)
    assert answer.status_code == 400
    assert "variables.key" in _fields(answer)
    assert planted not in answer.text
    made = await client.post("/workflows", json=DEFINITION)
    workflow = made.json()["data"]["id"]
    await client.post(f"/workflows/{workflow}/activate")
    answer = await client.post(f"/workflows/{workflow}/run", json={"input": {"deep": [planted]}})
    assert answer.status_code == 400
    assert "input.deep[0]" in _fields(answer)
    assert planted not in answer.text
    kinds = await service.pool.fetch("SELECT DISTINCT kind FROM flags")
    assert [row["kind"] for row in kinds] == ["key_in_definition"]
    assert not await _stands_anywhere(service.pool, planted)


async def test_a_credential_stays_hidden(client: httpx.AsyncClient, service: WholeService) -> None:
    """A stored credential is in no table as it is, and in no answer."""
    secret = "planted-credential-4711-0815"
    made = await client.post(
        "/connections",
        json={
            "provider": "http",
            "name": "Bank",
            "authType": "bearer",
            "credentials": {"token": secret},
            "allowedOrigins": ["https://bank.example"],
        },
        headers={"idempotency-key": "once"},
    )
    assert made.status_code == 201, made.text
    again = await client.get(f"/connections/{made.json()['data']['id']}")
    assert secret not in made.text + again.text
    assert not await _stands_anywhere(service.pool, secret)


async def _stands_anywhere(pool: Pool, text: str) -> bool:
    """Search every column of every table, as a dump of the database would show it."""
    tables = await pool.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    hexed = text.encode().hex()
    for table in tables:
        name = table["tablename"]
        rows = await pool.fetch(f"SELECT t::text AS row FROM {name} t")
        if any(text in row["row"] or hexed in row["row"] for row in rows):
            return True
    return False


async def test_exact_numbers_go_through_whole(client: httpx.AsyncClient) -> None:
    """Every digit of an input comes out again, and 100 x 0.029 is 2.9."""
    step = {
        "id": "a",
        "type": "transform",
        "config": {"mapping": {"same": "{{ input.n }}", "fee": "{{ 100 * 0.029 }}"}},
    }
    made = await client.post("/workflows", json={**DEFINITION, "steps": [step]})
    workflow = made.json()["data"]["id"]
    await client.post(f"/workflows/{workflow}/activate")
    raw = b'{"input":{"n":[19.99,2.90,123456789012345678901234567890,-0,1e5]}}'
    answer = await client.post(f"/workflows/{workflow}/run?wait=20", content=raw, headers=JSON)
    assert answer.status_code == 200, answer.text
    assert b'"same":[19.99,2.90,123456789012345678901234567890,0,1E+5]' in answer.content
    assert b'"fee":2.9}' in answer.content
