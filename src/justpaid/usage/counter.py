"""Counts finished requests in memory; the recorder writes them off the request's path."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from justpaid import clock
from justpaid.usage.model import (
    BURST_REFUSALS,
    BURST_SECONDS,
    Finding,
    FlagKind,
    HourCount,
    SourceCount,
    looks_like_browser,
)
from justpaid.web.gate_contract import FinishedRequest

_NO_TIME: Final = timedelta()
_HOUR: Final = timedelta(hours=1)
_MAX_SOURCES: Final = 5000
_MAX_AGENT: Final = 120
_REFUSALS: Final = {403, 429}
_NO_ROUTE: Final = "(no route)"
_ELSEWHERE: Final = "(many others)"


@dataclass(slots=True)
class Counted:
    """What was counted since the last time: to be written in one batch."""

    hours: list[HourCount] = field(default_factory=list[HourCount])
    sources: list[SourceCount] = field(default_factory=list[SourceCount])
    findings: list[Finding] = field(default_factory=list[Finding])

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return not self.hours and not self.findings


@dataclass(slots=True)
class _Source:
    requests: int
    last_at: datetime


@dataclass(slots=True)
class _Burst:
    began_at: datetime
    refusals: int


class UsageCounter:
    """One for an API process; `note` runs on its event loop, after each answer."""

    def __init__(self, now: Callable[[], datetime] = clock.now) -> None:
        self._now = now
        self._hour = now().replace(minute=0, second=0, microsecond=0)
        self._hours: dict[tuple[UUID, UUID, datetime, str, int], int] = {}
        self._sources: dict[tuple[UUID, UUID, datetime, str, str, str], _Source] = {}
        self._bursts: dict[UUID, _Burst] = {}
        self._findings: dict[tuple[UUID, FlagKind, str], Finding] = {}

    def note(self, finished: FinishedRequest) -> None:
        """Count one answered request of an API key; a person's session is not counted."""
        caller = finished.identity.caller
        if caller.key_id is None:
            return
        at = self._now()
        hour = self._hour
        if not _NO_TIME <= at - hour < _HOUR:
            hour = self._hour = at.replace(minute=0, second=0, microsecond=0)
        route = f"{finished.method} {finished.route or _NO_ROUTE}"
        key = (caller.company_id, caller.key_id, hour, route, finished.status)
        self._hours[key] = self._hours.get(key, 0) + 1
        agent = finished.headers.get(b"user-agent", b"")[:_MAX_AGENT].decode("latin-1")
        self._count_source(
            (caller.company_id, caller.key_id, hour, finished.address or "", agent, route), at
        )
        if finished.status in _REFUSALS:
            self._count_refusal(caller.company_id, caller.key_id, finished, at)
        if looks_like_browser(finished.headers):
            origin = finished.headers.get(b"origin", b"").decode("latin-1")[:200]
            evidence: dict[str, object] = {"route": route, "agent": agent, "origin": origin}
            self._find(caller.company_id, caller.key_id, FlagKind.BROWSER_USE, at, evidence)

    def take(self) -> Counted:
        """Hand over what was counted and begin anew."""
        counted = Counted(
            [HourCount(*key, requests) for key, requests in self._hours.items()],
            [
                SourceCount(*key, source.requests, source.last_at)
                for key, source in self._sources.items()
            ],
            list(self._findings.values()),
        )
        self._hours, self._sources, self._findings = {}, {}, {}
        return counted

    def put_back(self, counted: Counted) -> None:
        """Count again what could not be written."""
        for each in counted.hours:
            key = (each.company_id, each.key_id, each.hour, each.route, each.status)
            self._hours[key] = self._hours.get(key, 0) + each.requests
        for each in counted.sources:
            source = (
                *(each.company_id, each.key_id, each.hour),
                *(each.address, each.agent, each.route),
            )
            newer = self._sources.get(source)
            requests = each.requests + (newer.requests if newer else 0)
            self._sources[source] = _Source(requests, newer.last_at if newer else each.last_at)
        for finding in counted.findings:
            self._findings[finding.key_id, finding.kind, finding.distinct_by] = finding

    def _count_source(self, key: tuple[UUID, UUID, datetime, str, str, str], at: datetime) -> None:
        source = self._sources.get(key)
        if source is None and len(self._sources) >= _MAX_SOURCES:
            key = (*key[:3], _ELSEWHERE, "", key[5])  # bounded, whatever callers invent
            source = self._sources.get(key)
        if source is None:
            self._sources[key] = _Source(1, at)
        else:
            source.requests += 1
            source.last_at = at

    def _count_refusal(
        self, company_id: UUID, key_id: UUID, finished: FinishedRequest, at: datetime
    ) -> None:
        burst = self._bursts.get(key_id)
        if burst is None or (at - burst.began_at).total_seconds() > BURST_SECONDS:
            self._bursts[key_id] = _Burst(at, 1)
            return
        burst.refusals += 1
        if burst.refusals == BURST_REFUSALS:
            evidence: dict[str, object] = {
                "refusals": burst.refusals,
                "withinSeconds": BURST_SECONDS,
                "status": finished.status,
                "route": finished.route,
            }
            self._find(company_id, key_id, FlagKind.REFUSAL_BURST, at, evidence)

    def _find(
        self,
        company_id: UUID,
        key_id: UUID,
        kind: FlagKind,
        at: datetime,
        evidence: dict[str, object],
    ) -> None:
        day = f"{at:%Y-%m-%d}"
        if (key_id, kind, day) not in self._findings:
            values = {
                name: value for name, value in evidence.items() if isinstance(value, str | int)
            }
            self._findings[key_id, kind, day] = Finding(company_id, key_id, kind, day, dict(values))
