"""Budgets counted in Redis or Valkey for any number of API processes, and locally without it.

Guarantee: exact over all processes while the store answers. While it does not, each process counts
by itself from the highest total it has seen, so that nothing spent is spent again by it; what it
accepted meanwhile, and whatever else the store may have forgotten, it tells the store first.
"""

import asyncio
import secrets
from collections.abc import Awaitable
from typing import Final
from uuid import UUID

from prometheus_client import Counter, Gauge

from justpaid.rate_limits.budget_script import (
    NO_MARK,
    SCRIPT,
    Reply,
    budget_key,
    read_reply,
    script_arguments,
)
from justpaid.rate_limits.second_clock import NANOSECONDS, SecondClock
from justpaid.rate_limits.store_link import StoreAway, StoreLink
from justpaid.rate_limits.window import BUCKETS, Window
from justpaid.rate_limits.window_store import decide
from justpaid.scopes import Category
from justpaid.web.gate_contract import Decision

_UNLIMITED: Final = 1 << 62
_GENERATION_SECONDS: Final = BUCKETS + 1
# With a label, so that an installation without a shared store shows no value at all.
_STORE_UP: Final = Gauge(
    "justpaid_rate_limit_store_up", "Whether limits are counted in the shared store.", ["store"]
)
_LOCAL: Final = Counter(
    "justpaid_rate_limit_local_decisions", "Decisions made without the shared store.", ["store"]
)
_STORE: Final = "redis"


class _Budget:
    """What this process knows of one budget."""

    __slots__ = ("known", "mark", "owed", "own")

    def __init__(self, second: int) -> None:
        self.known = Window(second)  # never less than the store's total when it was last heard of
        self.own = Window(second)  # what was accepted here
        self.owed: dict[int, int] = {}  # accepted here by second, and not told to the store
        self.mark = NO_MARK

    def accept(self, second: int) -> None:
        """Note that a request was accepted here."""
        self.own.spend(second, _UNLIMITED)

    def learn(self, total: int, second: int) -> None:
        """Take over the store's total; what others spent counts as of now."""
        unknown = total - (_UNLIMITED - self.known.remaining(second, _UNLIMITED))
        if unknown > 0:
            self.known.load(second, unknown)

    def take_debts(self, second: int) -> dict[int, int]:
        """Hand over what the store was not told, by age; dated late, never early."""
        owed, self.owed = self.owed, {}
        return _by_age(owed, second)

    def owe(self, debts: dict[int, int], second: int) -> None:
        """Keep debts that could not be told."""
        for age, count in debts.items():
            self.owed[second - age] = self.owed.get(second - age, 0) + count

    def owe_everything(self, second: int) -> None:
        """Tell all of it again: the store has forgotten."""
        self.mark = NO_MARK
        self.own.remaining(second, _UNLIMITED)
        self.owed = dict(self.own.saved())

    def known_mark(self, second: int) -> bytes:
        """Return the mark to insist on: none once all that was accepted here has passed."""
        has_spent = self.own.remaining(second, _UNLIMITED) < _UNLIMITED
        return self.mark if has_spent else NO_MARK


