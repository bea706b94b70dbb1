"""Turns a host name into addresses, once for each connection, and checks every one of them.

Guarantee: the connector is handed only addresses that passed, in one step with the look-up, so
there is no second look-up that could answer otherwise.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from aiohttp.abc import AbstractResolver, ResolveResult

from justpaid.outbound.addresses import parse_address
from justpaid.outbound.policy import OutboundPolicy

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]


class BlockedAddress(OSError):
    """The name leads to an address that is not public and that no exception opens."""


async def resolve_by_system(host: str, port: int) -> Sequence[str]:
    """Ask the system's resolver; raises socket.gaierror for a name that does not exist."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


def check_address(policy: OutboundPolicy, host: str, port: int, text: str) -> None:
    """Raise BlockedAddress unless the policy permits a connection to this address."""
    address = parse_address(text)
    if address is None or not policy.permits(host, port, address):
        raise BlockedAddress(f"{host} is not on the public internet")


class GuardedResolver(AbstractResolver):
    """The resolver that the connector calls right before it connects."""

    def __init__(self, policy: OutboundPolicy, resolve: Resolve) -> None:
        self._policy = policy
        self._resolve = resolve

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002  the base class's signature
    ) -> list[ResolveResult]:
        """Return the addresses of a host; one that may not be reached refuses them all.

        The connector itself leaves out addresses of a family it does not use.
        """
        addresses = list(dict.fromkeys(await self._resolve(host, port)))
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        for address in addresses:
            check_address(self._policy, host, port, address)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        """Hold nothing open."""
