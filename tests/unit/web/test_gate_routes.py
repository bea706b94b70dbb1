"""The gate's picture of the routes: what it finds, and what it refuses to be made of."""

from typing import Annotated

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute

from justpaid.scopes import Category, Scope
from justpaid.web.caller import Caller, allows
from justpaid.web.gate_routes import RouteTable

Declared = dict[tuple[str, str], Scope | None]


def routes(declared: Declared, *bare: tuple[str, str]) -> list[APIRoute]:
    """Make routes that declare scopes, and bare ones that declare nothing."""
    router = APIRouter()

    def add(method: str, path: str, scope: Scope | None) -> None:
        async def endpoint(_: Annotated[Caller, allows(scope)]) -> None: ...

        router.add_api_route(path, endpoint, methods=[method])

    for (method, path), scope in declared.items():
        add(method, path, scope)
    for method, path in bare:

        async def nothing() -> None: ...

        router.add_api_route(path, nothing, methods=[method])
    return [route for route in router.routes if isinstance(route, APIRoute)]


TABLE = RouteTable(
    routes(
        {
            ("GET", "/v1/workflows"): Scope.WORKFLOWS_READ,
            ("POST", "/v1/workflows"): Scope.WORKFLOWS_WRITE,
            ("POST", "/v1/workflows/validate"): Scope.WORKFLOWS_READ,
            ("GET", "/v1/workflows/{workflowId}"): Scope.WORKFLOWS_READ,
            ("POST", "/v1/workflows/{workflowId}/run"): Scope.WORKFLOWS_EXECUTE,
            ("GET", "/v1/connections/{provider}/auth-url"): Scope.CONNECTIONS_WRITE,
            ("GET", "/v1/connections/{connectionId}"): Scope.CONNECTIONS_READ,
        }
    )
)


@pytest.mark.parametrize(
    ("method", "path", "template", "scope", "category"),
    [
        ("GET", "/v1/workflows", "/v1/workflows", Scope.WORKFLOWS_READ, Category.READ),
        ("HEAD", "/v1/workflows", "/v1/workflows", Scope.WORKFLOWS_READ, Category.READ),
        (
            "POST",
            "/v1/workflows/validate",
            "/v1/workflows/validate",
            Scope.WORKFLOWS_READ,
            Category.WRITE,
        ),
        (
            "POST",
            "/v1/workflows/validate/run",
            "/v1/workflows/{workflowId}/run",
            Scope.WORKFLOWS_EXECUTE,
            Category.EXECUTE,
        ),
        (
            "GET",
            "/v1/connections/x/auth-url",
            "/v1/connections/{provider}/auth-url",
            Scope.CONNECTIONS_WRITE,
            Category.READ,
        ),
    ],
)
def test_a_path_leads_to_its_route(
    method: str, path: str, template: str, scope: Scope, category: Category
) -> None:
    """Fixed names win over parameters; one that fits both ways still finds the longer path."""
    methods = TABLE.find(path)
    assert methods is not None
    route = methods.find(method)
    assert route is not None
    assert (route.path, route.scope, route.category) == (template, scope, category)


def test_a_route_reads_its_parameters_from_the_path() -> None:
    """The function behind the gate gets the same parameters as by the application's router."""
    methods = TABLE.find("/v1/workflows/wf_1/run")
    route = None if methods is None else methods.find("POST")
    assert route is not None
    assert route.read_parameters("/v1/workflows/wf_1/run") == {"workflowId": "wf_1"}


@pytest.mark.parametrize(
    "path",
    ["", "/", "/v1", "/v1/workflows/", "/v1//workflows", "/v1/workflows//run", "/v1/Workflows"],
)
def test_nothing_else_is_a_path(path: str) -> None:
    """Neither a slash too many nor another spelling reaches a route."""
    assert TABLE.find(path) is None


def test_an_undeclared_route_stops_the_start() -> None:
    """Nobody can add a route and forget to say who may call it."""
    bare = routes({}, ("POST", "/v1/leaks"))
    with pytest.raises(ValueError, match="must be public or say what it allows"):
        RouteTable(bare)
    methods = RouteTable(bare, frozenset({("POST", "/v1/leaks")})).find("/v1/leaks")
    assert methods is not None
    assert (found := methods.find("POST")) is not None
    assert found.is_public


def test_a_public_route_does_not_declare_a_scope() -> None:
    """A route that reads a caller cannot be made public by mistake."""
    declared = routes({("POST", "/v1/leaks"): Scope.RUNS_READ})
    with pytest.raises(ValueError, match="must be public or say what it allows"):
        RouteTable(declared, frozenset({("POST", "/v1/leaks")}))


def test_a_hidden_route_stops_the_start() -> None:
    """A route that another would answer for, under another scope, is refused."""
    hidden = routes(
        {
            ("GET", "/v1/runs/{runId}"): Scope.RUNS_READ,
            ("GET", "/v1/runs/secrets"): Scope.CONNECTIONS_WRITE,
        }
    )
    with pytest.raises(ValueError, match="would answer for /v1/runs/secrets"):
        RouteTable(hidden)


def test_a_parameter_that_swallows_slashes_stops_the_start() -> None:
    """The gate knows whole segments only; a route it would see differently is refused."""
    with pytest.raises(ValueError, match="whole plain parameters"):
        RouteTable(routes({("GET", "/v1/files/{path:path}"): Scope.RUNS_READ}))
