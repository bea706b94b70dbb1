"""Completes the OpenAPI document: the key, scopes, every error and header of every route."""

from collections.abc import Iterable, Iterator
from typing import Any, Final, cast

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from justpaid.exact_json import JsonObject
from justpaid.scopes import ALLOWS
from justpaid.web.caller import SESSIONS_ONLY, Allows
from justpaid.web.errors import CODES

_BODY_METHODS: Final = {"post", "put", "patch"}
_LIMITED_HEADERS: Final = (
    "RateLimit",
    "RateLimit-Policy",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
)

_HEADERS: Final[JsonObject] = {
    "X-Request-Id": {
        "description": "The id of this request: yours when you sent a usable one.",
        "schema": {"type": "string", "maxLength": 128},
        "example": "req_4kq0v7c2m9",
    },
    "RateLimit": {
        "description": "What is left of the budget, and in how many seconds the next request "
        "would be accepted (draft-ietf-httpapi-ratelimit-headers-10).",
        "schema": {"type": "string"},
        "example": '"read";r=998;t=0',
    },
    "RateLimit-Policy": {
        "description": "The budget: requests and the window in seconds.",
        "schema": {"type": "string"},
        "example": '"read";q=1000;w=60',
    },
    "X-RateLimit-Limit": {
        "description": "Requests a minute.",
        "schema": {"type": "integer"},
        "example": 1000,
    },
    "X-RateLimit-Remaining": {
        "description": "Requests that would be accepted now.",
        "schema": {"type": "integer"},
        "example": 998,
    },
    "X-RateLimit-Reset": {
        "description": "When the next request would be accepted, in seconds since 1970.",
        "schema": {"type": "integer"},
        "example": 1790000000,
    },
    "Retry-After": {
        "description": "Whole seconds after which to try again.",
        "schema": {"type": "integer", "minimum": 1},
        "example": 7,
    },
    "WWW-Authenticate": {
        "description": "How to authenticate.",
        "schema": {"type": "string"},
        "example": 'ApiKey realm="JustPaid Workflows"',
    },
    "Idempotent-Replayed": {
        "description": "`true` when this is the stored answer of an earlier request.",
        "schema": {"type": "string", "enum": ["true"]},
    },
}

_ERRORS: Final = {
    "400": ("VALIDATION_ERROR", "The request is not valid; `details` names every problem."),
    "401": ("UNAUTHORIZED", "The key is missing, malformed, unknown, expired or revoked."),
    "403": ("FORBIDDEN", "The key lacks the scope, or may not be used from this address."),
    "404": ("NOT_FOUND", "There is no such object in your company."),
    "405": ("METHOD_NOT_ALLOWED", "The path exists, the method does not."),
    "409": ("CONFLICT", "The object's state, or another request, forbids this."),
    "413": ("PAYLOAD_TOO_LARGE", "The body is larger than 1 MiB."),
    "415": ("UNSUPPORTED_MEDIA_TYPE", "The body is not plain JSON."),
    "429": ("RATE_LIMITED", "The budget of this key is spent; `Retry-After` says until when."),
    "500": ("INTERNAL_ERROR", "A fault on our side."),
    "503": ("UNAVAILABLE", "The service cannot answer now."),
}

_SECURITY_SCHEME: Final[JsonObject] = {
    "type": "apiKey",
    "in": "header",
    "name": "x-api-key",
    "description": "An API key of your company: `wfk_` and 49 letters and digits. It carries some "
    "of the scopes " + ", ".join(f"`{scope}`" for scope in ALLOWS) + ".",
}

_SESSION_SCHEME: Final[JsonObject] = {
    "type": "apiKey",
    "in": "cookie",
    "name": "__Host-justpaid_session",
    "description": "A person's session, made by signing in to the dashboard; over plain http on "
    "loopback the cookie is `justpaid_session`. Everything but GET also needs the header "
    "`X-CSRF-Token` with the session's `csrfToken`, and an `Origin` of the service's own.",
}


def declared_scope(route: APIRoute) -> Allows | None:
    """Find the scope that a route declares in its signature; None when it declares none."""
    for dependency in route.dependant.dependencies:
        if isinstance(dependency.call, Allows):
            return dependency.call
    return None


def complete_openapi(app: FastAPI, routes: Iterable[APIRoute]) -> dict[str, Any]:
    """Write the whole document for an app whose API consists of `routes`."""
    document = get_openapi(
        title=app.title,
        version=app.version,
        summary=app.summary,
        description=app.description,
        routes=app.routes,
        tags=app.openapi_tags,
        license_info=app.license_info,
    )
    declared = dict(_declared(routes))
    for path, operations in cast("dict[str, dict[str, Any]]", document["paths"]).items():
        for method, operation in operations.items():
            _complete(operation, method, path, declared.get((path, method)))
    components = document.setdefault("components", {})
    components["securitySchemes"] = {"ApiKey": _SECURITY_SCHEME, "Session": _SESSION_SCHEME}
    components["headers"] = _HEADERS
    schemas = components.setdefault("schemas", {})
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    schemas["Error"] = _error_schema()
    return document


