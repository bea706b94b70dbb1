"""The gate before the application: who calls, from where, for which route, within which budget.

Guarantee, in this order and for every path under /api: request id, limit on failed authentications
of the address (429), key (401), allowed addresses (403), route (404, 405), budget (429), scope
(403). What is refused before the budget spends none of it. Whatever the application does later, no
request reaches it unauthenticated, but for the routes named as public.
"""

import re
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from justpaid.errors import AppError, Forbidden, NotFound, Problem, RateLimited, Unauthenticated
from justpaid.logging import log_as_request
from justpaid.scopes import DEFAULT_LIMITS, Category, category_of
from justpaid.web.caller import (
    CALLER_KEY,
    SESSION_NEEDED,
    SESSIONS_ONLY,
    Caller,
    missing_permission,
    missing_scope,
)
from justpaid.web.gate_address import ADDRESS_KEY, AddressReader, is_within
from justpaid.web.gate_answer import (
    HeaderList,
    HeaderSender,
    MethodNotAllowed,
    limit_headers,
    over_limit,
    send_refusal,
)
from justpaid.web.gate_contract import (
    HEAD_KEY,
    HEADERS_KEY,
    IDENTITY_KEY,
    App,
    Decision,
    Directory,
    FailureCounter,
    FinishedRequest,
    GateHooks,
    Identity,
    Limiter,
    Receive,
    Scope,
    Send,
    decided,
)
from justpaid.web.gate_routes import GateRoute, Methods, RouteTable
from justpaid.web.request_id import HEADER as REQUEST_ID_HEADER
from justpaid.web.request_id import choose_request_id
from justpaid.web.routing import REQUEST_ID_KEY

_API: Final = "/api/"
_BEARER: Final = b"bearer wfk_"
_BEARER_LENGTH: Final = len("bearer ")
_KEY_IN_QUERY: Final = re.compile(rb"wfk(?:_|%5f)[0-9a-z]{8,}", re.IGNORECASE)
_FAILURE_POLICY: Final = "failed-authentications"

_NO_KEY: Final = "Send an API key in the header x-api-key."
_NOT_A_KEY: Final = "This is not a valid API key."
_EXPIRED: Final = "This API key has expired."
_NO_ROUTE: Final = "There is no such path."


class _Request:
    """One request on its way through the gate, and what has been found out about it."""

    __slots__ = ("address", "answer", "headers", "id", "identity", "method", "route", "scope")

    def __init__(self, scope: Scope, address: AddressReader) -> None:
        self.scope = scope
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.id = choose_request_id(self.headers.get(REQUEST_ID_HEADER))
        self.address = address(scope, self.headers)
        self.method: str = scope["method"]
        self.answer: HeaderList = [(REQUEST_ID_HEADER, self.id.encode())]
        self.identity: Identity | None = None
        self.route: GateRoute | None = None


