"""The limiter against a log that remembers every accepted request, at every phase."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from justpaid.ids import new_id
from justpaid.rate_limits.limiter import MemoryLimiter
from justpaid.rate_limits.second_clock import NANOSECONDS, SecondClock
from justpaid.scopes import Category
from justpaid.web.gate_contract import Decision

MINUTE = 60 * NANOSECONDS
EPOCH = 1_800_000_000 * NANOSECONDS
KEY = new_id()

gaps = st.one_of(
    st.integers(0, 50_000_000),
    st.integers(0, 3 * NANOSECONDS),
    st.sampled_from([NANOSECONDS - 1, NANOSECONDS, MINUTE - 1, MINUTE, MINUTE + 1]),
    st.integers(0, 150 * NANOSECONDS),
)


class Hand:
    """A clock that the test moves by hand."""

    def __init__(self, start_ns: int = 0) -> None:
        self.at = start_ns

    def read(self) -> int:
        """Return the moment the hand points at."""
        return self.at

    def wall(self) -> int:
        """Return the same moment as a wall clock shows it."""
        return EPOCH + self.at

    def clock(self) -> SecondClock:
        """Make the limiter's clock on this hand."""
        return SecondClock(self.read, self.wall)


def check(limiter: MemoryLimiter, limit: int) -> Decision:
    """Ask for one read of the test's key."""
    return limiter.check(KEY, Category.READ, limit)


def most_in_a_minute(accepted: list[int]) -> int:
    """Count the fullest 60 seconds, ends included: one of them begins at an accepted request."""
    return max(
        (sum(1 for moment in accepted if start <= moment <= start + MINUTE) for start in accepted),
        default=0,
    )


@given(st.integers(0, NANOSECONDS), st.integers(1, 12), st.lists(gaps, max_size=120))
def test_no_minute_holds_more_than_the_limit(start: int, limit: int, steps: list[int]) -> None:
    """In no 60 seconds, whatever their phase, are more than the limit accepted."""
    hand = Hand(start)
    limiter = MemoryLimiter(hand.clock())
    accepted: list[int] = []
    for step in steps:
        hand.at += step
        if check(limiter, limit).accepted:
            accepted.append(hand.at)
    assert most_in_a_minute(accepted) <= limit


@given(
    st.integers(0, NANOSECONDS),
    st.integers(50, 400),
    st.floats(1.0, 3.0),
    st.integers(3, 6),
)
def test_steady_overload_reaches_nearly_the_whole_limit(
    start: int, limit: int, factor: float, minutes: int
) -> None:
    """Exactness does not cost the caller: at least 0.98 of the limit is served under overload."""
    hand = Hand(start)
    limiter = MemoryLimiter(hand.clock())
    step = int(MINUTE / (limit * factor))
    rounds = minutes * 61 * NANOSECONDS // step
    served = 0
    for _ in range(rounds):
        hand.at += step
        served += check(limiter, limit).accepted
    assert served >= 0.98 * limit * (rounds * step / MINUTE) - 1


@given(
    st.integers(0, NANOSECONDS),
    st.integers(1, 6),
    st.lists(gaps, max_size=60),
    st.integers(0, NANOSECONDS - 1),
)
def test_retry_after_is_true(start: int, limit: int, steps: list[int], early: int) -> None:
    """Who waits as told succeeds at once; who comes more than a second earlier is refused."""
    hand = Hand(start)
    limiter = MemoryLimiter(hand.clock())
    for step in steps:
        hand.at += step
        refused = check(limiter, limit)
        if refused.accepted:
            continue
        wait = refused.retry_after_seconds * NANOSECONDS
        asked_at = hand.at
        assert refused.retry_after_seconds >= 1
        hand.at = max(asked_at, asked_at + wait - NANOSECONDS - 1 - early)
        assert not limiter.peek(KEY, Category.READ, limit).accepted
        hand.at = asked_at + wait
        assert check(limiter, limit).accepted


@given(st.integers(0, NANOSECONDS), st.integers(1, 6), st.lists(gaps, min_size=1, max_size=60))
def test_every_moment_named_is_the_same(start: int, limit: int, steps: list[int]) -> None:
    """Retry-After, t and Reset name one moment: the first at which a request is accepted."""
    hand = Hand(start)
    limiter = MemoryLimiter(hand.clock())
    for step in steps:
        hand.at += step
        said = check(limiter, limit)
        now = hand.wall() // NANOSECONDS
        assert said.resets_at - now in {said.retry_after_seconds, said.retry_after_seconds - 1} or (
            said.retry_after_seconds == said.resets_at - now == 0
        )
        if said.remaining:
            assert (said.retry_after_seconds, said.resets_at) == (0, now)
        else:
            opening = said.resets_at * NANOSECONDS - EPOCH
            hand.at = opening - 1
            assert not limiter.peek(KEY, Category.READ, limit).accepted
            hand.at = opening
            assert limiter.peek(KEY, Category.READ, limit).accepted


@given(st.lists(st.tuples(gaps, st.integers(1, 8)), max_size=80))
def test_a_changed_limit_holds_at_once(steps: list[tuple[int, int]]) -> None:
    """A lowered limit refuses until the last minute holds fewer than it allows."""
    hand = Hand()
    limiter = MemoryLimiter(hand.clock())
    accepted: list[int] = []
    for step, limit in steps:
        hand.at += step
        if check(limiter, limit).accepted:
            accepted.append(hand.at)
            last_minute = [moment for moment in accepted if moment >= hand.at - MINUTE]
            assert len(last_minute) <= limit


@given(
    st.lists(gaps, max_size=60),
    st.lists(gaps, max_size=60),
    st.integers(1, 6),
    st.integers(0, NANOSECONDS),
)
def test_a_clean_restart_forgets_nothing(
    before: list[int], after: list[int], limit: int, pause: int
) -> None:
    """Budgets saved at a stop and loaded at the next start go on as if nothing had happened."""
    hand = Hand()
    limiter = MemoryLimiter(hand.clock())
    accepted: list[int] = []
    for index, step in enumerate([*before, pause, *after]):
        hand.at += step
        if index == len(before):
            saved = list(limiter.save())
            limiter = MemoryLimiter(hand.clock())
            limiter.load(saved)
        elif check(limiter, limit).accepted:
            accepted.append(hand.at)
    assert most_in_a_minute(accepted) <= limit


@given(st.lists(gaps, min_size=2, max_size=80), st.integers(1, 6))
def test_a_look_spends_nothing(steps: list[int], limit: int) -> None:
    """Showing a budget leaves it as it was, and says what the next request would hear."""
    hand = Hand()
    limiter = MemoryLimiter(hand.clock())
    for _, step in pairwise(steps):
        hand.at += step
        seen = [limiter.peek(KEY, Category.READ, limit) for _ in range(3)]
        assert seen[0] == seen[1] == seen[2]
        assert check(limiter, limit).accepted == seen[0].accepted
