"""Finds who holds a key: from memory while this process's cache lease holds, else by asking.

Guarantee (zero tail): no request is let in on terms that a settled change has ended. An entry is
kept only if the lease held, unbroken, from before its row was read; an answer that a change has
overtaken is asked for again. Unknown keys cost the database next to nothing and honest callers
nothing: the form is tested first, then a filter of all stored digests, then a few lookups a second.
"""

from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

from justpaid import clock
from justpaid.api_keys import repository
from justpaid.api_keys.cache_lease import CacheLease, Connect
from justpaid.api_keys.digest_filter import DigestFilter
from justpaid.api_keys.identity import identify_key
from justpaid.api_keys.key_format import KEY_LENGTH, Peppers, is_well_formed
from justpaid.api_keys.lookup_lane import Allowance, LookupLane
from justpaid.api_keys.model import ApiKey, KeyStatus
from justpaid.db.pool import DATABASE_AWAY, Connection, Pool
from justpaid.errors import Unavailable
from justpaid.web.gate_contract import Identity

ChangeListener = Callable[[frozenset[UUID] | None], None]

_MOST_ENTRIES: Final = 50_000
_MOST_FILTERED: Final = 2_000_000
_HONEST_LOOKUPS: Final = 8
_DOUBTFUL_LOOKUPS: Final = 1
_MOST_DOUBTFUL_WAITING: Final = 16
_CONFIRMATIONS_A_SECOND: Final = 20
_MOST_ROUNDS: Final = 5
_STALE_SECONDS: Final = 1.0


class KeyDirectory:
    """The keys as one API process sees them; `lease.run` must run for the cache to count."""

    def __init__(
        self,
        pool: Pool,
        peppers: Peppers,
        connect: Connect,
        *,
        monotonic: clock.MonotonicClock = clock.monotonic,
    ) -> None:
        self._pool = pool
        self._peppers = peppers
        self._monotonic = monotonic
        self.lease = CacheLease(connect, self, monotonic=monotonic)
        self._entries: dict[bytes, Identity] = {}
        self._digest_by_key_id: dict[UUID, bytes] = {}
        self._changes = 0  # rises with everything forgotten: a read begun before it does not count
        self._filter: DigestFilter | None = None
        self._honest = LookupLane(_HONEST_LOOKUPS)
        self._doubtful = LookupLane(_DOUBTFUL_LOOKUPS, most_waiting=_MOST_DOUBTFUL_WAITING)
        self._confirmations = Allowance(_CONFIRMATIONS_A_SECOND, monotonic)
        self._listeners: list[ChangeListener] = []

    def find_cached(self, key: str) -> Identity | None:
        """Return the key's holder if that is known for certain without asking anybody."""
        if len(key) != KEY_LENGTH or not key.isascii() or not self.lease.is_held:
            return None
        return self._entries.get(self._peppers.digest(key))

    async def find(self, key: str, *, is_trusted: bool) -> Identity | None:
        """Return the key's holder whatever the key's status, or None for no stored key.

        Raises Unavailable when the database cannot be asked.
        """
        if not is_well_formed(key):
            return None
        digests = self._peppers.digests(key)
        if self.lease.is_held:
            for digest in digests:
                if entry := self._entries.get(digest):
                    return entry
            if self._is_unknown(digests) and not (is_trusted and self._confirmations.take()):
                return None
            is_trusted = True  # what the filter lets through is nearly always a stored key
        lane = self._honest if is_trusted else self._doubtful
        try:
            return await lane.once(digests[0], lambda: self._look_up(digests))
        except DATABASE_AWAY:
            raise Unavailable("The database cannot be reached now. Try again shortly.") from None

    async def is_in_force(self, company_id: UUID, key_id: UUID) -> bool:
        """Say whether a key lets requests in now: what a long answer asks again and again."""
        async with self._pool.acquire() as connection:
            key = await repository.find(connection, company_id, key_id)
        return key is not None and key.status_at(clock.now()) is KeyStatus.ACTIVE

    def on_changed(self, listener: ChangeListener) -> Callable[[], None]:
        """Call `listener` with the ids of keys that changed, None for any; returns how to stop.

        An open stream or waiting call of such a key asks `is_in_force` and ends if it is not.
        """
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def forget(self, key_ids: Sequence[UUID]) -> None:
        """Drop what is known of keys that changed."""
        self._changes += 1
        for key_id in key_ids:
            digest = self._digest_by_key_id.pop(key_id, None)
            if digest is not None:
                self._entries.pop(digest, None)
        self._tell(frozenset(key_ids))

    def forget_all(self) -> None:
        """Drop everything: changes may have been missed."""
        self._changes += 1
        self._entries.clear()
        self._digest_by_key_id.clear()
        self._filter = None
        self._tell(None)

    async def learn_all(self, connection: Connection) -> None:
        """Read every stored digest, unless there are too many to keep in mind."""
        if await repository.count_all(connection) <= _MOST_FILTERED:
            self._filter = DigestFilter(await repository.all_digests(connection))

    async def learn(self, connection: Connection, key_ids: Sequence[UUID]) -> None:
        """Take new keys into the filter before their making is acknowledged."""
        digests = await repository.digests_of(connection, key_ids)
        if self._filter is not None:
            for digest in digests:
                self._filter.add(digest)

    def _is_unknown(self, digests: Sequence[bytes]) -> bool:
        known = self._filter
        return known is not None and not any(known.may_hold(digest) for digest in digests)

    async def _look_up(self, digests: Sequence[bytes]) -> Identity | None:
        """Ask the database until no change overtakes the answer, and keep it if the lease held."""
        for _ in range(_MOST_ROUNDS):
            began_at, changes = self._monotonic(), self._changes
            was_held = self.lease.is_held
            async with self._pool.acquire() as connection:
                found = await repository.find_by_digests(connection, digests)
            is_stale = self._monotonic() - began_at > _STALE_SECONDS
            is_unbroken = was_held and self.lease.is_held
            if changes != self._changes or (is_stale and not is_unbroken):
                continue
            if found is None:
                return None
            key, digest = found
            return self._keep(key, digest) if is_unbroken else identify_key(key)
        raise Unavailable("The keys are changing too fast. Try again shortly.")

    def _keep(self, key: ApiKey, digest: bytes) -> Identity:
        while len(self._entries) >= _MOST_ENTRIES:
            oldest = next(iter(self._entries))
            self._digest_by_key_id.pop(self._entries.pop(oldest).subject_id, None)
        entry = self._entries[digest] = identify_key(key)
        self._digest_by_key_id[key.id] = digest
        return entry

    def _tell(self, key_ids: frozenset[UUID] | None) -> None:
        for listener in tuple(self._listeners):
            listener(key_ids)
