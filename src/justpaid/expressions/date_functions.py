"""Functions on dates and moments: written as ISO 8601 text, counted by the calendar."""

import calendar
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Final

from justpaid.exact_json import JsonValue
from justpaid.expressions import arguments, date_patterns, dates
from justpaid.expressions.budget import Budget
from justpaid.expressions.dates import Day
from justpaid.expressions.errors import Fault

_MAX_DAYS: Final = 3_660_000
_MAX_MONTHS: Final = 120_000
_MAX_BUSINESS_DAYS: Final = 100_000
_SATURDAY: Final = 5
_PATTERN_UNITS: Final = 100


def format_date(
    budget: Budget, value: JsonValue, pattern: JsonValue, zone: JsonValue = None
) -> JsonValue:
    """Write a date or a moment by an LDML pattern; a moment in a time zone, when one is named."""
    day = dates.read(value, 0)
    form = arguments.text(pattern, 1)
    budget.charge(10 + len(form))
    place = None if zone is None else dates.zone(zone, 2)
    return _within_calendar(lambda: date_patterns.written(day, form, place))


def parse_date(
    budget: Budget, value: JsonValue, pattern: JsonValue = None, zone: JsonValue = None
) -> JsonValue:
    """Read a date or a moment, by an LDML pattern or as ISO 8601, and write it as ISO 8601.

    A time without an offset is one of the zone named, else of UTC.
    """
    text = arguments.text(value, 0)
    if pattern is None:
        return dates.write(dates.read(text, 0))
    form = arguments.text(pattern, 1)
    budget.charge(_PATTERN_UNITS + len(form) + len(text))
    place = UTC if zone is None else dates.zone(zone, 2)
    return _within_calendar(lambda: dates.write(date_patterns.read(text, form, place)))


def add_days(_budget: Budget, value: JsonValue, days: JsonValue) -> JsonValue:
    """Move by whole days; a moment keeps its time and offset."""
    day = dates.read(value, 0)
    count = arguments.whole(days, 1, -_MAX_DAYS, _MAX_DAYS)
    return _within_calendar(lambda: dates.write(day + timedelta(days=count)))


def add_months(_budget: Budget, value: JsonValue, months: JsonValue) -> JsonValue:
    """Move by whole months, to the month's last day where the day is missing."""
    day = dates.read(value, 0)
    count = arguments.whole(months, 1, -_MAX_MONTHS, _MAX_MONTHS)
    return _within_calendar(lambda: dates.write(_moved(day, count)))


def add_business_days(
    budget: Budget, value: JsonValue, days: JsonValue, holidays: JsonValue = None
) -> JsonValue:
    """Move by days that are neither Saturday, Sunday nor one of the holidays given."""
    day = dates.read(value, 0)
    count = arguments.whole(days, 1, -_MAX_BUSINESS_DAYS, _MAX_BUSINESS_DAYS)
    listed = [] if holidays is None else arguments.array(holidays, 2)
    budget.charge(len(listed))
    free = {dates.read_date(item, 2) for item in listed}
    return _within_calendar(lambda: dates.write(_moved_by_business(day, count, free, budget)))


def start_of_month(_budget: Budget, value: JsonValue) -> JsonValue:
    """Return the first date of the month."""
    return dates.write(dates.read_date(value, 0).replace(day=1))


def end_of_month(_budget: Budget, value: JsonValue) -> JsonValue:
    """Return the last date of the month."""
    day = dates.read_date(value, 0)
    return dates.write(day.replace(day=_last_day(day.year, day.month)))


def days_between(_budget: Budget, first: JsonValue, second: JsonValue) -> JsonValue:
    """Count days from the first to the second; between moments, the whole 24 hours."""
    start, end = dates.read(first, 0), dates.read(second, 1)
    if not isinstance(start, datetime) and not isinstance(end, datetime):
        return (end - start).days
    span = _moment(end) - _moment(start)
    return span.days if span >= timedelta() else -(-span).days


def _within_calendar(make: Callable[[], str]) -> str:
    try:
        return make()
    except (OverflowError, ValueError):
        raise Fault("the date is outside the years 1 to 9999") from None


def _moment(day: Day) -> datetime:
    return day if isinstance(day, datetime) else datetime(day.year, day.month, day.day, tzinfo=UTC)


def _moved(day: Day, months: int) -> Day:
    index = day.year * 12 + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    if not date.min.year <= year <= date.max.year:
        raise OverflowError
    return day.replace(year=year, month=month, day=min(day.day, _last_day(year, month)))


def _moved_by_business(day: Day, count: int, free: set[date], budget: Budget) -> Day:
    step = timedelta(days=1 if count > 0 else -1)
    left = abs(count)
    while left:
        budget.charge(1)
        day += step
        plain = day.date() if isinstance(day, datetime) else day
        if plain.weekday() < _SATURDAY and plain not in free:
            left -= 1
    return day


def _last_day(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]
