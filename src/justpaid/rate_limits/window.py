"""One budget: counts in one-second buckets over the last 61 seconds.

Guarantee: in no 60 seconds, whatever their phase, are more than the limit accepted. Any 60 seconds
touch at most 61 buckets, and their sum never passes the limit. Under steady overload the budget is
spent anew every 61 seconds, so 60/61 (0.983) of the limit is reached.
"""

from collections.abc import Iterator
from typing import Final

BUCKETS: Final = 61

_EMPTY: Final = [0] * BUCKETS


class Window:
    """The buckets of one budget. `second` never goes back; slot `second % 61` holds its count."""

    __slots__ = ("_closed_limit", "_closed_until", "_counts", "_newest", "_total")

    def __init__(self, second: int) -> None:
        self._counts: list[int] = _EMPTY.copy()
        self._newest: int = second
        self._total: int = 0
        self._closed_until: int = second  # refused until then, while the limit is `_closed_limit`
        self._closed_limit: int = 0

    def spend(self, second: int, limit: int) -> bool:
        """Count one request if the budget holds one."""
        if second < self._closed_until and limit == self._closed_limit:
            return False
        if second > self._newest:
            self._advance(second)
        if self._total >= limit:
            return False
        self._total += 1
        self._counts[self._newest % BUCKETS] += 1
        return True

    def remaining(self, second: int, limit: int) -> int:
        """Return how many requests would be accepted now."""
        if second > self._newest:
            self._advance(second)
        return max(0, limit - self._total)

    def opens_at(self, second: int, limit: int) -> int:
        """Return the first second, from this one on, in which one more would be accepted."""
        if second < self._closed_until and limit == self._closed_limit:
            return self._closed_until
        if second > self._newest:
            self._advance(second)
        excess = self._total - limit + 1  # so many must have left
        if excess <= 0:
            return second
        for oldest in range(self._newest - BUCKETS + 1, self._newest + 1):
            excess -= self._counts[oldest % BUCKETS]
            if excess <= 0:
                self._closed_until, self._closed_limit = oldest + BUCKETS, limit
                return oldest + BUCKETS
        raise AssertionError("a window counts more than its buckets hold")

    def load(self, second: int, count: int) -> None:
        """Put back a count that was saved; one from the future counts as of now."""
        second = min(second, self._newest)
        if second > self._newest - BUCKETS:
            self._counts[second % BUCKETS] += count
            self._total += count

    def saved(self) -> Iterator[tuple[int, int]]:
        """Yield (second, count) of every bucket that is not empty."""
        for second in range(self._newest - BUCKETS + 1, self._newest + 1):
            if count := self._counts[second % BUCKETS]:
                yield second, count

    def _advance(self, second: int) -> None:
        if second - self._newest >= BUCKETS:
            self._counts = _EMPTY.copy()
            self._total = 0
        else:
            counts = self._counts
            for passed in range(self._newest + 1, second + 1):
                slot = passed % BUCKETS
                if counts[slot]:
                    self._total -= counts[slot]
                    counts[slot] = 0
        self._newest = second
