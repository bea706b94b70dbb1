"""What an operator allows beyond the public internet, and the client's bounds.

Guarantee: without an entry only public addresses are reached; an entry opens exactly what it
names: a network, a host, or one port of either.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final

from justpaid.outbound.addresses import Address, is_public_address

_WITH_PORT: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]/]+):([0-9]{1,5})")
_HOST: Final = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_])?")
_MAX_PORT: Final = 65535


@dataclass(frozen=True, slots=True)
class Allowed:
    """One exception: a network or a host, at one port or at all of them."""

    network: IPv4Network | IPv6Network | None
    host: str | None
    port: int | None

    def covers(self, host: str, port: int, address: Address) -> bool:
        """Say whether a connection to `address`, reached under the name `host`, is covered."""
        if self.port is not None and self.port != port:
            return False
        if self.network is not None:
            return address in self.network
        return self.host == host


@dataclass(frozen=True, slots=True)
class OutboundPolicy:
    """Where the client may connect, and how much it takes in.

    `connections_per_host` is shared by all companies: keep it above a worker's slots, or one
    company's slow requests to a host hold up another's.
    """

    allow: tuple[Allowed, ...] = ()
    max_response_bytes: int = 10 * 1024 * 1024
    connections_per_host: int = 512
    user_agent: str = "JustPaid-Workflows/1"

    def permits(self, host: str, port: int, address: Address) -> bool:
        """Say whether the client may connect to one address of a host."""
        return is_public_address(address) or any(
            entry.covers(host, port, address) for entry in self.allow
        )


def parse_allow(text: str) -> tuple[Allowed, ...]:
    """Read a comma-separated list of CIDRs, addresses and hosts, each with `:port` if wanted.

    Raises ValueError naming the entry that cannot be read.
    """
    return tuple(_parse_entry(entry.strip()) for entry in text.split(",") if entry.strip())


def _parse_entry(entry: str) -> Allowed:
    with_port = _WITH_PORT.fullmatch(entry)
    place, port = (with_port.group(1), int(with_port.group(2))) if with_port else (entry, None)
    if port is not None and not 0 < port <= _MAX_PORT:
        raise ValueError(f"{entry!r} does not name a port between 1 and 65535")
    bare = place[1:-1] if place.startswith("[") and place.endswith("]") else place
    try:
        return Allowed(ip_network(bare, strict=False), None, port)
    except ValueError:
        pass
    if "/" in bare or not _HOST.fullmatch(bare) or bare.rsplit(".", 1)[-1].isdigit():
        raise ValueError(f"{entry!r} is neither a network nor a host")
    return Allowed(None, bare.lower(), port)
