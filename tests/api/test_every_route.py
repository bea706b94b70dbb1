"""What holds on every route for keys, found by walking them: keys, scopes, companies, budgets.

The admin API, which takes no key, is walked in test_admin_routes.py.
"""

from uuid import UUID

import httpx
import pytest
from fastapi.routing import APIRoute

from justpaid.app import api_routes
from justpaid.ids import Prefix, encode_id, new_id
from justpaid.scopes import Scope
from justpaid.web.caller import SESSIONS_ONLY
from justpaid.web.openapi import declared_scope
from tests.api.whole_service import WholeService

_IDS = {
    "workflowId": Prefix.WORKFLOW,
    "runId": Prefix.RUN,
    "connectionId": Prefix.CONNECTION,
    "approvalId": Prefix.APPROVAL,
}
_OTHERS = {"version": "1", "provider": "http", "effectId": "eff_x", "stepId": "a"}
_FREE = "/api/v1/rate-limits"

ROUTES = [
    (method, route)
    for route in api_routes()
    for method in sorted(route.methods or ())
    if declared_scope(route) is not None and not route.path.startswith(SESSIONS_ONLY)
]
_NAMES = [f"{method} {route.path}" for method, route in ROUTES]
every_route = pytest.mark.parametrize(("method", "route"), ROUTES, ids=_NAMES)


def _address(route: APIRoute, ids: dict[str, str] | None = None) -> str:
    path = route.path.removeprefix("/api/v1")
    for name, prefix in _IDS.items():
        known = (ids or {}).get(name) or encode_id(prefix, new_id())
        path = path.replace(f"{{{name}}}", known)
    for name, value in _OTHERS.items():
        path = path.replace(f"{{{name}}}", value)
    assert "{" not in path, "teach this test the new parameter"
    return path


async def _ask(client: httpx.AsyncClient, method: str, path: str) -> httpx.Response:
    body = "{}" if method in {"POST", "PUT", "PATCH"} else None
    return await client.request(
        method, path, content=body, headers={"content-type": "application/json"}
    )


async def test_no_route_answers_without_a_key(service: WholeService) -> None:
    """Without a valid key nothing under /api/v1 answers anything but 401."""
    async with service.client() as client:
        for method, route in ROUTES:
            answer = await _ask(client, method, _address(route))
            assert answer.status_code in {401, 429}, f"{method} {route.path}"


async def test_every_route_wants_its_own_scope(service: WholeService, own_company_id: UUID) -> None:
    """A key with every scope but the route's own is refused, and told which one is missing."""
    for scope in Scope:
        key = await service.make_key(
            own_company_id, *(other for other in Scope if other is not scope)
        )
        async with service.client(key) as client:
            for method, route in ROUTES:
                declared = declared_scope(route)
                if declared is None or declared.scope is not scope:
                    continue
                answer = await _ask(client, method, _address(route))
                assert answer.status_code == 403, f"{method} {route.path}"
                detail = answer.json()["error"]["details"][0]
                assert detail["field"] == "scope"
                assert scope in detail["message"]


async def _things_of(service: WholeService, key: str) -> dict[str, str]:
    """Make one of everything, and return the ids by the names they have in paths."""
    step = {"id": "a", "type": "transform", "config": {"mapping": {"x": "{{ input.x }}"}}}
    definition = {"name": "Theirs", "trigger": {"type": "api"}, "steps": [step]}
    credentials = {"token": "a-planted-token"}
    async with service.client(key) as client:
        workflow = (await client.post("/workflows", json=definition)).json()["data"]["id"]
        await client.post(f"/workflows/{workflow}/activate")
        run = await client.post(f"/workflows/{workflow}/run?wait=20", json={"input": {"x": 1}})
        made = await client.post(
            "/connections",
            json={
                "provider": "http",
                "name": "Theirs",
                "authType": "bearer",
                "credentials": credentials,
                "allowedOrigins": ["https://api.example.com"],
            },
        )
    return {
        "workflowId": workflow,
        "runId": run.json()["data"]["runId"],
        "connectionId": made.json()["data"]["id"],
    }


async def test_a_foreign_object_looks_like_none(
    service: WholeService, own_company_id: UUID
) -> None:
    """Another company's id gets the very answer of an id that never existed, on every route."""
    theirs = await _things_of(service, await service.make_key(own_company_id))
    stranger = await service.make_key(await service.make_company("Other"))
    async with service.client(stranger) as client:
        for method, route in ROUTES:
            if not any(f"{{{name}}}" in route.path for name in _IDS):
                continue
            foreign = await _ask(client, method, _address(route, theirs))
            unknown = await _ask(client, method, _address(route))
            error = foreign.json()["error"], unknown.json()["error"]
            for each in error:
                each.pop("requestId")
            assert error[0] == error[1], f"{method} {route.path}"
            assert foreign.status_code == unknown.status_code
            assert foreign.status_code in {400, 404}
    async with service.client(await service.make_key(own_company_id)) as client:
        for path in (f"/workflows/{theirs['workflowId']}", f"/runs/{theirs['runId']}"):
            assert (await client.get(path)).status_code == 200


async def test_every_route_spends_a_budget(service: WholeService, own_company_id: UUID) -> None:
    """A spent budget refuses on every route, but for the one that shows the budgets."""
    key = await service.make_key(own_company_id, limited=True)
    async with service.client(key) as client:
        for path, method in (("/me", "GET"), ("/workflows", "POST"), ("/runs/x/cancel", "POST")):
            await _ask(client, method, path)
        for method, route in ROUTES:
            answer = await _ask(client, method, _address(route))
            if route.path == _FREE:
                assert answer.status_code == 200
                continue
            assert answer.status_code == 429, f"{method} {route.path}"
            assert 1 <= int(answer.headers["retry-after"]) <= 61
            assert answer.json()["error"]["code"] == "RATE_LIMITED"


@every_route
def test_every_route_is_documented(method: str, route: APIRoute) -> None:
    """A caller finds every route in the reference with a title and a text."""
    assert method in (route.methods or ())
    assert route.summary
    assert route.description
