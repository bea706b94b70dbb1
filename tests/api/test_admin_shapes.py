"""What the routes on keys, usage, leaks, notices and audit answer, held to the document."""

from typing import Any
from uuid import UUID

import jsonschema_rs

from justpaid.ids import Prefix, decode_id
from justpaid.usage import repository as usage
from justpaid.usage.model import Finding, FlagKind
from tests.api.people_stage import People
from tests.api.whole_service import WholeService

PREFIX = "/api/v1/admin"


async def test_answers_have_the_documented_shape(
    service: WholeService, own_company_id: UUID
) -> None:
    """A client generated from the document can read every answer, and nothing undocumented."""
    browser = await People(service).signed_in(own_company_id)
    document = (await browser.client.get("http://127.0.0.1/openapi.json")).json()
    body = {"name": "Billing", "scopes": ["workflows:read", "runs:read"]}
    key = (await browser.do("POST", "/keys", body, 201))["id"]
    leaked = (await browser.do("POST", "/keys", body, 201))["key"]
    report = await browser.client.post("http://127.0.0.1/api/v1/leaks", json={"key": leaked})
    _hold(document, "/api/v1/leaks", "post", report.status_code, report.json())
    key_id = decode_id(Prefix.KEY, key)
    assert key_id is not None
    async with service.pool.acquire() as connection:
        finding = Finding(own_company_id, key_id, FlagKind.BROWSER_USE, "x", {"agent": "x"})
        await usage.add_flag(connection, own_company_id, finding)
    flag = (await browser.get("/flags"))[0]["id"]
    leak = (await browser.get("/leaks"))[0]["id"]
    notice = (await browser.get("/notices"))[0]["id"]
    asked: list[tuple[str, str, str, Any]] = [
        ("GET", "/keys", "", None),
        ("POST", "/keys", "", body),
        ("GET", "/keys/{id}", key, None),
        ("PATCH", "/keys/{id}", key, {"limits": {"read": 5}}),
        ("POST", "/keys/{id}/rotate", key, {}),
        ("GET", "/keys/{id}/pair", key, None),
        ("GET", "/keys/{id}/usage", key, None),
        ("GET", "/keys/{id}/advice", key, None),
        ("POST", "/keys/{id}/trim", key, {"scopes": ["runs:read"]}),
        ("POST", "/keys/{id}/disable", key, {}),
        ("POST", "/keys/{id}/enable", key, {}),
        ("POST", "/keys/{id}/compromised", key, {"replace": True}),
        ("POST", "/keys/{id}/revoke", key, {}),
        ("GET", "/usage", "", None),
        ("GET", "/flags", "", None),
        ("POST", "/flags/{id}/acknowledge", flag, {}),
        ("GET", "/leaks", "", None),
        ("POST", "/leaks/{id}/resolve", leak, {"act": "clear", "comment": "x"}),
        ("GET", "/notices", "", None),
        ("POST", "/notices/{id}/read", notice, {}),
        ("GET", "/audit", "", None),
        ("POST", "/audit/verify", "", {}),
    ]
    for method, path, object_id, sent in asked:
        answer = await browser.ask(method, path.replace("{id}", object_id), sent)
        assert answer.is_success, (path, answer.text)
        _hold(document, PREFIX + path, method.lower(), answer.status_code, answer.json())
    await browser.client.aclose()


def _hold(document: Any, path: str, method: str, status: int, answer: Any) -> None:
    response = document["paths"][path][method]["responses"][str(status)]
    schema = response["content"]["application/json"]["schema"]
    closed = _closed({"components": document["components"], **schema})
    problems = [
        f"{path}: {error.instance_path} {error.message}"
        for error in jsonschema_rs.validator_for(closed).iter_errors(answer)
    ]
    assert problems == []


def _closed(schema: Any) -> Any:
    """Refuse fields that the document does not name."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(value) for name, value in schema.items()}
    if isinstance(closed.get("properties"), dict) and closed.get("type") == "object":
        closed.setdefault("additionalProperties", False)
    return closed
