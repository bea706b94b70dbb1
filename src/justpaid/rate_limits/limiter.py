"""The budgets of one API process, counted in its memory.

Guarantee: exact (see `window`), and bounded without forgetting: a budget is dropped only when all
of its buckets have passed. A clean stop saves the budgets and a start reads them; a crash forgets.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple
from uuid import UUID

from justpaid.rate_limits.second_clock import SecondClock
from justpaid.rate_limits.window_store import WindowStore
from justpaid.scopes import Category
from justpaid.web.gate_contract import Decision


class SavedBucket(NamedTuple):
    """One second of one budget, as it survives a clean stop."""

    subject_id: UUID
    category: Category
    second: int
    accepted: int


class MemoryLimiter:
    """Budgets by caller and category; every call is one step of the event loop, so none races."""

    def __init__(self, clock: SecondClock | None = None) -> None:
        clock = clock or SecondClock()
        self._stores = {category: WindowStore[UUID](clock) for category in Category}

    def check(self, subject_id: UUID, category: Category, limit: int) -> Decision:
        """Spend one request of the budget if it holds one."""
        return self._stores[category].spend(subject_id, limit)

    def peek(self, subject_id: UUID, category: Category, limit: int) -> Decision:
        """Say what `check` would, without spending."""
        return self._stores[category].look(subject_id, limit)

    def save(self) -> Iterator[SavedBucket]:
        """Yield what was spent in the last 61 seconds: for a clean stop, after the last request."""
        for category, store in self._stores.items():
            for subject_id, second, count in store.saved():
                yield SavedBucket(subject_id, category, second, count)

    def load(self, buckets: Iterable[SavedBucket]) -> None:
        """Count what the process before had accepted: for a start, before the first request."""
        for bucket in buckets:
            store = self._stores[bucket.category]
            store.load(bucket.subject_id, bucket.second, bucket.accepted)
