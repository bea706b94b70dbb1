"""An API key as the service knows it, and the pure rules about it.

The key's own text is not here: it is shown once, and only its keyed hash is stored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final
from uuid import UUID

from justpaid.errors import Problem
from justpaid.scopes import DEFAULT_LIMITS, Category, Scope

ROTATE_EVERY: Final = timedelta(days=90)
EXPIRY_NOTICE: Final = timedelta(days=30)

_MAX_NAME: Final = 255
_MAX_NOTE: Final = 2000
_MAX_LIMIT: Final = 1_000_000
_MAX_NETWORKS: Final = 100
_MAPPED_BITS: Final = 96  # before the IPv4 address in one that is mapped into IPv6


class KeyStatus(StrEnum):
    """Whether a key lets requests in; only `active` does."""

    ACTIVE = "active"
    DISABLED = "disabled"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A stored key; `stored_status` does not know of expiry, `status_at` does."""

    id: UUID
    company_id: UUID
    name: str
    hint: str
    scopes: frozenset[Scope]
    stored_status: KeyStatus
    created_by: str
    owner: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    last_used_ip: str | None
    rotated_from: UUID | None
    rotated_to: UUID | None
    rotated_at: datetime | None
    revoked_at: datetime | None
    revoked_reason: str | None
    allowed_ips: tuple[str, ...]
    limits: Mapping[Category, int]
    note: str
    revision: int

    def status_at(self, now: datetime) -> KeyStatus:
        """Name the key's status at a moment: an active key past its expiry is expired."""
        if self.stored_status is KeyStatus.ACTIVE and self.has_expired(now):
            return KeyStatus.EXPIRED
        return self.stored_status

    def has_expired(self, now: datetime) -> bool:
        """Say whether the key's expiry has come."""
        return self.expires_at is not None and self.expires_at <= now

    def limit_of(self, category: Category) -> int:
        """Return the key's own limit a minute, or the installation's."""
        return self.limits.get(category, DEFAULT_LIMITS[category])


@dataclass(frozen=True, slots=True, repr=False)
class CreatedKey:
    """A new key and, this once, its secret text."""

    key: ApiKey
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRequest:
    """What somebody asks a new key to be."""

    name: str
    scopes: frozenset[Scope]
    owner: str | None = None
    expires_at: datetime | None = None
    allowed_ips: tuple[str, ...] = ()
    limits: Mapping[Category, int] | None = None
    note: str = ""


def find_problems(request: KeyRequest, now: datetime) -> list[Problem]:
    """List what is wrong with a requested key, by the names its fields have on the wire."""
    problems: list[Problem] = []
    if not 1 <= len(request.name) <= _MAX_NAME:
        problems.append(Problem("name", f"must have 1 to {_MAX_NAME} characters"))
    if not request.scopes:
        problems.append(Problem("scopes", "must name at least one scope"))
    if request.expires_at is not None:
        problems.extend(_expiry_problems(request.expires_at, now))
    if len(request.note) > _MAX_NOTE:
        problems.append(Problem("note", f"must have at most {_MAX_NOTE} characters"))
    problems.extend(_network_problems(request.allowed_ips))
    for category, limit in (request.limits or {}).items():
        if not 1 <= limit <= _MAX_LIMIT:
            problems.append(Problem(f"limits.{category}", f"must be 1 to {_MAX_LIMIT} a minute"))
    return problems


def _expiry_problems(expires_at: datetime, now: datetime) -> list[Problem]:
    if expires_at <= now:
        return [Problem("expiresAt", "must lie in the future")]
    try:
        expires_at.astimezone(UTC)
    except OverflowError:  # the last hours of the year 9999, west of Greenwich
        return [Problem("expiresAt", "is out of range")]
    return []


def read_network(text: str) -> IPv4Network | IPv6Network:
    """Read an entry of `allowedIps`; an IPv4 network written as IPv6 is the IPv4 one.

    Raises ValueError.
    """
    network = ip_network(text)
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped is None or network.prefixlen < _MAPPED_BITS:
        return network
    return ip_network((mapped, network.prefixlen - _MAPPED_BITS))


def _network_problems(allowed_ips: Sequence[str]) -> list[Problem]:
    problems: list[Problem] = []
    if len(allowed_ips) > _MAX_NETWORKS:
        problems.append(Problem("allowedIps", f"must have at most {_MAX_NETWORKS} entries"))
    for index, text in enumerate(allowed_ips):
        try:
            read_network(text.replace("%", "/"))  # a zone means something on one machine alone
        except ValueError:
            message = "must be an address or a network such as 192.0.2.0/24"
            problems.append(Problem(f"allowedIps[{index}]", message))
    return problems