class Gate:
    """The outermost ASGI layer; `app` sees only what may pass."""

    def __init__(
        self,
        app: App,
        routes: RouteTable,
        directory: Directory,
        limiter: Limiter,
        failures: FailureCounter,
        address_of: AddressReader,
        hooks: GateHooks | None = None,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._app = app
        self._routes = routes
        self._directory = directory
        self._limiter = limiter
        self._failures = failures
        self._address_of = address_of
        self._hooks = hooks or GateHooks()
        self._wall_clock = wall_clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Admit a request or answer it; lifespan events pass as they are."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = _Request(scope, self._address_of)
        scope[REQUEST_ID_KEY] = request.id
        scope[HEADERS_KEY] = request.headers
        scope[ADDRESS_KEY] = request.address
        if b"wfk" in scope["query_string"]:
            self._hide_key_in_query(request)
        if not scope["path"].startswith(_API):
            log_as_request(request.id)
            await self._app(scope, receive, HeaderSender(send, request.answer))
            return
        try:
            await self._admit(request)
        except AppError as error:
            log_as_request(request.id)
            is_head = request.method == "HEAD"
            status = await send_refusal(
                send, error, request.id, request.answer, with_body=not is_head
            )
            self._finish(request, status)
            return
        sender = HeaderSender(send, request.answer, with_body=request.method != "HEAD")
        try:
            await self._pass_on(request, receive, sender)
        finally:
            self._finish(request, sender.status)

    async def _admit(self, request: _Request) -> None:
        """Check everything in order; raises the error to answer with."""
        methods = self._routes.find(request.scope["path"])
        route = None if methods is None else methods.find(request.method)
        request.route = route
        if route is not None and route.is_public:
            self._check_public(request)
            return
        # What is known is found without a coroutine: most requests wait for nothing before the app.
        identity = self._find_known(request) or await self._identify(request)
        request.identity = identity
        refusal = self._find_refusal(request, identity) or _route_refusal(request, methods)
        is_free = route is None or refusal is not None or route.is_free
        category = category_of(request.method, None) if route is None else route.category
        decision = self._ask(identity, category, is_free=is_free)
        if not isinstance(decision, Decision):
            decision = await decision
        request.answer += limit_headers(category, decision)
        if route is None or refusal is not None:
            raise refusal or NotFound(_NO_ROUTE)
        if not decision.accepted and not is_free:
            raise over_limit(category, decision)
        if route.sessions_need is not None and identity.caller.member_id is not None:
            if route.sessions_need not in identity.caller.permissions:
                raise missing_permission(route.sessions_need)
        elif route.scope is not None and route.scope not in identity.caller.scopes:
            raise missing_scope(route.scope)
        if route.permission is not None and route.permission not in identity.caller.permissions:
            raise missing_permission(route.permission)
        request.scope[IDENTITY_KEY] = identity
        request.scope[CALLER_KEY] = _caller_of(request, identity)
        log_as_request(request.id, identity.company)

    def _check_public(self, request: _Request) -> None:
        """Hold a public admin route to the service's own address and pages."""
        log_as_request(request.id)
        is_for_people = request.scope["path"].startswith(SESSIONS_ONLY)
        if is_for_people and self._hooks.check_public is not None:
            self._hooks.check_public(request.scope, request.headers)

    def _find_known(self, request: _Request) -> Identity | None:
        """Return the holder of a key that is in memory."""
        raw = request.headers.get(b"x-api-key")
        if raw is None or request.scope["path"].startswith(SESSIONS_ONLY):
            return None
        return self._directory.find_cached(raw.decode("latin-1"))

    async def _identify(self, request: _Request) -> Identity:
        """Find who calls, by key or session; raises Unauthenticated or RateLimited."""
        raw = _read_key(request.headers)
        is_for_sessions = request.scope["path"].startswith(SESSIONS_ONLY)
        identity = None
        if raw is None or is_for_sessions:
            if self._hooks.read_session is not None:
                identity = await self._hooks.read_session(request.scope, request.headers)
        else:
            key = raw.decode("latin-1")
            identity = self._directory.find_cached(key)
            if identity is None:
                is_trusted = not self._failures.is_spent(request.address)
                identity = await self._directory.find(key, is_trusted=is_trusted)
        if identity is not None:
            return identity
        if is_for_sessions:
            raise await self._failed(request, SESSION_NEEDED)
        raise await self._failed(request, _NO_KEY if raw is None else _NOT_A_KEY)

    async def _failed(self, request: _Request, message: str) -> AppError:
        """Count a failed authentication and make its refusal."""
        decision = await decided(self._failures.count(request.address))
        request.answer += limit_headers(_FAILURE_POLICY, decision)
        if decision.accepted:
            return Unauthenticated(message)
        return RateLimited(
            "Too many failed authentications from your address.",
            retry_after_seconds=decision.retry_after_seconds,
        )

    def _find_refusal(self, request: _Request, identity: Identity) -> AppError | None:
        """Say why a known credential is not admitted, if it is not."""
        if identity.shut_because is not None:
            return Unauthenticated(identity.shut_because)
        has_moments = identity.expires_at is not None or identity.notice_from is not None
        now = self._wall_clock() if has_moments else 0.0
        if identity.expires_at is not None and identity.expires_at <= now:
            return Unauthenticated(_EXPIRED)
        if identity.networks and not is_within(request.address, identity.networks):
            message = "This API key may not be used from your address."
            return Forbidden(message, [Problem("address", "is not in the key's allowedIps")])
        if identity.notice_from is not None and identity.notice_from <= now:
            request.answer += identity.notice_headers
        if self._hooks.on_identified is not None:
            self._hooks.on_identified(identity, request.address)
        return None

    def _ask(
        self, identity: Identity, category: Category, *, is_free: bool
    ) -> Decision | Awaitable[Decision]:
        """Spend one request of the caller's budget, or only look at it."""
        limit = identity.limits.get(category) or DEFAULT_LIMITS[category]
        ask = self._limiter.peek if is_free else self._limiter.check
        return ask(identity.subject_id, category, limit)

    def _pass_on(self, request: _Request, receive: Receive, send: Send) -> Awaitable[None]:
        """Let the application answer; HEAD is answered as GET without the body."""
        scope, route = request.scope, request.route
        if request.method == "HEAD":
            scope["method"] = "GET"
            scope[HEAD_KEY] = True
        if route is None or route.answer is None:
            return self._app(scope, receive, send)
        scope["app"] = self._app
        scope["path_params"] = route.read_parameters(scope["path"])
        return route.answer(scope, receive, send)

    def _finish(self, request: _Request, status: int) -> None:
        if self._hooks.on_finished is not None and request.identity is not None:
            route = None if request.route is None else request.route.path
            self._hooks.on_finished(
                FinishedRequest(
                    request.identity,
                    request.method,
                    route,
                    status,
                    request.address,
                    request.headers,
                )
            )

    def _hide_key_in_query(self, request: _Request) -> None:
        """Tell of a key in the URL and take it out, so that nothing further on can note it."""
        query: bytes = request.scope["query_string"]
        hidden = _KEY_IN_QUERY.sub(b"redacted", query)
        if hidden != query:
            request.scope["query_string"] = hidden
            if self._hooks.on_key_in_url is not None:
                self._hooks.on_key_in_url(query, request.address)


def _read_key(headers: Mapping[bytes, bytes]) -> bytes | None:
    """Return what was sent as a key: x-api-key, or a bearer token that looks like one."""
    raw = headers.get(b"x-api-key")
    if raw is not None:
        return raw
    bearer = headers.get(b"authorization")
    if bearer is not None and bearer[: len(_BEARER)].lower() == _BEARER:
        return bearer[_BEARER_LENGTH:]
    return None


def _caller_of(request: _Request, identity: Identity) -> Caller:
    """Make this request's caller. Written out: `_replace` costs three times as much."""
    known = identity.caller
    return Caller(
        known.company_id,
        known.actor,
        known.scopes,
        known.key_id,
        known.member_id,
        known.name,
        known.hint,
        known.expires_at,
        known.permissions,
        request.address,
        request.id,
    )


def _route_refusal(request: _Request, methods: Methods | None) -> AppError | None:
    if methods is None:
        return NotFound(_NO_ROUTE)
    if request.route is not None:
        return None
    allowed = methods.allowed()
    request.answer.append((b"allow", allowed.encode()))
    return MethodNotAllowed(f"This path allows {allowed}.")
