"""What holds on every route of the admin API, found by walking them."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from fastapi.routing import APIRoute

from justpaid.app import api_routes
from justpaid.ids import Prefix, encode_id, new_id
from justpaid.members.roles import PERMISSIONS, SCOPES, Role
from justpaid.web.caller import SESSIONS_ONLY, Allows
from justpaid.web.gate_routes import PUBLIC_ROUTES
from justpaid.web.openapi import declared_scope
from tests.api.gate_world import problems_of
from tests.api.people_stage import People
from tests.api.whole_service import WholeService

_BASE = SESSIONS_ONLY.rstrip("/")
_PREFIXES = {
    "/sessions/": Prefix.SESSION,
    "/members/": Prefix.MEMBER,
    "/invites/": Prefix.INVITE,
    "/keys/": Prefix.KEY,
    "/flags/": Prefix.FLAG,
    "/leaks/": Prefix.LEAK,
    "/notices/": Prefix.NOTICE,
}


def _admin() -> Iterator[tuple[str, APIRoute, Allows | None]]:
    for route in api_routes():
        if route.path.startswith(SESSIONS_ONLY):
            for method in sorted(route.methods or ()):
                yield method, route, declared_scope(route)


ROUTES = list(_admin())
CLOSED = [(method, route, needs) for method, route, needs in ROUTES if needs is not None]


def _address(route: APIRoute) -> str:
    path = route.path.removeprefix(_BASE)
    for place, prefix in _PREFIXES.items():
        path = path.replace(f"{place}{{id}}", place + encode_id(prefix, new_id()))
    path = path.replace("{name}", "A_NAME")
    assert "{" not in path, "teach this test the new parameter"
    return path


@pytest.fixture
def people(service: WholeService) -> People:
    """Make people in the module's service."""
    return People(service)


def test_only_the_named_routes_are_public() -> None:
    """What needs no session is exactly what stands in PUBLIC_ROUTES."""
    open_ones = {(method, route.path) for method, route, needs in ROUTES if needs is None}
    assert open_ones == {each for each in PUBLIC_ROUTES if each[1].startswith(SESSIONS_ONLY)}


async def test_no_route_answers_without_a_session(service: WholeService, people: People) -> None:
    """Without a session every closed route is 401, and so is any path that does not exist."""
    for method, route, _ in CLOSED:
        answer = await people.browser().ask(method, _address(route))
        assert problems_of(answer)[:2] == (401, "UNAUTHORIZED"), f"{method} {route.path}"
    assert (await people.browser().ask("GET", "/nothing")).status_code == 401
    assert service.api is not None


async def test_no_route_takes_a_key(
    service: WholeService, people: People, own_company_id: UUID
) -> None:
    """An API key, whatever its scopes, is nobody here."""
    key = await service.make_key(own_company_id)
    for method, route, _ in CLOSED:
        answer = await people.browser().ask(method, _address(route), None, {"x-api-key": key})
        assert problems_of(answer)[0] == 401, f"{method} {route.path}"


async def test_every_role_on_every_route(people: People, own_company_id: UUID) -> None:
    """Each role passes where its permission or scope lets it, and gets 403 everywhere else."""
    for role in Role:
        someone = await people.make(own_company_id, role)
        for method, route, needs in CLOSED:
            browser = people.browser()
            await browser.sign_in(someone.email)
            answer = await browser.ask(method, _address(route))
            may = (needs.permission is None or needs.permission in PERMISSIONS[role]) and (
                needs.scope is None or needs.scope in SCOPES[role]
            )
            assert (answer.status_code != 403) is may, f"{role} {method} {route.path}"
            assert answer.status_code < 500, f"{role} {method} {route.path}"


async def test_every_write_wants_the_csrf_token(people: People, own_company_id: UUID) -> None:
    """No write of a session happens without its token and its own pages' Origin."""
    browser = await people.signed_in(own_company_id)
    for method, route, _ in CLOSED:
        if method == "GET":
            continue
        for header in ("x-csrf-token", "origin"):
            answer = await browser.ask(method, _address(route), None, {header: None})
            assert problems_of(answer)[0] == 403, f"{method} {route.path} without {header}"
    assert (await browser.ask("GET", "/session")).status_code == 200


@pytest.mark.parametrize(
    ("method", "route"),
    [(method, route) for method, route, _ in ROUTES],
    ids=[f"{method} {route.path}" for method, route, _ in ROUTES],
)
def test_every_route_is_documented(method: str, route: APIRoute) -> None:
    """Whoever builds on the admin API finds every route with a title, a text and an answer."""
    assert method in (route.methods or ())
    assert route.summary
    assert route.description
    assert any(str(status).startswith("2") for status in route.responses), "declare its answer"


async def test_the_document_tells_sessions_from_keys(people: People) -> None:
    """The OpenAPI document says for each route which credential and permission it needs."""
    answer = await people.browser().client.get("http://127.0.0.1/openapi.json")
    document = answer.json()
    assert document["components"]["securitySchemes"]["Session"]["in"] == "cookie"
    for method, route, needs in ROUTES:
        operation = document["paths"][route.path_format][method.lower()]
        if needs is None:
            assert "security" not in operation
            continue
        assert operation["security"] == [{"Session": []}]
        assert operation["x-required-permission"] == needs.permission
        names = {each["name"] for each in operation.get("parameters", [])}
        assert ("X-CSRF-Token" in names) is (method != "GET")
