"""The route class of every API feature: exact JSON in, one transaction, errors as answers."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from justpaid import exact_json
from justpaid.db.pool import DATABASE_AWAY, Pool
from justpaid.errors import AppError, InvalidInput, Problem, Unavailable
from justpaid.web import idempotency
from justpaid.web.body import read_body, require_json
from justpaid.web.caller import CALLER_KEY, SESSIONS_ONLY, Caller
from justpaid.web.endpoint import Handler, find_plain_handler
from justpaid.web.errors import error_response, internal_error, invalid_request, status_response
from justpaid.web.gate_contract import HEADERS_KEY, Receive, Scope, Send
from justpaid.web.unit_of_work import UNIT_KEY, UnitOfWork

_log = structlog.get_logger(__name__)

_READS: Final = {"GET", "HEAD"}
REQUEST_ID_KEY: Final = "justpaid.request_id"


@dataclass(frozen=True, slots=True)
class EdgeResources:
    """What the edge itself needs; the app keeps one as `app.state.edge`.

    `settle` waits until what was committed on keys holds on every process: a repeated admin act
    promises what its first answer does, which may not have left yet. `refuse_keys` raises
    InvalidInput for what a person of a company sends with an API key in it: names and notes are
    stored, and the audit log forgets nothing.
    """

    pool: Pool
    idempotency_secret: bytes
    settle: Callable[[], Awaitable[None]] | None = None
    refuse_keys: Callable[[UUID, exact_json.JsonValue], Awaitable[None]] | None = None


class JsonRequest(Request):
    """A request whose JSON was read already, with exact numbers; an empty body reads as `{}`."""

    def __init__(self, request: Request, raw: bytes, value: exact_json.JsonValue) -> None:
        super().__init__(request.scope, request.receive)
        self._body = raw or b"{}"
        self._value = value

    async def json(self) -> exact_json.JsonValue:
        """Return the body's value."""
        return self._value


class ApiRoute(APIRoute):
    """Reads the body, opens the unit of work, honours Idempotency-Key, commits, answers errors."""

    _handle: Handler
    _is_plain: bool

    def get_route_handler(self) -> Handler:
        """Wrap what calls the route's function: FastAPI's handler, or the short way there."""
        plain = find_plain_handler(self)
        self._is_plain = plain is not None
        inner = plain or super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await _serve(request, inner)
            except AppError as error:
                return error_response(error, request_id_of(request))
            except RequestValidationError as error:
                return error_response(invalid_request(error), request_id_of(request))
            except HTTPException as error:
                return status_response(error.status_code, error.detail, request_id_of(request))
            except DATABASE_AWAY:
                _log.warning("database_away", exc_info=True)
                away = Unavailable("The database cannot be reached now. Try again shortly.")
                return error_response(away, request_id_of(request))
            except Exception:  # whatever it is, the caller gets an answer and the log the reason
                _log.exception("request_failed")
                return internal_error(request_id_of(request))

        self._handle = handle
        return handle

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that is known to be for this route.

        What the application's layers would do for it is done here: they search for the route, open
        these stacks, and answer errors, which are answers here already.
        """
        if self._is_plain:
            response = await self._handle(Request(scope, receive, send))
            await response(scope, receive, send)
            return
        async with AsyncExitStack() as stack:
            scope["fastapi_middleware_astack"] = scope["fastapi_inner_astack"] = stack
            async with AsyncExitStack() as inner:
                scope["fastapi_function_astack"] = inner
                response = await self._handle(Request(scope, receive, send))
            await response(scope, receive, send)


def api_router(tag: str, prefix: str = "/api/v1") -> APIRouter:
    """Make the router of a feature; every route on it is an ApiRoute."""
    return APIRouter(prefix=prefix, tags=[tag], route_class=ApiRoute, strict_content_type=False)


def request_id_of(request: Request) -> str | None:
    """Return the id that the gate gave this request."""
    return request.scope.get(REQUEST_ID_KEY)


async def _serve(request: Request, inner: Handler) -> Response:
    if b"%00" in request.scope["query_string"]:
        _refuse_nul(request)
    edge: EdgeResources = request.app.state.edge
    if request.method in _READS:
        return await _in_unit(request, UnitOfWork(edge.pool, writes=False), inner)
    headers: Mapping[bytes, bytes] = request.scope.get(HEADERS_KEY) or dict(request.headers.raw)
    require_json(headers)
    raw = await read_body(request.receive)
    read = JsonRequest(request, raw, exact_json.parse(raw) if raw else {})
    unit = UnitOfWork(edge.pool, writes=True)
    key = headers.get(idempotency.HEADER) if request.method == "POST" else None
    caller: Caller | None = request.scope.get(CALLER_KEY)
    is_for_people = request.scope["path"].startswith(SESSIONS_ONLY)
    if is_for_people and caller is not None and edge.refuse_keys is not None:
        await edge.refuse_keys(caller.company_id, await read.json())
    if key is None or caller is None:
        return await _in_unit(read, unit, inner)
    identified = idempotency.identify(
        edge.idempotency_secret,
        caller.company_id,
        caller.actor,
        request.method,
        request.url.path,
        key.decode("latin-1"),
        raw,
    )
    return await _in_unit(read, unit, lambda inside: _once(inside, unit, identified, inner))


def _refuse_nul(request: Request) -> None:
    """Raise InvalidInput for a parameter with U+0000, which no column of the database holds."""
    problems = [
        Problem(name.replace("\0", ""), "must not contain U+0000")
        for name, value in request.query_params.multi_items()
        if "\0" in name + value
    ]
    if problems:
        raise InvalidInput("The query is not valid.", problems)


async def _in_unit(
    request: Request, unit: UnitOfWork, act: Callable[[Request], Awaitable[Response]]
) -> Response:
    request.scope[UNIT_KEY] = unit
    try:
        response = await act(request)
        await unit.commit()
    finally:
        await unit.close()
    return response


async def _once(
    request: Request, unit: UnitOfWork, identified: idempotency.IdempotentRequest, inner: Handler
) -> Response:
    """Answer from the store, or act and keep the answer in the same transaction."""
    connection = await unit.connection()
    first = await idempotency.find_answer(connection, identified)
    if first is not None:
        edge: EdgeResources = request.app.state.edge
        if edge.settle is not None and request.url.path.startswith(SESSIONS_ONLY):
            unit.after_commit(edge.settle)
        return first
    try:
        async with connection.transaction():  # a refusal undoes the act, yet is kept
            response = await inner(request)
    except AppError as error:
        response = error_response(error, request_id_of(request))
    await idempotency.keep_answer(connection, identified, response)
    return response
