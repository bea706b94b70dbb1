"""Dates and moments as ISO 8601 text, and time zones from the pinned time zone data.

A date has no time; a moment has one and an offset (UTC when none is written). Zones come from the
`tzdata` package, never from the machine, so that a result is the same everywhere.
"""

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import cache
from importlib import resources
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from justpaid.exact_json import JsonValue
from justpaid.expressions.arguments import wrong
from justpaid.expressions.errors import Fault

Day: TypeAlias = date | datetime

_ISO: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?"
    r"([Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)?)?"
)
_WANTED: Final = "an ISO 8601 date or moment"
_LONGEST: Final = 40
_MICROSECOND_DIGITS: Final = 6
_MILLISECOND: Final = 1_000


def read(value: JsonValue, number: int) -> Day:
    """Read argument `number` as a date or a moment; raises Fault."""
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise wrong(number, _WANTED, value)
    match = _ISO.fullmatch(value.strip())
    if match is None:
        raise wrong(number, _WANTED, value)
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        if hour is None:
            return date(int(year), int(month), int(day))
        micros = int((fraction or "0")[:_MICROSECOND_DIGITS].ljust(_MICROSECOND_DIGITS, "0"))
        return datetime(
            int(year),
            int(month),
            int(day),
            int(hour),
            int(minute),
            int(second or 0),
            micros,
            offset(zone),
        )
    except ValueError as error:
        raise Fault(f"argument {number + 1} is not a date: {error}", argument=number) from None


def read_date(value: JsonValue, number: int) -> date:
    """Read argument `number` as the date it says, whatever its time; raises Fault."""
    day = read(value, number)
    return day.date() if isinstance(day, datetime) else day


def write(day: Day) -> str:
    """Write a date, or a moment with its offset; a fraction of a second only when there is one."""
    if not isinstance(day, datetime):
        return day.isoformat()
    if (day.utcoffset() or timedelta()) % timedelta(minutes=1):
        day = day.astimezone(UTC)  # offsets of the 19th century have seconds, ISO 8601 has none
    text = day.replace(tzinfo=None, microsecond=0).isoformat()
    if day.microsecond % _MILLISECOND:
        text += f".{day.microsecond:06d}"
    elif day.microsecond:
        text += f".{day.microsecond // _MILLISECOND:03d}"
    return text + written_offset(day)


def written_offset(moment: datetime, separator: str = ":") -> str:
    """Write a moment's offset from UTC: `Z`, or such as `+02:00`."""
    minutes = int((moment.utcoffset() or timedelta()).total_seconds()) // 60
    if not minutes:
        return "Z"
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02d}{separator}{rest:02d}"


def offset(text: str | None) -> tzinfo:
    """Read an offset such as `+02:00`; UTC for none and for `Z`. Raises ValueError."""
    if text is None or text in "Zz":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    span = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-span if text[0] == "-" else span)


def zone(value: JsonValue, number: int) -> tzinfo:
    """Return the time zone that argument `number` names, such as `Europe/Berlin`."""
    if isinstance(value, str) and value in _zone_names():
        return _zone(value)
    raise wrong(number, "a time zone such as 'Europe/Berlin'", value)


@cache
def _zone_names() -> frozenset[str]:
    text = resources.files("tzdata").joinpath("zones").read_text("utf-8")
    return frozenset(text.split())


@cache
def _zone(name: str) -> ZoneInfo:
    with resources.files("tzdata.zoneinfo").joinpath(name).open("rb") as data:
        return ZoneInfo.from_file(data, key=name)
