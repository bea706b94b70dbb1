"""Keyset paging by (created_at, id), newest first: opaque cursors that survive arriving rows."""

import base64
import binascii
import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar
from uuid import UUID

from justpaid.errors import InvalidInput, Problem

DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 100

_LAYOUT: Final = struct.Struct(">q16s")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Position:
    """The last row of a page; the next page holds what is older."""

    created_at: datetime
    id: UUID


def encode_cursor(position: Position) -> str:
    """Write a position as a cursor."""
    micros = (position.created_at - _EPOCH) // _MICROSECOND
    packed = _LAYOUT.pack(micros, position.id.bytes)
    checked = packed + struct.pack(">I", zlib.crc32(packed))
    return base64.urlsafe_b64encode(checked).rstrip(b"=").decode()


def decode_cursor(cursor: str | None) -> Position | None:
    """Read a cursor; None for the first page. Raises InvalidInput for one we did not make."""
    if cursor is None:
        return None
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        micros, id_bytes = _LAYOUT.unpack(raw[:-4])
        position = Position(_EPOCH + micros * _MICROSECOND, UUID(bytes=id_bytes))
    except (ValueError, OverflowError, struct.error, binascii.Error):
        raise _bad_cursor() from None
    if raw[-4:] != struct.pack(">I", zlib.crc32(raw[:-4])):
        raise _bad_cursor()
    return position


def split_page(
    rows: Sequence[Item], limit: int, position_of: Callable[[Item], Position]
) -> tuple[Sequence[Item], str | None]:
    """Cut `limit + 1` fetched rows into a page and the cursor of the next one, if there is one."""
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], encode_cursor(position_of(rows[limit - 1]))


def _bad_cursor() -> InvalidInput:
    return InvalidInput(
        "The cursor is not valid.", [Problem("cursor", "not a cursor of this list")]
    )
