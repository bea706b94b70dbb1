"""The gate's own picture of the routes: which paths exist, by which methods, needing which scope.

Guarantee: it is made from the application's routes and from nothing else; what it lets pass, the
application's router takes to the same route, and it refuses to be made where it might not.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from fastapi.routing import APIRoute

from justpaid.scopes import Category, Scope
from justpaid.web.caller import SESSIONS_ONLY
from justpaid.web.gate_contract import App
from justpaid.web.openapi import declared_scope
from justpaid.web.permissions import Permission
from justpaid.web.routing import ApiRoute

FREE_PATH: Final = "/api/v1/rate-limits"  # shows the budgets, so it spends none

# The only API routes that need no caller: each asks for its own proof, or tells next to nothing.
PUBLIC_ROUTES: Final = frozenset(
    {
        ("GET", "/api/v1/admin/setup"),
        ("POST", "/api/v1/admin/setup"),
        ("POST", "/api/v1/admin/session"),
        ("POST", "/api/v1/admin/password-resets/redeem"),
        ("POST", "/api/v1/admin/invites/accept"),
        ("POST", "/api/v1/leaks"),
    }
)

_WILD: Final = "{}"


@dataclass(frozen=True, slots=True)
class GateRoute:
    """One method of one path: what a request needs and what it spends.

    `sessions_need`: what a session must have instead of the scope.
    `answer` takes a request to the route without asking the application's router again.
    """

    path: str
    scope: Scope | None
    category: Category
    is_public: bool = False
    is_free: bool = False
    permission: Permission | None = None
    sessions_need: Permission | None = None
    answer: App | None = None
    parameters: tuple[tuple[str, int], ...] = ()

    def read_parameters(self, path: str) -> dict[str, str]:
        """Return the parameters of a path that leads here, by their names."""
        if not self.parameters:
            return {}
        segments = path.split("/")
        return {name: segments[place] for name, place in self.parameters}


@dataclass(slots=True)
class _Node:
    fixed: dict[str, "_Node"] = field(default_factory=dict)
    wild: "_Node | None" = None
    methods: "Methods | None" = None


class Methods:
    """The methods of one path; HEAD goes wherever GET does."""

    __slots__ = ("_by_method",)

    def __init__(self) -> None:
        self._by_method: dict[str, GateRoute] = {}

    def add(self, method: str, route: GateRoute) -> None:
        """Add a method; raises ValueError when the path has it already."""
        if method in self._by_method:
            raise ValueError(f"{method} {route.path} is declared twice")
        self._by_method[method] = route
        if method == "GET":
            self._by_method.setdefault("HEAD", route)

    def find(self, method: str) -> GateRoute | None:
        """Return the route of a method, or None."""
        return self._by_method.get(method)

    def allowed(self) -> str:
        """Write the header Allow."""
        return ", ".join(sorted(self._by_method))


class RouteTable:
    """All API routes, found by path in a few dictionary steps."""

    def __init__(
        self, routes: Iterable[APIRoute], public: frozenset[tuple[str, str]] = frozenset()
    ) -> None:
        """Take the routes in the order the application tries them.

        `public` names the (method, path) that need no caller; every other route declares through
        `allows` what it needs. Raises ValueError where one does not, and where two could meet.
        """
        self._root = _Node()
        self._fixed: dict[str, Methods] = {}  # paths without parameters, found in one step
        for route in routes:
            for method, gate_route in _describe(route, public):
                self._add(method, gate_route)

    def find(self, path: str) -> Methods | None:
        """Return the methods of the path, or None for an unknown one."""
        return self._fixed.get(path) or _descend(self._root, path.split("/"), 0)

    def _add(self, method: str, route: GateRoute) -> None:
        earlier = self.find(route.path)
        if earlier is not None and (other := earlier.find(method)) and other.path != route.path:
            raise ValueError(f"{method} {other.path} would answer for {route.path}: swap them")
        node = self._root
        for segment in route.path.split("/"):
            if not segment.startswith("{"):
                node = node.fixed.setdefault(segment, _Node())
            elif segment.endswith("}") and ":" not in segment:
                node.wild = node = node.wild or _Node()
            else:
                raise ValueError(f"{route.path}: the gate knows only whole plain parameters")
        node.methods = node.methods or Methods()
        node.methods.add(method, route)
        if "{" not in route.path:
            self._fixed[route.path] = node.methods


def _describe(
    route: APIRoute, public: frozenset[tuple[str, str]]
) -> Iterator[tuple[str, GateRoute]]:
    allows = declared_scope(route)
    for method in sorted(route.methods or ()):
        is_public = (method, route.path) in public
        if (allows is None) != is_public:
            raise ValueError(f"{method} {route.path} must be public or say what it allows")
        if allows is not None and allows.is_for_sessions and not _is_for_sessions(route):
            raise ValueError(
                f"{method} {route.path} is for sessions: it belongs below the admin API"
            )
        yield (
            method,
            GateRoute(
                path=route.path,
                scope=None if allows is None else allows.scope,
                category=Category.READ if allows is None else allows.category(method),
                is_public=is_public,
                is_free=route.path == FREE_PATH,
                permission=None if allows is None else allows.permission,
                sessions_need=None if allows is None else allows.sessions_need,
                answer=route.answer if isinstance(route, ApiRoute) else None,
                parameters=_parameters(route.path),
            ),
        )


def _parameters(path: str) -> tuple[tuple[str, int], ...]:
    """Name the parameters of a path, each with its place between the slashes."""
    return tuple(
        (segment[1:-1], place)
        for place, segment in enumerate(path.split("/"))
        if segment.startswith("{")
    )


def _is_for_sessions(route: APIRoute) -> bool:
    return route.path.startswith(SESSIONS_ONLY)


def _descend(node: _Node, segments: list[str], depth: int) -> Methods | None:
    """Follow the path, fixed names first as in the router, a parameter where none fits."""
    while depth < len(segments):
        segment = segments[depth]
        fixed = node.fixed.get(segment)
        if node.wild is None or not segment:
            if fixed is None:
                return None
            node = fixed
        elif fixed is None:
            node = node.wild
        else:
            found = _descend(fixed, segments, depth + 1)
            return found or _descend(node.wild, segments, depth + 1)
        depth += 1
    return node.methods
