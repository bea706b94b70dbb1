"""Windows by their owner, with the ones nobody uses dropped once nothing is left in them.

Guarantee: bounded by the owners of the last two minutes, and never a spent budget forgotten: a
window leaves only after a whole generation, longer than all of its buckets, in which nobody came.
"""

from collections.abc import Hashable, Iterator
from typing import Final, Generic, TypeVar

from justpaid.rate_limits.second_clock import NANOSECONDS, SecondClock
from justpaid.rate_limits.window import BUCKETS, Window
from justpaid.web.gate_contract import Decision

Owner = TypeVar("Owner", bound=Hashable)

_GENERATION_SECONDS: Final = BUCKETS + 1


class WindowStore(Generic[Owner]):
    """The windows of one kind of budget."""

    def __init__(self, clock: SecondClock) -> None:
        self._clock = clock
        self._young: dict[Owner, Window] = {}
        self._old: dict[Owner, Window] = {}
        self._ages_at = clock.now_ns() // NANOSECONDS + _GENERATION_SECONDS
        self._wall_lead = 0

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def __contains__(self, owner: Owner) -> bool:
        return owner in self._young or owner in self._old

    def spend(self, owner: Owner, limit: int) -> Decision:
        """Count one request of the owner if its budget holds one."""
        now = self._clock.now_ns()
        second = now // NANOSECONDS
        window = self._window(owner, second)
        accepted = window.spend(second, limit)
        return decide(window, limit, now, self._wall_lead, accepted=accepted)

    def look(self, owner: Owner, limit: int) -> Decision:
        """Say what `spend` would, without counting and without keeping the owner."""
        now = self._clock.now_ns()
        second = now // NANOSECONDS
        window = self._young.get(owner) or self._old.get(owner) or Window(second)
        accepted = window.remaining(second, limit) > 0
        return decide(window, limit, now, self._wall_lead, accepted=accepted)

    def saved(self) -> Iterator[tuple[Owner, int, int]]:
        """Yield (owner, second, count) of all that still counts."""
        oldest = self._clock.now_ns() // NANOSECONDS - BUCKETS
        for owner, window in (self._old | self._young).items():
            for second, count in window.saved():
                if second > oldest:
                    yield owner, second, count

    def load(self, owner: Owner, second: int, count: int) -> None:
        """Put back a count that was saved."""
        self._window(owner, self._clock.now_ns() // NANOSECONDS).load(second, count)

    def _window(self, owner: Owner, second: int) -> Window:
        if second >= self._ages_at:
            self._age(second)
        window = self._young.get(owner)
        if window is None:
            window = self._old.pop(owner, None) or Window(second)
            self._young[owner] = window
        return window

    def _age(self, second: int) -> None:
        self._old, self._young = self._young, {}
        self._ages_at = second + _GENERATION_SECONDS
        self._wall_lead = self._clock.wall_lead_seconds()


def decide(window: Window, limit: int, now_ns: int, wall_lead: int, *, accepted: bool) -> Decision:
    """Say what a window says to a request that it has just accepted, or not."""
    second = now_ns // NANOSECONDS
    remaining = window.remaining(second, limit) if accepted else 0
    if remaining:
        return Decision(accepted, limit, remaining, 0, second + wall_lead)
    opens_at = window.opens_at(second, limit)
    # Rounded up: who waits that long comes after the moment, and less than a second after it.
    wait = -((now_ns - opens_at * NANOSECONDS) // NANOSECONDS)
    return Decision(accepted, limit, 0, wait, opens_at + wall_lead)
