"""Which digests may be stored: a Bloom filter, so that unknown keys need not cost the database.

Guarantee: `may_hold` never says no about a digest that was added; about others it wrongly says yes
less than once in a hundred. Two bytes of memory a key.
"""

from collections.abc import Iterable
from typing import Final

_BITS_A_KEY: Final = 16
_FEWEST_BITS: Final = 1 << 16
_SLICES: Final = (0, 4, 8, 12)  # a keyed hash is random: four slices of it are four hash functions


class DigestFilter:
    """A set of digests that forgets which, sized for the ones given and as many again."""

    def __init__(self, digests: Iterable[bytes] = ()) -> None:
        known = list(digests)
        bits = max(_FEWEST_BITS, 2 * _BITS_A_KEY * len(known))
        self._mask = (1 << (bits - 1).bit_length()) - 1
        self._bits = bytearray((self._mask + 1) // 8)
        for digest in known:
            self.add(digest)

    def add(self, digest: bytes) -> None:
        """Add a digest."""
        for start in _SLICES:
            place = int.from_bytes(digest[start : start + 4], "big") & self._mask
            self._bits[place >> 3] |= 1 << (place & 7)

    def may_hold(self, digest: bytes) -> bool:
        """Say whether the digest may have been added."""
        for start in _SLICES:
            place = int.from_bytes(digest[start : start + 4], "big") & self._mask
            if not self._bits[place >> 3] & 1 << (place & 7):
                return False
        return True
