"""Five-field cron expressions, read into the sets of minutes, hours, days, months and weekdays."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_MONTHS: Final = [
    "jan",
    "feb",
    "mar",
    "apr",
    "may",
    "jun",
    "jul",
    "aug",
    "sep",
    "oct",
    "nov",
    "dec",
]
_WEEKDAYS: Final = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_DAYS_IN_MONTH: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_MAX_LENGTH: Final = 200


class CronSyntaxError(ValueError):
    """The text is not a cron expression; the message says which field is wrong and why."""


@dataclass(frozen=True, slots=True)
class Cron:
    """When a schedule fires, by local time.

    `weekdays`: 0 is Sunday. As in every cron, when both `days` and `weekdays` are restricted
    (`is_either_day`), a day that matches one of them is enough.
    """

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    is_either_day: bool


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    low: int
    high: int
    words: Mapping[str, int]


_FIELDS: Final = (
    _Field("minute", 0, 59, {}),
    _Field("hour", 0, 23, {}),
    _Field("day", 1, 31, {}),
    _Field("month", 1, 12, {word: number for number, word in enumerate(_MONTHS, 1)}),
    _Field("weekday", 0, 7, {word: number for number, word in enumerate(_WEEKDAYS)}),
)


def parse_cron(text: str) -> Cron:
    """Read `minute hour day month weekday`: lists, ranges, steps, and English three-letter names.

    Raises CronSyntaxError, also for a date that never comes (30 February).
    """
    parts = text.split()
    if len(text) > _MAX_LENGTH or len(parts) != len(_FIELDS):
        raise CronSyntaxError("must have five fields: minute hour day month weekday")
    minutes, hours, days, months, weekdays = (
        _parse_field(field, part) for field, part in zip(_FIELDS, parts, strict=True)
    )
    restricts_days, restricts_weekdays = (not parts[index].startswith("*") for index in (2, 4))
    if not restricts_weekdays and min(days) > max(_DAYS_IN_MONTH[month - 1] for month in months):
        raise CronSyntaxError("names a day that never comes")
    return Cron(
        minutes,
        hours,
        days,
        months,
        frozenset(day % 7 for day in weekdays),
        restricts_days and restricts_weekdays,
    )


def _parse_field(field: _Field, text: str) -> frozenset[int]:
    numbers: set[int] = set()
    for part in text.lower().split(","):
        numbers.update(_parse_part(field, part))
    return frozenset(numbers)


def _parse_part(field: _Field, text: str) -> range:
    span, has_step, step_text = text.partition("/")
    step = _number(field, step_text, 1, field.high) if has_step else 1
    if span == "*":
        return range(field.low, field.high + 1, step)
    first, is_range, last = span.partition("-")
    low = _number(field, first, field.low, field.high)
    if is_range:
        high = _number(field, last, field.low, field.high)
    else:
        high = field.high if has_step else low
    if high < low:
        raise CronSyntaxError(f"the {field.name} range '{span}' runs backwards")
    return range(low, high + 1, step)


def _number(field: _Field, text: str, low: int, high: int) -> int:
    if text in field.words:
        return field.words[text]
    if text.isascii() and text.isdigit() and low <= int(text[:4]) <= high:
        return int(text[:4])
    raise CronSyntaxError(f"'{text}' is not a {field.name} from {low} to {high}")