class RedisLimiter:
    """The limiter of one of several API processes; `link.run` must run beside it."""

    def __init__(self, url: str, clock: SecondClock | None = None, script: str = SCRIPT) -> None:
        """Take the store's address; raises SettingsError for one that cannot be an address."""
        self.link = StoreLink(url, self._note_state, script)
        self._clock = clock or SecondClock()
        self._fresh_mark = secrets.token_bytes(8)
        self._young: dict[tuple[UUID, Category], _Budget] = {}
        self._old: dict[tuple[UUID, Category], _Budget] = {}
        self._ages_at = 0
        self._wall_lead = 0
        self._local = _LOCAL.labels(_STORE)
        self._telling: asyncio.Task[None] | None = None

    def check(
        self, subject_id: UUID, category: Category, limit: int
    ) -> Decision | Awaitable[Decision]:
        """Spend one request of the budget if it holds one."""
        if self.link.is_up:
            return self._ask(subject_id, category, limit, spends=True)
        return self._decide_locally(self._budget(subject_id, category), limit, spends=True)

    def peek(
        self, subject_id: UUID, category: Category, limit: int
    ) -> Decision | Awaitable[Decision]:
        """Say what `check` would, without spending."""
        if self.link.is_up:
            return self._ask(subject_id, category, limit, spends=False)
        return self._decide_locally(self._budget(subject_id, category), limit, spends=False)

    async def _ask(
        self, subject_id: UUID, category: Category, limit: int, *, spends: bool
    ) -> Decision:
        budget = self._budget(subject_id, category)
        try:
            reply = await self._ask_store(
                budget, budget_key(subject_id, category), limit, spends=spends
            )
        except StoreAway:
            return self._decide_locally(budget, limit, spends=spends)
        second = self._second()
        if reply.accepted and spends:
            budget.accept(second)
        budget.learn(reply.total, second)
        remaining = max(0, limit - reply.total) if reply.accepted else 0
        if remaining:
            return Decision(reply.accepted, limit, remaining, 0, reply.second)
        wait = reply.opens_at - reply.second
        return Decision(reply.accepted, limit, 0, wait, reply.opens_at)

    async def _ask_store(self, budget: _Budget, key: str, limit: int, *, spends: bool) -> Reply:
        """Ask until the store remembers what this process told it. Raises StoreAway."""
        while True:
            second = self._second()
            known = budget.known_mark(second)
            debts = budget.take_debts(second)
            arguments = script_arguments(
                key, limit, spends=spends, known=known, fresh=self._fresh_mark, owed=debts
            )
            try:
                reply = read_reply(await self.link.ask(arguments))
            except StoreAway:
                budget.owe(debts, second)
                raise
            if reply is not None:
                if reply.total:
                    budget.mark = reply.mark
                return reply
            if known == budget.mark:  # else another request has noticed it already
                budget.owe_everything(second)
            elif debts:
                budget.owe(debts, second)

    def _note_state(self, is_up: bool) -> None:  # noqa: FBT001  a gauge's hand
        _STORE_UP.labels(_STORE).set(int(is_up))
        if is_up:
            self._telling = asyncio.create_task(self._tell_everything())

    async def _tell_everything(self) -> None:
        """Tell a store that is back, for all budgets, what it may not know: others count on it."""
        second = self._second()
        for (subject_id, category), budget in list((self._old | self._young).items()):
            if budget.own.remaining(second, _UNLIMITED) < _UNLIMITED:
                try:
                    await self._ask_store(budget, budget_key(subject_id, category), 1, spends=False)
                except StoreAway:
                    return

    def _decide_locally(self, budget: _Budget, limit: int, *, spends: bool) -> Decision:
        self._local.inc()
        now = self._clock.now_ns()
        second = now // NANOSECONDS
        if not spends:
            accepted = budget.known.remaining(second, limit) > 0
        elif accepted := budget.known.spend(second, limit):
            budget.accept(second)
            budget.owed[second] = budget.owed.get(second, 0) + 1
        return decide(budget.known, limit, now, self._wall_lead, accepted=accepted)

    def _second(self) -> int:
        return self._clock.now_ns() // NANOSECONDS

    def _budget(self, subject_id: UUID, category: Category) -> _Budget:
        """Return what is known of a budget; it is dropped only when all of it has passed."""
        second = self._second()
        if second >= self._ages_at:
            self._old, self._young = self._young, {}
            self._ages_at = second + _GENERATION_SECONDS
            self._wall_lead = self._clock.wall_lead_seconds()
        owner = subject_id, category
        budget = self._young.get(owner)
        if budget is None:
            budget = self._old.pop(owner, None) or _Budget(second)
            self._young[owner] = budget
        return budget


def _by_age(owed: dict[int, int], second: int) -> dict[int, int]:
    """Name seconds by their age on the store's clock, which begins its seconds at other moments."""
    aged: dict[int, int] = {}
    for at, count in owed.items():
        if second - at < BUCKETS:
            age = max(0, second - at - 1)
            aged[age] = aged.get(age, 0) + count
    return aged
