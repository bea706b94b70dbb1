"""Parameters that many routes share: ids in the path, limit and cursor of a list."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Path, Query

from justpaid.errors import NotFound
from justpaid.ids import Prefix, decode_id, encode_id
from justpaid.web.cursors import DEFAULT_LIMIT, MAX_LIMIT, Position, decode_cursor

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


After = Annotated[Position | None, Depends(_position)]

__all__ = ["DEFAULT_LIMIT", "After", "Limit", "path_id"]
