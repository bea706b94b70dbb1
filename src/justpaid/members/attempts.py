"""Slows down whoever guesses passwords: by e-mail, known or not, and by address.

Guarantee: an attempt is counted, and committed, before it is judged, so that many at once gain
nothing; and an e-mail that nobody has is slowed down exactly like one that somebody has.
"""

import hashlib
import math
from datetime import timedelta
from typing import Final

from justpaid import clock
from justpaid.db.pool import Connection, Pool
from justpaid.errors import RateLimited
from justpaid.members import repository
from justpaid.web.gate_contract import FailureCounter, decided

FREE_ATTEMPTS: Final = 5
LONGEST_WAIT_SECONDS: Final = 60.0
FORGOTTEN_AFTER: Final = timedelta(hours=1)


class Attempts:
    """The counters of one installation, by e-mail and by address."""

    def __init__(self, pool: Pool, failures: FailureCounter, now: clock.Clock = clock.now) -> None:
        self._pool = pool
        self._failures = failures
        self._now = now

    async def begin(self, email: str) -> None:
        """Count an attempt on an e-mail; raises RateLimited when it comes too soon."""
        now = self._now()
        async with self._pool.acquire() as connection:
            opening = await repository.count_attempt(
                connection,
                _hash(email),
                at=now,
                forgotten_after=FORGOTTEN_AFTER,
                free=FREE_ATTEMPTS,
                longest_wait_seconds=LONGEST_WAIT_SECONDS,
            )
        if opening is not None:
            wait = max(1, math.ceil((opening - now).total_seconds()))
            raise _too_many(wait)

    async def succeed(self, connection: Connection, email: str) -> None:
        """Forget the attempts on an e-mail, in the transaction of what its person then does."""
        await repository.forget_attempts(connection, _hash(email))

    async def require_address(self, address: str | None) -> None:
        """Raise RateLimited for an address with too many failures a minute."""
        if self._failures.is_spent(address):
            decision = await decided(self._failures.count(address))
            raise _too_many(max(1, decision.retry_after_seconds))

    async def fail(self, address: str | None) -> None:
        """Count a failure of an address."""
        await decided(self._failures.count(address))


def _hash(email: str) -> bytes:
    return hashlib.sha256(b"justpaid-attempts-1:" + email.encode()).digest()


def _too_many(wait: int) -> RateLimited:
    seconds = "second" if wait == 1 else "seconds"
    return RateLimited(
        f"Too many attempts. Try again in {wait} {seconds}.", retry_after_seconds=wait
    )
