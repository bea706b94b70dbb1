"""Where a request comes from, as far as that can be known.

Guarantee: a caller cannot choose its address. Forwarding headers count only when the peer is a
proxy that the operator named, and then only the rightmost hop that no named proxy wrote itself.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final, TypeAlias

from justpaid.web.gate_contract import Network, Scope

Address: TypeAlias = IPv4Address | IPv6Address
AddressReader: TypeAlias = Callable[[Scope, Mapping[bytes, bytes]], str | None]

ADDRESS_KEY: Final = "justpaid.address"  # where the gate puts it into the scope

_FORWARDED_FOR: Final = b"x-forwarded-for"


def address_reader(trusted: Sequence[Network]) -> AddressReader:
    """Make the function that reads a request's address; `trusted` are the operator's proxies."""

    def behind_proxies(scope: Scope, _: Mapping[bytes, bytes]) -> str | None:
        peer = peer_of(scope)
        if peer is None or not is_within(peer, trusted):
            return peer
        nearest = peer
        for hop in reversed(_hops(scope)):
            address = parse_address(hop)
            if address is None:
                break
            nearest = str(address)
            if not is_within(nearest, trusted):
                break
        return nearest

    return behind_proxies if trusted else lambda scope, _: peer_of(scope)


def peer_of(scope: Scope) -> str | None:
    """Return the address of the connection's other end; None on a Unix socket."""
    client = scope.get("client")
    return client[0] if client else None


def is_within(address: str | None, networks: Iterable[Network]) -> bool:
    """Say whether an address lies in one of the networks; an unknown address lies in none."""
    parsed = None if address is None else parse_address(address)
    return parsed is not None and any(parsed in network for network in networks)


def parse_address(text: str) -> Address | None:
    """Read an address, with or without a port; an IPv4 address mapped into IPv6 is the IPv4 one."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _hops(scope: Scope) -> list[str]:
    """Join the forwarding headers in the order they came: each proxy adds at the right."""
    lines = [value.decode("latin-1") for name, value in scope["headers"] if name == _FORWARDED_FOR]
    return [hop for line in lines for hop in line.split(",")]
