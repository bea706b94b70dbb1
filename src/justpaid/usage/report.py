"""What a usage report covers: which moments, in which steps, of which key, route and answers."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from justpaid import clock
from justpaid.db.pool import Connection
from justpaid.errors import InvalidInput, Problem
from justpaid.usage import repository
from justpaid.usage.repository import Bucket

LONGEST: Final = timedelta(days=90)

_BEGINNING: Final = datetime.min.replace(tzinfo=UTC)
_USUAL: Final = timedelta(days=7)
_LONGEST_BY_HOUR: Final = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Period:
    """From one moment up to another, exclusive, in steps of an hour or a day (UTC)."""

    since: datetime
    until: datetime
    unit: str


@dataclass(frozen=True, slots=True)
class UsageFilter:
    """What of the period is wanted; None means all. A status class is the first digit."""

    period: Period
    key_id: UUID | None = None
    route: str | None = None
    status_class: int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What happened in a period."""

    buckets: list[Bucket]
    refusals: dict[int, int]
    addresses: int


def choose_period(since: datetime | None, until: datetime | None, unit: str | None) -> Period:
    """Fill in what was left out: the last week; hours for up to two days. Raises InvalidInput.

    The period begins with the hour, or day, of its first moment, because counts are kept so.
    """
    until = until or clock.now()
    if since is None:
        since = until - _USUAL if until > _BEGINNING + _USUAL else _BEGINNING
    if since >= until:
        raise InvalidInput("The period is empty.", [Problem("from", "must lie before `to`")])
    if until - since > LONGEST:
        problem = Problem("from", f"must lie at most {LONGEST.days} days before `to`")
        raise InvalidInput("The period is too long.", [problem])
    unit = unit or ("hour" if until - since <= _LONGEST_BY_HOUR else "day")
    begin = since.replace(minute=0, second=0, microsecond=0)
    if unit == "day":
        begin = begin.astimezone(UTC).replace(hour=0)
    return Period(begin, until, unit)


async def list_buckets(
    connection: Connection, company_id: UUID, wanted: UsageFilter
) -> list[Bucket]:
    """List the requests of a period by its steps, route and status class, oldest first."""
    return await repository.list_buckets(
        connection,
        company_id,
        wanted.period.since,
        wanted.period.until,
        unit=wanted.period.unit,
        key_id=wanted.key_id,
        route=wanted.route,
        status_class=wanted.status_class,
    )


async def make_report(connection: Connection, company_id: UUID, wanted: UsageFilter) -> Report:
    """Report on a period; refusals and addresses are of the whole of it, whatever the route."""
    since, until = wanted.period.since, wanted.period.until
    return Report(
        await list_buckets(connection, company_id, wanted),
        await repository.count_refusals(connection, company_id, since, until, wanted.key_id),
        await repository.count_addresses(connection, company_id, since, until, wanted.key_id),
    )
