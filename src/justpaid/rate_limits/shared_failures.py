"""Failures by address, counted over all API processes that share a store.

Guarantee: over all processes together an address has no more than its budget; and a flood costs the
store little: what this process has counted to the end, or heard to be spent, is refused here.
"""

import hashlib
from collections.abc import Awaitable
from typing import Final
from uuid import UUID

from justpaid.rate_limits.failures import FailedAuthentications
from justpaid.rate_limits.second_clock import NANOSECONDS, SecondClock
from justpaid.scopes import Category
from justpaid.web.gate_contract import Decision, Limiter, decided

_MOST_SPENT: Final = 16_384


class SharedFailures:
    """One kind of failure; `purpose` keeps it apart from other kinds in the store."""

    def __init__(
        self, purpose: str, limit: int, limiter: Limiter, clock: SecondClock | None = None
    ) -> None:
        self._purpose = purpose
        self._limit = limit
        self._limiter = limiter
        self._clock = clock or SecondClock()
        self._local = FailedAuthentications(limit, self._clock)
        self._spent: dict[str, tuple[Decision, int]] = {}  # with the moment at which it is over

    def count(self, address: str | None) -> Decision | Awaitable[Decision]:
        """Count one failure; not accepted means that the address is over its limit."""
        owner = self._local.owner_of(address)
        refusal = self._find_refusal(owner)
        if refusal is not None:
            return refusal
        local = self._local.count(address)
        return self._count_everywhere(owner) if local.accepted else local

    def is_spent(self, address: str | None) -> bool:
        """Say whether the next failure from this address would be over its limit.

        Another process may have spent the budget: that is heard with the next failure counted here.
        """
        owner = self._local.owner_of(address)
        return self._find_refusal(owner) is not None or self._local.is_spent(address)

    async def _count_everywhere(self, owner: str) -> Decision:
        subject_id = _subject_of(self._purpose, owner)
        decision = await decided(self._limiter.check(subject_id, Category.WRITE, self._limit))
        if not decision.remaining:
            if len(self._spent) >= _MOST_SPENT:
                self._spent.clear()  # the store knows
            until = self._clock.now_ns() + decision.retry_after_seconds * NANOSECONDS
            self._spent[owner] = decision._replace(accepted=False), until
        return decision

    def _find_refusal(self, owner: str) -> Decision | None:
        """Return what is answered while the budget is known to be spent."""
        found = self._spent.get(owner)
        if found is None:
            return None
        decision, until = found
        left = until - self._clock.now_ns()
        if left <= 0:
            del self._spent[owner]
            return None
        return decision._replace(retry_after_seconds=-(-left // NANOSECONDS))


def _subject_of(purpose: str, owner: str) -> UUID:
    """Name an address in the store, where a budget belongs to an id; no key has this one."""
    digest = hashlib.blake2b(f"{purpose} {owner}".encode(), digest_size=16).digest()
    return UUID(bytes=digest)
