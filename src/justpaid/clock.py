"""The only place that reads the time: wall time for records, monotonic time for spans."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

_write = msgspec.json.Encoder().encode
# As msgspec writes a moment, quotes included: with microseconds, or without any.
_EXACT_LENGTH = len('"2026-07-31T12:00:00.000000Z"')
_SECOND = slice(1, len('"2026-07-31T12:00:00'))
_MILLISECOND = slice(1, len('"2026-07-31T12:00:00.000'))

Clock = Callable[[], datetime]
MonotonicClock = Callable[[], float]


def now() -> datetime:
    """Return the current moment in UTC, aware, with microseconds."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Return seconds on a clock that never goes back; only differences mean something."""
    return time.monotonic()


def clock_since(moment: datetime, at: float, monotonic_clock: MonotonicClock) -> Clock:
    """Make a clock that read `moment` when the monotonic one read `at`, whatever ours says.

    Those who share a database agree on its time by it, however far apart their own clocks are.
    """
    # Half of what adding a timedelta costs, and a worker asks at every step.
    read, start = datetime.fromtimestamp, moment.timestamp() - at
    return lambda: read(start + monotonic_clock(), UTC)


def to_wire(moment: datetime) -> str:
    """Write a moment as the API does: ISO 8601, UTC, milliseconds, `Z`."""
    # Several times faster than `isoformat`, and a record has many moments.
    written = _write(moment if moment.tzinfo is UTC else moment.astimezone(UTC))
    if len(written) == _EXACT_LENGTH:
        return written[_MILLISECOND].decode() + "Z"
    return written[_SECOND].decode() + ".000Z"
