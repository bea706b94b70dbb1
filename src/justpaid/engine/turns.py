"""Shares the event loop among the runs of a process that compute.

Guarantee: whatever runs compute, and however many of them, the loop comes round after each piece
that was long: leases are renewed, answers read, and other runs go on.
"""

import asyncio
from typing import Final

from justpaid.clock import MonotonicClock, monotonic

LONGEST_SECONDS: Final = 0.02
# A statement takes several rounds to be sent and answered; those without computing are short.
_ROUNDS: Final = 8


class Turns:
    """Tells each run of a process when it may compute its next piece."""

    def __init__(self, monotonic_clock: MonotonicClock = monotonic) -> None:
        self._monotonic = monotonic_clock
        self._until = 0.0
        self._resting: asyncio.Event | None = None

    async def take(self) -> None:
        """Return at once, or after a round of the loop when there was none for too long.

        To be awaited before each piece: the clock is all runs' together, or as many of them as a
        worker has slots would each compute for so long in one round.
        """
        if self._resting is None:
            if self._monotonic() < self._until:
                return
            await self._rest()
        while self._resting is not None:
            await self._resting.wait()

    async def _rest(self) -> None:
        self._resting = over = asyncio.Event()
        try:
            for _ in range(_ROUNDS):
                await asyncio.sleep(0)
        finally:
            self._resting = None
            over.set()
            self._until = self._monotonic() + LONGEST_SECONDS
        await asyncio.sleep(0)  # those who waited meanwhile come first
