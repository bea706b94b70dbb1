"""The limiter's budgets, its clock and its memory."""

from justpaid.ids import new_id
from justpaid.rate_limits.failures import FailedAuthentications, block_of
from justpaid.rate_limits.limiter import MemoryLimiter, SavedBucket
from justpaid.rate_limits.second_clock import NANOSECONDS, SecondClock
from justpaid.rate_limits.window_store import WindowStore
from justpaid.scopes import Category


class Hands:
    """A monotonic and a wall clock that the test moves apart."""

    def __init__(self) -> None:
        self.monotonic = 0
        self.wall = 1_800_000_000 * NANOSECONDS

    def clock(self) -> SecondClock:
        """Make a limiter's clock on both hands."""
        return SecondClock(lambda: self.monotonic, lambda: self.wall)

    def wait(self, seconds: float) -> None:
        """Let time pass on both."""
        self.monotonic += round(seconds * NANOSECONDS)
        self.wall += round(seconds * NANOSECONDS)


def test_budgets_are_apart() -> None:
    """A spent budget of one key or category takes nothing from another."""
    limiter = MemoryLimiter(Hands().clock())
    first, second = new_id(), new_id()
    assert limiter.check(first, Category.WRITE, 1).accepted
    assert not limiter.check(first, Category.WRITE, 1).accepted
    assert limiter.check(first, Category.READ, 1).accepted
    assert limiter.check(second, Category.WRITE, 1).accepted


def test_a_spent_budget_opens_after_sixty_one_buckets() -> None:
    """The wait that is told is the whole one, not a guess: 61 seconds less the part gone."""
    hands = Hands()
    limiter = MemoryLimiter(hands.clock())
    key = new_id()
    hands.wait(0.25)
    last = limiter.check(key, Category.READ, 1)
    assert (last.accepted, last.remaining, last.retry_after_seconds) == (True, 0, 61)
    hands.wait(10.5)
    assert limiter.check(key, Category.READ, 1).retry_after_seconds == 51
    hands.wait(50.25)
    assert limiter.check(key, Category.READ, 1).accepted


def test_the_wall_clock_neither_opens_nor_closes_a_budget() -> None:
    """A clock set forward does not refill budgets; one set back does not shut keys out."""
    hands = Hands()
    limiter = MemoryLimiter(hands.clock())
    key = new_id()
    limiter.check(key, Category.READ, 1)
    hands.wall += 3600 * NANOSECONDS
    assert not limiter.check(key, Category.READ, 1).accepted
    hands.wall -= 7200 * NANOSECONDS
    hands.wait(61)
    assert limiter.check(key, Category.READ, 1).accepted


def test_the_named_moment_follows_the_wall_clock() -> None:
    """After the wall clock was set, Reset names the moment by it, so that clients wait right."""
    hands = Hands()
    limiter = MemoryLimiter(hands.clock())
    hands.wall += 3600 * NANOSECONDS
    hands.wait(120)
    said = limiter.check(new_id(), Category.READ, 1)
    assert said.resets_at == hands.wall // NANOSECONDS + said.retry_after_seconds


def test_idle_owners_are_dropped_and_spent_budgets_kept() -> None:
    """Memory is bounded by the callers of two minutes, and no caller gains by crowding others."""
    hands = Hands()
    store = WindowStore[int](hands.clock())
    store.spend(-1, 1)
    for owner in range(1000):
        store.spend(owner, 5)
    hands.wait(59)
    assert not store.spend(-1, 1).accepted
    for _ in range(3):
        hands.wait(62)
        store.spend(-2, 1)
    assert len(store) <= 2


def test_failures_are_counted_by_block() -> None:
    """An attacker's whole /64 is one address, and a mapped IPv4 address is the IPv4 address."""
    assert block_of("2001:db8:1:2::1") == block_of("2001:db8:1:2:ffff::9")
    assert block_of("2001:db8:1:2::1") != block_of("2001:db8:1:3::1")
    assert block_of("::ffff:192.0.2.1") == block_of("192.0.2.1") != block_of("192.0.2.2")
    assert block_of(None) == block_of("unix") == "unknown"


def test_failures_over_the_limit_are_told_when_to_come_back() -> None:
    """The 61st failure of a minute is refused with a true waiting time."""
    hands = Hands()
    failures = FailedAuthentications(60, hands.clock())
    for _ in range(60):
        assert not failures.is_spent("192.0.2.1")
        assert failures.count("192.0.2.1").accepted
    assert failures.is_spent("192.0.2.1")
    refused = failures.count("192.0.2.1")
    assert not refused.accepted
    hands.wait(refused.retry_after_seconds)
    assert failures.count("192.0.2.1").accepted


def test_a_flood_of_addresses_costs_bounded_memory() -> None:
    """A botnet's addresses share one budget past the bound, and the known ones keep theirs."""
    hands = Hands()
    failures = FailedAuthentications(2, hands.clock(), most_addresses=100)
    for number in range(5000):
        failures.count(f"10.0.{number // 256}.{number % 256}")
    assert len(failures) <= 101
    assert failures.is_spent("10.200.0.1")
    assert not failures.is_spent("10.0.0.1")


def test_saved_buckets_from_the_future_count_as_now() -> None:
    """A wall clock set back between two runs delays a caller, and never lets it spend twice."""
    limiter = MemoryLimiter(Hands().clock())
    key = new_id()
    limiter.load([SavedBucket(key, Category.READ, 1_900_000_000, 3)])
    assert not limiter.check(key, Category.READ, 3).accepted
    limiter.load([SavedBucket(key, Category.WRITE, 1_700_000_000, 3)])
    assert limiter.check(key, Category.WRITE, 3).accepted