def _declared(routes: Iterable[APIRoute]) -> Iterator[tuple[tuple[str, str], Allows]]:
    for route in routes:
        allows = declared_scope(route)
        if allows is not None:
            for method in route.methods or ():
                yield (route.path_format, method.lower()), allows


def _complete(operation: dict[str, Any], method: str, path: str, allows: Allows | None) -> None:
    responses: dict[str, Any] = operation["responses"]
    responses.pop("422", None)
    limited = allows is not None
    declared = {status for status in responses if status in _ERRORS}
    for status in sorted(declared.union(_possible_errors(method, path, limited=limited))):
        code, description = _ERRORS[status]
        responses.setdefault(status, {"description": description}).setdefault(
            "content", _error_content(code, description)
        )
    for status, response in responses.items():
        names = ["X-Request-Id", *(_LIMITED_HEADERS if limited and status != "401" else ())]
        names += ["Retry-After"] if status in {"429", "503"} else []
        names += ["WWW-Authenticate"] if status == "401" else []
        names += ["Idempotent-Replayed"] if method == "post" and status[0] == "2" else []
        headers = response.setdefault("headers", {})
        for name in names:
            headers.setdefault(name, {"$ref": f"#/components/headers/{name}"})
    if allows is None:
        return
    is_for_sessions = path.startswith(SESSIONS_ONLY)
    schemes = ("Session",) if is_for_sessions else ("ApiKey", "Session")
    operation["security"] = [{scheme: []} for scheme in schemes]
    operation["description"] = _with_needs(operation, allows, method, path)
    operation["x-required-scope"] = allows.scope
    operation["x-rate-limit"] = allows.category(method.upper())
    if is_for_sessions:
        operation["x-required-permission"] = allows.permission
    parameters: list[JsonObject] = []
    if is_for_sessions and method != "get":
        parameters.append(_csrf_parameter())
    if method == "post":
        parameters.append(_idempotency_parameter())
    if parameters:
        operation["parameters"] = [*operation.get("parameters", []), *parameters]


def _possible_errors(method: str, path: str, *, limited: bool) -> list[str]:
    statuses = ["500", "503"]
    if limited or path.startswith(SESSIONS_ONLY):
        statuses += ["400", "401", "403", "429"]
    if "{" in path:
        statuses.append("404")
    if method in _BODY_METHODS:
        statuses += ["409", "413", "415"]
    if method == "delete":
        statuses += ["409", "413", "415"]
    return sorted(statuses)


def _with_needs(operation: dict[str, Any], allows: Allows, method: str, path: str) -> str:
    described: str = operation.get("description", "")
    category = allows.category(method.upper())
    return f"{described}\n\n{_needs(allows, path)} Spends the {category} budget.".strip()


def _needs(allows: Allows, path: str) -> str:
    if allows.permission is not None:
        return f"Needs a session whose role has the permission `{allows.permission}`."
    if allows.sessions_need is not None:
        return (
            f"A key needs the scope `{allows.scope}`, a session a role with the permission "
            f"`{allows.sessions_need}`."
        )
    if not path.startswith(SESSIONS_ONLY):
        return f"Needs the scope `{allows.scope}`." if allows.scope else "Any valid key may ask."
    if allows.scope is not None:
        return f"Needs a session whose role has the scope `{allows.scope}`."
    return "Any session may ask."


def _csrf_parameter() -> JsonObject:
    return {
        "name": "X-CSRF-Token",
        "in": "header",
        "required": True,
        "description": "The session's `csrfToken`.",
        "schema": {"type": "string"},
    }


def _idempotency_parameter() -> JsonObject:
    return {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "Makes a repeat of this request harmless: for 24 hours the same key and "
        "body get the first answer again.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    }


def _error_content(code: str, message: str) -> JsonObject:
    error: JsonObject = {
        "code": code,
        "message": message,
        "details": [],
        "requestId": "req_4kq0v7c2m9",
    }
    return {
        "application/json": {
            "schema": {"$ref": "#/components/schemas/Error"},
            "example": {"success": False, "error": error},
        }
    }


def _error_schema() -> JsonObject:
    problem: JsonObject = {
        "type": "object",
        "required": ["field", "message"],
        "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
    }
    codes: list[Any] = sorted(CODES)
    error: JsonObject = {
        "type": "object",
        "required": ["code", "message", "details", "requestId"],
        "properties": {
            "code": {"type": "string", "enum": codes},
            "message": {"type": "string"},
            "details": {"type": "array", "items": problem},
            "requestId": {"type": ["string", "null"]},
        },
    }
    return {
        "type": "object",
        "required": ["success", "error"],
        "properties": {"success": {"type": "boolean", "const": False}, "error": error},
    }
