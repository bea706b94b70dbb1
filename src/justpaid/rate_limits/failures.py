"""Failed authentications by address, so that guessing costs the guesser and nobody else.

Guarantee: bounded. An attacker owns a whole IPv6 /64, so that is one address here; beyond a fixed
number of addresses within two minutes, all further ones share a single budget. A caller whose key
is stored is never counted here, so that budget can only ever slow failures down.
"""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from justpaid.rate_limits.second_clock import SecondClock
from justpaid.rate_limits.window_store import WindowStore
from justpaid.web.gate_contract import Decision

DEFAULT_FAILURES_A_MINUTE: Final = 60

_MOST_ADDRESSES: Final = 16_384
_EVERYBODY_ELSE: Final = "*"


class FailedAuthentications:
    """The failures of the last minute, by address."""

    def __init__(
        self,
        limit: int = DEFAULT_FAILURES_A_MINUTE,
        clock: SecondClock | None = None,
        *,
        most_addresses: int = _MOST_ADDRESSES,
    ) -> None:
        self._limit = limit
        self._most_addresses = most_addresses
        self._store = WindowStore[str](clock or SecondClock())

    def __len__(self) -> int:
        return len(self._store)

    def count(self, address: str | None) -> Decision:
        """Count one failure; not accepted means that the address is over its limit."""
        return self._store.spend(self.owner_of(address), self._limit)

    def is_spent(self, address: str | None) -> bool:
        """Say whether the next failure from this address would be over its limit."""
        return not self._store.look(self.owner_of(address), self._limit).accepted

    def owner_of(self, address: str | None) -> str:
        """Name the budget that an address has, alone or with others."""
        owner = block_of(address)
        if len(self._store) < self._most_addresses or owner in self._store:
            return owner
        return _EVERYBODY_ELSE


@lru_cache(maxsize=4096)
def block_of(address: str | None) -> str:
    """Name the block that counts as one address: an IPv4 address, an IPv6 /64."""
    if address is None:
        return "unknown"
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ip_network((int(parsed), 64), strict=False))
    return str(parsed)
