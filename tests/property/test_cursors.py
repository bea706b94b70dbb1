"""Paging by keyset: every row once, whatever arrives meanwhile; no forged cursor passes."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from justpaid.errors import InvalidInput
from justpaid.web.cursors import Position, decode_cursor, encode_cursor, split_page

_moments = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  hypothesis adds the zone
_positions = st.builds(Position, _moments, st.uuids())


def _key(position: Position) -> tuple[datetime, UUID]:
    return (position.created_at, position.id)


@given(_positions)
def test_a_cursor_names_its_row(position: Position) -> None:
    """What a cursor was made from comes out of it, to the microsecond."""
    assert decode_cursor(encode_cursor(position)) == position


@given(st.text(max_size=60))
def test_no_text_is_a_cursor_by_chance(text: str) -> None:
    """A cursor we did not make is refused, never another exception."""
    with pytest.raises(InvalidInput):
        decode_cursor(text)


@given(
    st.lists(_positions, unique_by=lambda position: position.id, max_size=60),
    st.integers(1, 7),
    st.lists(st.lists(st.uuids(), max_size=3), max_size=70),
)
def test_pages_show_every_row_once(
    rows: list[Position], limit: int, arriving: list[list[UUID]]
) -> None:
    """While newer rows arrive between pages, those there at the start are shown once each."""
    table = {row.id: row for row in rows}
    newest = max((row.created_at for row in rows), default=datetime(2000, 1, 1, tzinfo=UTC))
    shown: list[UUID] = []
    cursor: str | None = None
    for turn in range(100):
        after = decode_cursor(cursor)
        ordered = sorted(table.values(), key=_key, reverse=True)
        rest = [row for row in ordered if after is None or _key(row) < _key(after)]
        page, cursor = split_page(rest[: limit + 1], limit, lambda row: row)
        shown += [row.id for row in page]
        if cursor is None:
            break
        for new in arriving[turn] if turn < len(arriving) else []:
            newest += timedelta(microseconds=1)
            table.setdefault(new, Position(newest, new))
    assert len(shown) == len(set(shown))
    assert {row.id for row in rows} <= set(shown)
