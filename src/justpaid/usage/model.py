"""Counts of requests by key and hour, and the flags raised over them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Final
from uuid import UUID

from justpaid.exact_json import JsonObject

BURST_REFUSALS: Final = 20
BURST_SECONDS: Final = 60
SPIKE_FACTOR: Final = 10
SPIKE_LEAST_REQUESTS: Final = 100
SPIKE_NORM_DAYS: Final = 7
DORMANT_DAYS: Final = 60


class FlagKind(StrEnum):
    """What is unusual about a key's use."""

    NEW_NETWORK = "new_network"
    DORMANT_USE = "dormant_use"
    RATE_SPIKE = "rate_spike"
    REFUSAL_BURST = "refusal_burst"
    KEY_IN_URL = "key_in_url"
    KEY_IN_DEFINITION = "key_in_definition"
    BROWSER_USE = "browser_use"


ADVICE: Final[Mapping[FlagKind, str]] = {
    FlagKind.NEW_NETWORK: "If nobody moved this integration, treat the key as leaked: "
    "revoke and replace it in one act.",
    FlagKind.DORMANT_USE: "A key that slept for two months woke up. Ask its owner; "
    "if it should sleep, revoke it.",
    FlagKind.RATE_SPIKE: "Look for a loop or a retry storm in the caller; "
    "if nothing explains it, disable the key while you look.",
    FlagKind.REFUSAL_BURST: "The caller is out of its scopes or over its limits. "
    "Check its errors, and let it honour Retry-After.",
    FlagKind.KEY_IN_URL: "URLs land in logs and histories. Move the key to the header "
    "x-api-key, then rotate it.",
    FlagKind.KEY_IN_DEFINITION: "A key stood in a workflow, an input, a table or a note. "
    "Keep it in a secrets manager, and rotate it.",
    FlagKind.BROWSER_USE: "A browser sent this key, so every visitor can read it. "
    "Call from a server, and rotate the key now.",
}


@dataclass(frozen=True, slots=True)
class HourCount:
    """Requests of one key, route and status within one hour."""

    company_id: UUID
    key_id: UUID
    hour: datetime
    route: str
    status: int
    requests: int


@dataclass(frozen=True, slots=True)
class SourceCount:
    """Requests of one key from one address and program, to one route, within one hour."""

    company_id: UUID
    key_id: UUID
    hour: datetime
    address: str
    agent: str
    route: str
    requests: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Finding:
    """Something unusual; a second one with the same `distinct_by` is the same flag."""

    company_id: UUID
    key_id: UUID
    kind: FlagKind
    distinct_by: str
    evidence: JsonObject


@dataclass(frozen=True, slots=True)
class Flag:
    """A stored finding and what people did about it."""

    id: UUID
    finding: Finding
    at: datetime
    is_acknowledged: bool
    acknowledged_by: str | None
    comment: str | None


def network_of(address: str) -> str | None:
    """Name the network that an address belongs to: its /24, or /48 for IPv6; None if unreadable."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    mapped = getattr(parsed, "ipv4_mapped", None)
    parsed = parsed if mapped is None else mapped
    prefix = 24 if isinstance(parsed, IPv4Address) else 48
    return str(ip_network((parsed, prefix), strict=False))


def looks_like_browser(headers: Mapping[bytes, bytes]) -> bool:
    """Tell whether only a browser sends such headers.

    Sec-Fetch-Mode alone proves nothing: Node's own fetch sends it.
    """
    return b"origin" in headers or b"sec-fetch-site" in headers or b"sec-fetch-dest" in headers


def is_spike(requests_this_hour: int, norm_an_hour: int) -> bool:
    """Tell whether an hour's requests are ten times the key's own norm, and worth a look."""
    return (
        norm_an_hour > 0
        and requests_this_hour >= SPIKE_LEAST_REQUESTS
        and requests_this_hour >= SPIKE_FACTOR * norm_an_hour
    )
