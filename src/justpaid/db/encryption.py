"""Encrypts stored secrets: AES-256-GCM under a data key of their own, wrapped by a master key.

Guarantee: a sealed value opens only with the master key it names, and only for the purpose,
company and object it was sealed for; changed by one bit, or copied to another row, it does not
open. Rotation wraps the data key anew and never touches the value.
"""

import secrets
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from justpaid.db.secrets import SecretRing, VersionedSecret

_FORMAT: Final = 1
_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32
_TAG_BYTES: Final = 16
_WRAPPED_BYTES: Final = _KEY_BYTES + _TAG_BYTES
# format, master key version, nonce and data key wrapped, nonce of the value that follows
_HEAD: Final = struct.Struct(f">BH{_NONCE_BYTES}s{_WRAPPED_BYTES}s{_NONCE_BYTES}s")
_PURPOSE: Final = b"justpaid-encryption-1"


class CannotOpen(Exception):
    """A sealed value does not open here; the message says why, and holds nothing of it."""


@dataclass(frozen=True, slots=True)
class Binding:
    """What a sealed value belongs to: it opens for nothing else."""

    purpose: str
    company_id: UUID
    object_id: UUID

    def associated_data(self) -> bytes:
        """Return the bytes that the encryption authenticates."""
        return self.company_id.bytes + self.object_id.bytes + self.purpose.encode()


# Gives the master keys when they may have changed since the last time, else None.
ReadAgain: TypeAlias = Callable[[], SecretRing | None]


class KeyRing:
    """The master key that new values are sealed under, and older ones that stored values need.

    With `read_again` it takes up a rotation while it is in use: before it seals, and when a value
    names a version that it does not know.
    """

    def __init__(self, ring: SecretRing, read_again: ReadAgain | None = None) -> None:
        self.current_version = ring.current.version
        self._secrets = {known.version: known for known in ring.all}
        self._keys = {known.version: _derive(known) for known in ring.all}
        self._read_again = read_again

    def seal(self, value: bytes, binding: Binding) -> bytes:
        """Encrypt a value for one object."""
        self._take_up()
        data_key = AESGCM.generate_key(8 * _KEY_BYTES)
        nonce = secrets.token_bytes(_NONCE_BYTES)
        associated = binding.associated_data()
        head = self._wrap(data_key, nonce, associated)
        return head + AESGCM(data_key).encrypt(nonce, value, associated)

    def unseal(self, sealed: bytes, binding: Binding) -> bytes:
        """Decrypt a value of one object; raises CannotOpen."""
        associated = binding.associated_data()
        data_key, nonce, body = self._open_head(sealed, associated)
        try:
            return AESGCM(data_key).decrypt(nonce, body, associated)
        except InvalidTag:
            raise CannotOpen("the value was changed, or belongs to another object") from None

    def rewrap(self, sealed: bytes, binding: Binding) -> bytes | None:
        """Put a value under the current master key; None when it is already. Raises CannotOpen."""
        if version_of(sealed) == self.current_version:
            return None
        associated = binding.associated_data()
        data_key, nonce, body = self._open_head(sealed, associated)
        return self._wrap(data_key, nonce, associated) + body

    def _take_up(self) -> None:
        """Learn of a rotation; versions that are known keep their secrets."""
        ring = None if self._read_again is None else self._read_again()
        if ring is None or any(
            self._secrets.get(each.version, each).secret != each.secret for each in ring.all
        ):
            return
        for each in ring.all:
            if each.version not in self._keys:
                self._secrets[each.version], self._keys[each.version] = each, _derive(each)
        self.current_version = ring.current.version

    def _wrap(self, data_key: bytes, nonce: bytes, associated: bytes) -> bytes:
        version = self.current_version
        wrap_nonce = secrets.token_bytes(_NONCE_BYTES)
        wrapped = self._keys[version].encrypt(wrap_nonce, data_key, associated)
        return _HEAD.pack(_FORMAT, version, wrap_nonce, wrapped, nonce)

    def _open_head(self, sealed: bytes, associated: bytes) -> tuple[bytes, bytes, bytes]:
        """Return data key, nonce and encrypted value."""
        version = version_of(sealed)
        _, _, wrap_nonce, wrapped, nonce = _HEAD.unpack_from(sealed)
        if version not in self._keys:
            self._take_up()
        master = self._keys.get(version)
        if master is None:
            raise CannotOpen(f"version {version} of the master key is not here")
        try:
            data_key = master.decrypt(wrap_nonce, wrapped, associated)
        except InvalidTag:
            raise CannotOpen("the value was changed, or belongs to another object") from None
        return data_key, nonce, sealed[_HEAD.size :]


def version_of(sealed: bytes) -> int:
    """Return the version of the master key that a sealed value is under; raises CannotOpen."""
    if len(sealed) < _HEAD.size + _TAG_BYTES or sealed[0] != _FORMAT:
        raise CannotOpen("the value was not sealed by this service")
    version: int = _HEAD.unpack_from(sealed)[1]
    return version


def _derive(secret: VersionedSecret) -> AESGCM:
    # A key for this use alone, so that the same secret can prove itself elsewhere.
    hkdf = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=_PURPOSE)
    return AESGCM(hkdf.derive(secret.secret))
