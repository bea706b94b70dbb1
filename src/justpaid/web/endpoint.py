"""How a route's function gets its arguments: FastAPI's own plan of them, followed without detours.

Guarantee: the same arguments and the same errors as by FastAPI's own handler. Only plain plans are
followed: coroutines, single values, one JSON body, an answer that is a response. Any other route is
FastAPI's, which spends about as long on finding arguments as a busy route's work takes.
"""

from collections.abc import Callable, Coroutine, Mapping
from functools import lru_cache
from inspect import iscoroutinefunction, signature
from types import MappingProxyType
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl

from fastapi import Request, Response
from fastapi._compat import ModelField, field_annotation_is_scalar
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_params_to_args
from fastapi.exceptions import RequestValidationError
from fastapi.params import Form, Param
from fastapi.routing import APIRoute

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
Problems = list[Any]

_USUAL_LENGTH: Final = 64
_PLAIN_DEFAULTS: Final = (type(None), bool, int, str)
_NO_PARAMETERS: Final[Mapping[str, str]] = MappingProxyType({})


class _NotPlain(Exception):
    """A plan holds something that is FastAPI's to do."""


class _Parameter(NamedTuple):
    """One single value of a path, a query or the headers."""

    field: ModelField
    name: str
    alias: str
    place: tuple[str, str]
    is_required: bool
    is_any_text: bool
    default: object

    def read(self, given: Mapping[str, str], values: dict[str, Any], problems: Problems) -> None:
        """Put the value into `values`, or what is wrong with it into `problems`."""
        raw = given.get(self.alias)
        if raw is not None and self.is_any_text:
            value, wrong = raw, None
        elif raw is not None:
            value, wrong = self.field.validate(raw, values, loc=self.place)
        elif self.is_required:
            value, (_, wrong) = None, request_params_to_args([self.field], given)
        else:
            value, wrong = self.default, None
        if wrong:
            problems.extend(wrong)
        else:
            values[self.name] = value


class _Call:
    """A function that a request calls, after those whose results it takes."""

    def __init__(self, dependant: Dependant) -> None:
        call = dependant.call
        if call is None or not _is_plain(dependant):
            raise _NotPlain
        self.call: Callable[..., Coroutine[Any, Any, Any]] = call
        self.name = dependant.name
        self.is_shared = dependant.use_cache
        self.needs = [_Call(each) for each in dependant.dependencies]
        self._path = [_parameter(field) for field in dependant.path_params]
        self._query = [_parameter(field) for field in dependant.query_params]
        self._headers = [_parameter(field) for field in dependant.header_params]
        self._request_name = dependant.request_param_name

    async def arguments(
        self, request: Request, results: dict[Any, Any], problems: Problems
    ) -> dict[str, Any] | None:
        """Return what to call with; None where something is wrong with the request."""
        values: dict[str, Any] = {}
        before = len(problems)
        for need in self.needs:
            call = need.call
            if not need.is_shared or call not in results:
                inner = (
                    await need.arguments(request, results, problems)
                    if need.needs
                    else need.read(request, {}, problems)
                )
                if inner is None:
                    continue
                results[call] = await call(**inner)
            if need.name is not None:
                values[need.name] = results[call]
        read = self.read(request, values, problems)
        return read if len(problems) == before else None  # what it needs may be what is wrong

    def read(
        self, request: Request, values: dict[str, Any], problems: Problems
    ) -> dict[str, Any] | None:
        """Add what the request itself says."""
        before = len(problems)
        for parameter in self._path:
            parameter.read(request.path_params, values, problems)
        if self._query:
            given = _read_query(request.scope["query_string"])
            for parameter in self._query:
                parameter.read(given, values, problems)
        for parameter in self._headers:
            parameter.read(request.headers, values, problems)
        if self._request_name is not None:
            values[self._request_name] = request
        return values if len(problems) == before else None


def find_plain_handler(route: APIRoute) -> Handler | None:
    """Return a route's handler; None where FastAPI has to make it.

    The request's `json()` gives the body's value.
    """
    try:
        top = _Call(route.dependant)
    except _NotPlain:
        return None
    body = route.body_field
    if not _answers_itself(route) or (body is not None and not _is_whole_body(route)):
        return None

    async def handle(request: Request) -> Response:
        problems: Problems = []
        value: Any = None
        arguments = await top.arguments(request, {}, problems)
        if body is not None:
            value = await request.json()
            read, wrong = body.validate(value, {}, loc=("body",))
            problems.extend(wrong)
            if arguments is not None:
                arguments[body.name] = read
        if problems or arguments is None:
            raise RequestValidationError(problems, body=value)
        response: Response = await top.call(**arguments)
        return response

    return handle


def _is_plain(dependant: Dependant) -> bool:
    special = (
        dependant.cookie_params,
        dependant.websocket_param_name,
        dependant.http_connection_param_name,
        dependant.response_param_name,
        dependant.background_tasks_param_name,
        dependant.security_scopes_param_name,
        dependant.own_oauth_scopes,
        dependant.parent_oauth_scopes,
        dependant.concurrency,
    )
    call: object = dependant.call
    is_coroutine = iscoroutinefunction(call) or iscoroutinefunction(type(call).__call__)
    return is_coroutine and not any(special)


def _parameter(field: ModelField) -> _Parameter:
    info, default = field.field_info, field.default
    is_required = info.is_required()
    if not isinstance(info, Param):
        raise _NotPlain
    is_plain = (
        info.validation_alias in {None, field.alias}
        and field_annotation_is_scalar(info.annotation)
        and (is_required or isinstance(default, _PLAIN_DEFAULTS))
        and not info.validate_default
    )
    if not is_plain:
        raise _NotPlain
    where = (_kind(info), field.alias)
    is_any_text = info.annotation is str and not info.metadata
    return _Parameter(field, field.name, field.alias, where, is_required, is_any_text, default)


def _read_query(query: bytes) -> Mapping[str, str]:
    """Return the last value of each name, as Starlette does that keeps all of them."""
    if not query:
        return _NO_PARAMETERS
    return _read_usual(query) if len(query) <= _USUAL_LENGTH else _parse_query(query)


def _parse_query(query: bytes) -> Mapping[str, str]:
    return dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True))


_read_usual = lru_cache(maxsize=1024)(_parse_query)  # `wait=30` or `limit=50` come all the time


def _kind(info: Param) -> str:
    kind: str = info.in_.value
    return kind


def _answers_itself(route: APIRoute) -> bool:
    """Whether the function returns the response, and nothing is left to FastAPI."""
    answer: object = signature(route.endpoint).return_annotation
    return isinstance(answer, type) and issubclass(answer, Response)


def _is_whole_body(route: APIRoute) -> bool:
    """Whether the body is one value by itself, asked for by the function and nobody else."""
    fields = route.dependant.body_params
    body = route.body_field
    return (
        len(fields) == 1
        and body is not None
        and fields[0] is body
        and not isinstance(body.field_info, Form)
        and body.field_info.is_required()
        and not any(_has_body(each) for each in route.dependant.dependencies)
    )


def _has_body(dependant: Dependant) -> bool:
    return bool(dependant.body_params) or any(_has_body(each) for each in dependant.dependencies)
