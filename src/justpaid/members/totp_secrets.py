"""Seals the secrets of second factors: each opens for its own person and for nothing else."""

from typing import Final
from uuid import UUID

from justpaid.db.encryption import Binding, CannotOpen, KeyRing
from justpaid.db.pool import Pool
from justpaid.errors import Unavailable
from justpaid.members import repository
from justpaid.members.model import Person

_PURPOSE: Final = "totp"
_BATCH: Final = 100


class TotpSecrets:
    """The secrets under this installation's master key."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    def seal(self, person: Person, secret: str) -> bytes:
        """Encrypt a secret for one person."""
        return self._keys.seal(secret.encode(), _binding(person.id))

    def unseal(self, person: Person) -> str:
        """Read a person's secret; raises Unavailable when it does not open here."""
        try:
            return self._keys.unseal(person.totp_sealed or b"", _binding(person.id)).decode()
        except CannotOpen as error:
            raise Unavailable(f"The second factor cannot be checked: {error}.") from None


async def reseal_all(pool: Pool, keys: KeyRing) -> int:
    """Put every stored secret under the current master key; returns how many were moved.

    Works in small transactions while the service runs, and may be repeated at any time.
    """
    moved, after_id, is_done = 0, UUID(int=0), False
    while not is_done:
        async with pool.acquire() as connection, connection.transaction():
            rows = await repository.lock_sealed(connection, after_id=after_id, limit=_BATCH)
            for person_id, sealed in rows:
                fresh = keys.rewrap(sealed, _binding(person_id))
                if fresh is not None:
                    await repository.reseal(connection, person_id, fresh)
                    moved += 1
        is_done = len(rows) < _BATCH
        after_id = rows[-1][0] if rows else after_id
    return moved


def _binding(person_id: UUID) -> Binding:
    return Binding(_PURPOSE, person_id, person_id)  # a person belongs to no one company
