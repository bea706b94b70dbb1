"""The one table from kinds of error to status and code, and the error answer itself."""

from http import HTTPStatus
from typing import Any, Final

from fastapi import Response
from fastapi.exceptions import RequestValidationError

from justpaid import exact_json
from justpaid.errors import (
    AppError,
    Conflict,
    Forbidden,
    IdempotencyConflict,
    InvalidInput,
    InvalidState,
    NotFound,
    PayloadTooLarge,
    Problem,
    RateLimited,
    Unauthenticated,
    Unavailable,
    UnsupportedMediaType,
)

KINDS: Final[dict[type[AppError], tuple[int, str]]] = {
    InvalidInput: (400, "VALIDATION_ERROR"),
    Unauthenticated: (401, "UNAUTHORIZED"),
    Forbidden: (403, "FORBIDDEN"),
    NotFound: (404, "NOT_FOUND"),
    InvalidState: (409, "INVALID_STATE"),
    IdempotencyConflict: (409, "IDEMPOTENCY_CONFLICT"),
    Conflict: (409, "CONFLICT"),
    PayloadTooLarge: (413, "PAYLOAD_TOO_LARGE"),
    UnsupportedMediaType: (415, "UNSUPPORTED_MEDIA_TYPE"),
    RateLimited: (429, "RATE_LIMITED"),
    Unavailable: (503, "UNAVAILABLE"),
}
METHOD_NOT_ALLOWED: Final = (405, "METHOD_NOT_ALLOWED")
INTERNAL_ERROR: Final = (500, "INTERNAL_ERROR")
# Said in JSON's words: pydantic's are those of Python.
_SHAPES: Final = {
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "dict_type": "must be an object",
    "list_type": "must be an array",
}
CODES: Final = {code for _, code in [*KINDS.values(), METHOD_NOT_ALLOWED, INTERNAL_ERROR]}


def kind_of(error: AppError) -> tuple[int, str]:
    """Find the status and code of an error by its nearest listed ancestor."""
    for ancestor in type(error).__mro__:
        if ancestor in KINDS:
            return KINDS[ancestor]
    return INTERNAL_ERROR


def error_body(
    code: str, message: str, request_id: str | None, problems: tuple[Problem, ...] = ()
) -> bytes:
    """Write the error envelope."""
    details = [{"field": problem.field, "message": problem.message} for problem in problems]
    error = {"code": code, "message": message, "details": details, "requestId": request_id}
    return exact_json.encode({"success": False, "error": error})


def error_response(error: AppError, request_id: str | None) -> Response:
    """Answer with an error of the tree; a known waiting time becomes Retry-After."""
    status, code = kind_of(error)
    body = error_body(code, error.message, request_id, error.problems)
    response = Response(body, status, media_type="application/json")
    retry_after: int | None = getattr(error, "retry_after_seconds", None)
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def internal_error(request_id: str | None) -> Response:
    """Answer a fault of ours: no detail leaves, the request id finds it in the log."""
    status, code = INTERNAL_ERROR
    message = "Something failed on our side. The request id finds it in the server's log."
    return Response(error_body(code, message, request_id), status, media_type="application/json")


def status_response(status: int, message: str, request_id: str | None) -> Response:
    """Answer a refusal that comes from the router rather than from the tree."""
    codes = dict([*KINDS.values(), METHOD_NOT_ALLOWED, INTERNAL_ERROR])
    unlisted = KINDS[InvalidInput] if status < HTTPStatus.INTERNAL_SERVER_ERROR else INTERNAL_ERROR
    body = error_body(codes.get(status, unlisted[1]), message, request_id)
    return Response(body, status, media_type="application/json")


def invalid_request(error: RequestValidationError) -> InvalidInput:
    """Turn pydantic's findings into problems with paths such as `steps[2].config.to`."""
    problems = [_problem(finding) for finding in error.errors()]
    return InvalidInput("The request is not valid.", problems)


def _problem(finding: dict[str, Any]) -> Problem:
    location = list(finding["loc"])
    if location and location[0] in {"body", "query", "path", "header", "cookie"}:
        location = location[1:]
    path = ""
    for part in location:
        path = exact_json.join_path(path, part)
    if finding["type"] == "extra_forbidden":
        return Problem(path, "unknown field")
    return Problem(path, _sentence(finding))


def _sentence(finding: dict[str, Any]) -> str:
    shape = _SHAPES.get(finding["type"])
    if shape is not None:
        return shape
    message = str(finding["msg"]).removeprefix("Value error, ")
    return message[:1].lower() + message[1:]
