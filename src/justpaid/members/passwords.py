"""Hashes passwords with argon2id, off the event loop and a few at a time.

Guarantee: checking a password costs the same whether anybody has that e-mail or not, and however
many are checked at once, at most two threads and their memory are busy with it.
"""

import asyncio
import base64
import secrets
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from justpaid.errors import Unavailable

_THREADS: Final = 2
_MOST_WAITING: Final = 64

T = TypeVar("T")


class Passwords:
    """One for an API process; `close` it with the process."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
        self._nobodys = _hash_of_nothing(self._hasher)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="passwords")
        self._waiting = 0

    async def hash(self, password: str) -> str:
        """Return what is stored of a password; raises Unavailable when too many wait."""
        return await self._run(lambda: self._hasher.hash(_normal(password)))

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Say whether a password is the hashed one; None costs as much and is never right.

        Raises Unavailable when too many wait.
        """
        known = self._nobodys if password_hash is None else password_hash
        return await self._run(lambda: self._is_right(known, password)) and known != self._nobodys

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _is_right(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, _normal(password))
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, act: Callable[[], T]) -> T:
        if self._waiting >= _MOST_WAITING:
            raise Unavailable("Too many passwords are being checked. Try again shortly.")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, act)
        finally:
            self._waiting -= 1


def _normal(password: str) -> str:
    """Write a password the same way whatever keyboard typed it (NIST SP 800-63B, 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


def _hash_of_nothing(hasher: PasswordHasher) -> str:
    """Write a hash that costs as much to check as any other and that no password has."""
    terms = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    salt, rest = (
        base64.b64encode(secrets.token_bytes(length)).decode().rstrip("=")
        for length in (hasher.salt_len, hasher.hash_len)
    )
    return f"$argon2id$v=19${terms}${salt}${rest}"
