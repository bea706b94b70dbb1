"""Moments as the API writes them, and the clock that processes share."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from justpaid.clock import clock_since, to_wire

_ZONES = st.timedeltas(timedelta(hours=-23), timedelta(hours=23)).map(timezone) | st.just(UTC)
_MOMENTS = st.datetimes(timezones=_ZONES).filter(lambda moment: 1 < moment.year < 9999)


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        (datetime(2026, 7, 31, 12, 0, 0, 123_999, UTC), "2026-07-31T12:00:00.123Z"),
        (datetime(2026, 7, 31, 12, 0, 0, 0, UTC), "2026-07-31T12:00:00.000Z"),
        (datetime(2026, 7, 31, 12, 0, 0, 999, UTC), "2026-07-31T12:00:00.000Z"),
        (datetime(901, 1, 2, tzinfo=UTC), "0901-01-02T00:00:00.000Z"),
    ],
)
def test_a_moment_has_milliseconds_cut_off(moment: datetime, written: str) -> None:
    """Every moment has the same length, and never lies ahead of what was stored."""
    assert to_wire(moment) == written


@given(_MOMENTS)
def test_a_moment_is_written_as_the_standard_library_would(moment: datetime) -> None:
    """The short way to write a moment says the same as the long one, whatever its zone."""
    expected = moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")
    assert to_wire(moment) == f"{expected}Z"


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.floats(0, 1e7),
    st.floats(0, 1e6),
)
def test_a_shared_clock_goes_on_from_the_moment_it_was_given(
    moment: datetime, at: float, passed: float
) -> None:
    """What has passed on the monotonic clock is added to the moment, to the microsecond."""
    clock = clock_since(moment, at, lambda: at + passed)
    assert abs(clock() - (moment + timedelta(seconds=passed))) <= timedelta(microseconds=2)
