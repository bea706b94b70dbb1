"""Counts finished requests in memory; the recorder writes them off the request's path.

A request costs one look-up: what is told apart is kept as it came, and summed up when it is taken.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeAlias
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
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_OTHER_METHOD: Final = "(other)"
_ELSEWHERE: Final = "(many others)"


@dataclass(slots=True)
class Counted:
    """What was counted since the last time: to be written in one batch."""

    hours: list[HourCount] = field(default_factory=list)
    sources: list[SourceCount] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return not self.hours and not self.findings


@dataclass(slots=True)
class _Tally:
    requests: int
    last_at: datetime


@dataclass(slots=True)
class _Burst:
    began_at: datetime
    refusals: int


# company, key, hour, method, route, status, address, agent
_Use: TypeAlias = tuple[UUID, UUID, datetime, str, str | None, int, str | None, bytes]
_HourKey: TypeAlias = tuple[UUID, UUID, datetime, str, int]
_SourceKey: TypeAlias = tuple[UUID, UUID, datetime, str, str, str]


class UsageCounter:
    """One for an API process; `note` runs on its event loop, after each answer."""

    def __init__(self, now: Callable[[], datetime] = clock.now) -> None:
        self._now = now
        self._hour = now().replace(minute=0, second=0, microsecond=0)
        self._uses: dict[_Use, _Tally] = {}
        self._hours: dict[_HourKey, int] = {}
        self._sources: dict[_SourceKey, _Tally] = {}
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
        agent = finished.headers.get(b"user-agent", b"")[:_MAX_AGENT]
        _, method, route, status, address, _ = finished
        if route is None and method not in _METHODS:  # a caller can invent any number of them
            method = _OTHER_METHOD
        use = (caller.company_id, caller.key_id, hour, method, route, status, address, agent)
        tally = self._uses.get(use)
        if tally is None:
            self._begin(use, at)
        else:
            tally.requests += 1
            tally.last_at = at
        if status in _REFUSALS:
            self._count_refusal(caller.company_id, caller.key_id, finished, at)
        if looks_like_browser(finished.headers):
            self._find_browser(caller.company_id, caller.key_id, use, finished.headers)

    def take(self) -> Counted:
        """Hand over what was counted and begin anew."""
        self._sum_up()
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
            self._add_source(source, each.requests, each.last_at)
        for finding in counted.findings:
            self._findings[finding.key_id, finding.kind, finding.distinct_by] = finding

    def _begin(self, use: _Use, at: datetime) -> None:
        if len(self._uses) >= _MAX_SOURCES:  # bounded, whatever callers invent
            use = (*use[:6], _ELSEWHERE, b"")
        tally = self._uses.setdefault(use, _Tally(0, at))
        tally.requests += 1
        tally.last_at = at

    def _sum_up(self) -> None:
        """Add what was counted since the last time up by status, and by source."""
        uses, self._uses = self._uses, {}
        for use, tally in uses.items():
            company_id, key_id, hour, method, path, status, address, agent = use
            route = _name_route(method, path)
            by_status = (company_id, key_id, hour, route, status)
            self._hours[by_status] = self._hours.get(by_status, 0) + tally.requests
            source = (company_id, key_id, hour, address or "", agent.decode("latin-1"), route)
            self._add_source(source, tally.requests, tally.last_at)

    def _add_source(self, key: _SourceKey, requests: int, at: datetime) -> None:
        source = self._sources.get(key)
        if source is None and len(self._sources) >= _MAX_SOURCES:
            key = (*key[:3], _ELSEWHERE, "", key[5])
            source = self._sources.get(key)
        if source is None:
            self._sources[key] = _Tally(requests, at)
        else:
            source.requests += requests
            source.last_at = max(source.last_at, at)

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

    def _find_browser(
        self, company_id: UUID, key_id: UUID, use: _Use, headers: Mapping[bytes, bytes]
    ) -> None:
        evidence: dict[str, object] = {
            "route": _name_route(use[3], use[4]),
            "agent": use[7].decode("latin-1"),
            "origin": headers.get(b"origin", b"").decode("latin-1")[:200],
        }
        self._find(company_id, key_id, FlagKind.BROWSER_USE, self._now(), evidence)

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


def _name_route(method: str, path: str | None) -> str:
    return f"{method} {path or _NO_ROUTE}"
