"""The limiters' clock: monotonic, in whole nanoseconds, with seconds that start with the wall's.

Guarantee: a wall clock set forward or back neither opens nor closes a budget; only the moment that
answers name follows it, within a minute.
"""

import time
from collections.abc import Callable
from typing import Final

NANOSECONDS: Final = 1_000_000_000

_TOLERANCE: Final = NANOSECONDS // 20  # slower drift than this is not a change of the wall clock


class SecondClock:
    """Counts from the epoch as the wall clock did when this was made, and never goes back."""

    def __init__(
        self,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
        wall_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._monotonic_ns = monotonic_ns
        self._wall_ns = wall_ns
        self._offset = wall_ns() - monotonic_ns()

    def now_ns(self) -> int:
        """Return nanoseconds; only their differences and whole seconds mean something."""
        return self._monotonic_ns() + self._offset

    def wall_lead_seconds(self) -> int:
        """Return what to add to a second of this clock to name it by the wall clock, rounded up."""
        lead = self._wall_ns() - self.now_ns() - _TOLERANCE
        return -(-lead // NANOSECONDS)
