"""What an API key looks like: `wfk_`, 43 random base62 characters, 6 characters of checksum.

Guarantee: whether a text can be a key at all is decided here, without a server. A mistyped key
never reaches the database, and a scanner finds leaked keys without false alarms. What is stored
of a key is its keyed hash under a pepper that lives outside the database, and its hint.
"""

import hashlib
import re
import secrets
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from justpaid.exact_json import JsonValue, join_path

PREFIX: Final = "wfk_"
KEY_LENGTH: Final = 53

_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BASE: Final = len(_ALPHABET)
_RANDOM_LENGTH: Final = 43  # 62 ** 43 is just above 2 ** 256
_CHECKSUM_LENGTH: Final = 6
_HINT_HEAD: Final = len(PREFIX) + 4
_HINT_TAIL: Final = 4
_BODY_LENGTH: Final = len(PREFIX) + _RANDOM_LENGTH
_PATTERN: Final = re.compile(r"wfk_[0-9A-Za-z]{49}")
_MIN_PEPPER_BYTES: Final = 32
_BLOCK: Final = 64  # of SHA-256


@dataclass(frozen=True, slots=True, repr=False)
class Pepper:
    """One secret under which keys are hashed, and the version that rows name it by."""

    version: int
    secret: bytes

    def __post_init__(self) -> None:
        """Refuse a pepper short enough to be guessed."""
        if len(self.secret) < _MIN_PEPPER_BYTES:
            raise ValueError(f"a pepper has at least {_MIN_PEPPER_BYTES} bytes")


class Peppers:
    """The pepper new keys are hashed under, and older ones that stored keys may still need."""

    def __init__(self, current: Pepper, older: Sequence[Pepper] = ()) -> None:
        self.current = current
        self._hashes = tuple(_KeyedHash(pepper.secret) for pepper in (current, *older))
        self.digest = self._hashes[0].digest  # as a new row stores it

    def digests(self, key: str) -> list[bytes]:
        """Hash a key under every pepper, the current one first: one of them is what is stored."""
        return [keyed.digest(key) for keyed in self._hashes]


class _KeyedHash:
    """HMAC-SHA-256 (RFC 2104) with the secret's two blocks hashed once instead of each time.

    The secret has 256 bits, so a slow hash would add nothing; this is done for every request and
    costs a third of `hmac.digest`.
    """

    def __init__(self, secret: bytes) -> None:
        block = hashlib.sha256(secret).digest() if len(secret) > _BLOCK else secret
        block = block.ljust(_BLOCK, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))

    def digest(self, key: str) -> bytes:
        """Hash a key."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(key.encode())
        outer.update(inner.digest())
        return outer.digest()


def generate_key() -> str:
    """Make a new key from 256 bits of the system's secure random source."""
    number = secrets.randbelow(_BASE**_RANDOM_LENGTH)
    body = PREFIX + _base62(number, _RANDOM_LENGTH)
    return body + _checksum(body)


def is_well_formed(text: str) -> bool:
    """Say whether a text has a key's form and its checksum is right."""
    return _PATTERN.fullmatch(text) is not None and _is_checked(text)


def find_keys(text: str) -> list[str]:
    """List every key with a right checksum that stands anywhere in a text."""
    if PREFIX not in text:
        return []
    return [found for found in _PATTERN.findall(text) if _is_checked(found)]


def find_keys_in(value: JsonValue, path: str = "") -> list[tuple[str, str]]:
    """List (path, key) for every key that a JSON value holds, in its texts and its names."""
    found: list[tuple[str, str]] = []
    if isinstance(value, str):
        found.extend((path, key) for key in find_keys(value))
    elif isinstance(value, dict):
        for name, item in value.items():
            inner = join_path(path, redact(name))
            found.extend((inner, key) for key in find_keys(name))
            found.extend(find_keys_in(item, inner))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            found.extend(find_keys_in(item, join_path(path, index)))
    return found


def redact(text: str) -> str:
    """Replace whatever looks like a key by its hint, right checksum or not."""
    if PREFIX not in text:
        return text
    return _PATTERN.sub(lambda match: hint_of(match.group()), text)


def hint_of(key: str) -> str:
    """Show just enough of a key to tell it from others: its first and its last four characters."""
    return f"{key[:_HINT_HEAD]}…{key[-_HINT_TAIL:]}"


def _is_checked(key: str) -> bool:
    return key[_BODY_LENGTH:] == _checksum(key[:_BODY_LENGTH])


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), _CHECKSUM_LENGTH)


def _base62(number: int, length: int) -> str:
    characters = [""] * length
    for position in range(length - 1, -1, -1):
        number, digit = divmod(number, _BASE)
        characters[position] = _ALPHABET[digit]
    return "".join(characters)
