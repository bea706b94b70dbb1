"""Parameters that many routes share: ids in the path, revisions, limit and cursor of a list."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Depends, Header, Path, Query, Request
from pydantic import AwareDatetime, BeforeValidator

from justpaid.errors import InvalidInput, NotFound, Problem
from justpaid.exact_json import JsonValue, join_path
from justpaid.ids import Prefix, decode_id, encode_id
from justpaid.web.cursors import DEFAULT_LIMIT, MAX_LIMIT, Position, decode_cursor

_ETAG: Final = re.compile(r'(?:W/)?"(\d{1,9})"')
_NUMBER: Final = re.compile(r"\s*[+-]?[\d._]*\s*")
_EXAMPLE = UUID("01932c07-8000-7000-8000-000000000001")


def path_id(prefix: Prefix, name: str) -> Any:  # noqa: ANN401  FastAPI's Depends is untyped by design
    """Declare the path parameter `name` as an id of this type; a malformed one is NotFound."""

    async def read(
        text: Annotated[str, Path(alias=name, examples=[encode_id(prefix, _EXAMPLE)])],
    ) -> UUID:
        value = decode_id(prefix, text)
        if value is None:
            raise NotFound("There is no such object.")
        return value

    return Depends(read)


Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Rows of a page.")]


async def _position(
    cursor: Annotated[
        str | None, Query(description="The `meta.cursor` of the page before; opaque.")
    ] = None,
) -> Position | None:
    return decode_cursor(cursor)


async def revisions_wanted(
    text: Annotated[
        str | None,
        Header(alias="If-Match", description='The revision you read, such as `"3"`.'),
    ] = None,
) -> frozenset[int] | None:
    """Read If-Match; None when any revision will do."""
    if text is None or text.strip() == "*":
        return None
    matches = [_ETAG.fullmatch(part.strip()) for part in text.split(",")]
    revisions = [int(match[1]) for match in matches if match]
    if len(revisions) < len(matches):
        problem = Problem("If-Match", 'must be a revision as the ETag shows it, such as "3"')
        raise InvalidInput("The header If-Match is not valid.", [problem])
    return frozenset(revisions)


async def no_body(request: Request) -> None:
    """Refuse a body that says something: this act takes none."""
    body: JsonValue = await request.json()
    if body == {}:
        return
    problems = [Problem("", "must be an empty object")]
    if isinstance(body, dict):
        problems = [Problem(join_path("", name), "unknown field") for name in body]
    raise InvalidInput("This act takes no body.", problems)


def given_id(text: str | None, prefix: Prefix, field: str) -> UUID | None:
    """Read an id that a request names in `field`, None for none; raises InvalidInput."""
    if text is None:
        return None
    value = decode_id(prefix, text)
    if value is None:
        message = f"is not an id of this kind: they begin with {prefix}_"
        raise InvalidInput("The request is not valid.", [Problem(field, message)])
    return value


def given_moment(moment: datetime | None, field: str) -> datetime | None:
    """Return a moment that a request names in `field` in UTC; raises InvalidInput."""
    try:
        return None if moment is None else moment.astimezone(UTC)
    except OverflowError:
        problem = Problem(field, "is out of range")
        raise InvalidInput("The request is not valid.", [problem]) from None


def _written_out(value: object) -> object:
    """Refuse a bare number, which would be taken for seconds since 1970: `2026` is a year."""
    is_text = isinstance(value, str) and not _NUMBER.fullmatch(value)
    if is_text or isinstance(value, datetime):
        return value
    raise ValueError("must be a time as ISO 8601 writes it, such as 2026-01-15T09:00:00Z")


Moment = Annotated[AwareDatetime, BeforeValidator(_written_out)]
NoBody: Final = Depends(no_body)
After = Annotated[Position | None, Depends(_position)]
Revisions = Annotated[frozenset[int] | None, Depends(revisions_wanted)]

__all__ = [
    "DEFAULT_LIMIT",
    "After",
    "Limit",
    "Moment",
    "NoBody",
    "Revisions",
    "given_id",
    "given_moment",
    "path_id",
]
