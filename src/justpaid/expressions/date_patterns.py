"""LDML date patterns (`yyyy-MM-dd HH:mm`): writing a day by one, and reading text by one.

Letters are tokens, text in single quotes is literal (`''` is a quote), all else stands for itself.
Names of months and days are English.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from justpaid.expressions import dates
from justpaid.expressions.dates import Day
from justpaid.expressions.errors import Fault
from justpaid.expressions.values import shortened

MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
WEEKDAYS: Final = (
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
)

_MAX_PATTERN: Final = 200
_TOKEN: Final = re.compile(r"([A-Za-z])\1*|'((?:[^']|'')*)'|[^A-Za-z']+")
_CENTURY: Final = 2000


def _fraction(digits: int) -> Callable[[datetime], str]:
    return lambda moment: f"{moment.microsecond:06d}000"[:digits]


_WRITERS: Final[Mapping[str, Callable[[datetime], str]]] = MappingProxyType(
    {
        "y": lambda moment: str(moment.year),
        "yy": lambda moment: f"{moment.year % 100:02d}",
        "yyyy": lambda moment: f"{moment.year:04d}",
        "Q": lambda moment: str((moment.month + 2) // 3),
        "QQQ": lambda moment: f"Q{(moment.month + 2) // 3}",
        "M": lambda moment: str(moment.month),
        "MM": lambda moment: f"{moment.month:02d}",
        "MMM": lambda moment: MONTHS[moment.month - 1][:3],
        "MMMM": lambda moment: MONTHS[moment.month - 1],
        "d": lambda moment: str(moment.day),
        "dd": lambda moment: f"{moment.day:02d}",
        "E": lambda moment: WEEKDAYS[moment.weekday()][:3],
        "EEE": lambda moment: WEEKDAYS[moment.weekday()][:3],
        "EEEE": lambda moment: WEEKDAYS[moment.weekday()],
        "a": lambda moment: "AM" if moment.hour < 12 else "PM",  # noqa: PLR2004  noon
        "H": lambda moment: str(moment.hour),
        "HH": lambda moment: f"{moment.hour:02d}",
        "h": lambda moment: str((moment.hour + 11) % 12 + 1),
        "hh": lambda moment: f"{(moment.hour + 11) % 12 + 1:02d}",
        "m": lambda moment: str(moment.minute),
        "mm": lambda moment: f"{moment.minute:02d}",
        "s": lambda moment: str(moment.second),
        "ss": lambda moment: f"{moment.second:02d}",
        "X": lambda moment: dates.written_offset(moment, ""),
        "XX": lambda moment: dates.written_offset(moment, ""),
        "XXX": dates.written_offset,
        "xxx": lambda moment: dates.written_offset(moment).replace("Z", "+00:00"),
        **{"S" * digits: _fraction(digits) for digits in range(1, 10)},
    }
)

_NAMES: Final = "|".join(MONTHS)
_SHORT_NAMES: Final = "|".join(month[:3] for month in MONTHS)
_DAYS: Final = "|".join(WEEKDAYS)
_SHORT_DAYS: Final = "|".join(day[:3] for day in WEEKDAYS)
_READERS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "y": ("year", r"[0-9]{4}"),
        "yyyy": ("year", r"[0-9]{4}"),
        "yy": ("short_year", r"[0-9]{2}"),
        "M": ("month", r"[0-9]{1,2}"),
        "MM": ("month", r"[0-9]{2}"),
        "MMM": ("month_name", _SHORT_NAMES),
        "MMMM": ("month_name", _NAMES),
        "d": ("day", r"[0-9]{1,2}"),
        "dd": ("day", r"[0-9]{2}"),
        "E": ("", _SHORT_DAYS),
        "EEE": ("", _SHORT_DAYS),
        "EEEE": ("", _DAYS),
        "a": ("half", "AM|PM"),
        "H": ("hour", r"[0-9]{1,2}"),
        "HH": ("hour", r"[0-9]{2}"),
        "h": ("half_hour", r"[0-9]{1,2}"),
        "hh": ("half_hour", r"[0-9]{2}"),
        "m": ("minute", r"[0-9]{1,2}"),
        "mm": ("minute", r"[0-9]{2}"),
        "s": ("second", r"[0-9]{1,2}"),
        "ss": ("second", r"[0-9]{2}"),
        "X": ("offset", r"Z|[+-][0-9]{2}(?::?[0-9]{2})?"),
        "XX": ("offset", r"Z|[+-][0-9]{4}"),
        "XXX": ("offset", r"Z|[+-][0-9]{2}:[0-9]{2}"),
        "xxx": ("offset", r"[+-][0-9]{2}:[0-9]{2}"),
        **{"S" * digits: ("fraction", rf"[0-9]{{{digits}}}") for digits in range(1, 10)},
    }
)


def written(day: Day, pattern: str, zone: tzinfo | None) -> str:
    """Write a day by a pattern, a moment first moved to a zone; raises Fault for a bad pattern."""
    if not isinstance(day, datetime):
        moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    else:
        moment = day if zone is None else day.astimezone(zone)
    texts: list[str] = []
    for token, literal in _tokens(pattern):
        if not token:
            texts.append(literal)
        elif token in _WRITERS:
            texts.append(_WRITERS[token](moment))
        else:
            raise _unknown(token)
    return "".join(texts)


def read(text: str, pattern: str, zone: tzinfo) -> Day:
    """Read a text by a pattern: a moment when it has a time, else a date; raises Fault."""
    reader = _reader(pattern)
    match = reader.fullmatch(text)
    if match is None:
        raise Fault(f"'{shortened(text)}' does not read as `{pattern}`", argument=0)
    found = {name: part for name, part in match.groupdict().items() if part is not None}
    try:
        return _day(found, zone)
    except ValueError as error:
        raise Fault(f"'{shortened(text)}' is not a date: {error}", argument=0) from None


def _day(found: Mapping[str, str], zone: tzinfo) -> Day:
    year = int(found["year"]) if "year" in found else _CENTURY + int(found["short_year"])
    month = int(found.get("month", "1"))
    if "month_name" in found:
        short = found["month_name"][:3].lower()
        month = [name[:3].lower() for name in MONTHS].index(short) + 1
    day = date(year, month, int(found.get("day", "1")))
    if not found.keys() & {"hour", "half_hour", "minute", "second"}:
        return day
    hour = int(found.get("hour", "0"))
    if "half_hour" in found:
        hour = _full_hour(int(found["half_hour"]), found.get("half", "AM"))
    return datetime(
        day.year,
        day.month,
        day.day,
        hour,
        int(found.get("minute", "0")),
        int(found.get("second", "0")),
        int(found.get("fraction", "0")[:6].ljust(6, "0")),
        dates.offset(found["offset"]) if "offset" in found else zone,
    )


def _full_hour(hour: int, half: str) -> int:
    if not 1 <= hour <= 12:  # noqa: PLR2004  a clock face
        raise ValueError("hour must be in 1..12")
    return hour % 12 + (12 if half.upper() == "PM" else 0)


@lru_cache(maxsize=128)
def _reader(pattern: str) -> re.Pattern[str]:
    """Build the regular expression of a pattern: every group is bounded, so none backtracks far."""
    parts: list[str] = []
    seen: set[str] = set()
    for token, literal in _tokens(pattern):
        if not token:
            parts.append(re.escape(literal))
            continue
        if token not in _READERS:
            raise _unknown(token)
        name, expression = _READERS[token]
        if name in seen:
            raise Fault(f"the pattern says the {name.replace('_', ' ')} twice", argument=1)
        if name:
            seen.add(name)
        parts.append(f"(?P<{name}>{expression})" if name else f"(?:{expression})")
    if not seen & {"year", "short_year"}:
        raise Fault("the pattern says no year", argument=1)
    return re.compile("".join(parts), re.IGNORECASE | re.ASCII)


@lru_cache(maxsize=128)
def _tokens(pattern: str) -> tuple[tuple[str, str], ...]:
    """Return a pattern's parts, each a token or a literal."""
    if len(pattern) > _MAX_PATTERN:
        raise Fault(f"the pattern has more than {_MAX_PATTERN} characters", argument=1)
    parts: list[tuple[str, str]] = []
    position = 0
    while position < len(pattern):
        match = _TOKEN.match(pattern, position)
        if match is None:
            raise Fault("the pattern has a quote that is never closed", argument=1)
        if match[1]:
            parts.append((match[0], ""))
        elif match[2] is not None:
            parts.append(("", match[2].replace("''", "'") or "'"))
        else:
            parts.append(("", match[0]))
        position = match.end()
    return tuple(parts)


def _unknown(token: str) -> Fault:
    hint = {"Y": "; years are `yyyy`", "D": "; days are `dd`"}.get(token[0], "")
    return Fault(f"`{token[:20]}` means nothing in a date pattern{hint}", argument=1)
