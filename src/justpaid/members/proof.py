"""Proves that somebody is the person they say: password, and the second factor where one is set.

Guarantee: every refusal of a sign-in reads the same, whether the e-mail, the password or the code
is wrong; only after a right password do the details tell that a code is wanted. A code counts once.
"""

from dataclasses import dataclass, field
from typing import Final

import structlog

from justpaid import clock
from justpaid.db.pool import Connection, Pool
from justpaid.errors import InvalidInput, Problem, Unauthenticated
from justpaid.members import repository, totp
from justpaid.members.attempts import Attempts
from justpaid.members.model import Person
from justpaid.members.passwords import Passwords
from justpaid.members.totp_secrets import TotpSecrets

_log = structlog.get_logger(__name__)

_REFUSED: Final = "The e-mail, the password or the code is wrong."


@dataclass(frozen=True, slots=True)
class Credentials:
    """What somebody says to prove who they are."""

    email: str
    password: str = field(repr=False)
    totp: str | None = field(default=None, repr=False)
    recovery_code: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Proven:
    """A person whose credentials are right; `Proofs.settle` spends the code they used."""

    person: Person
    step: int | None = None
    recovery_hash: bytes | None = None


class Proofs:
    """One for an API process."""

    def __init__(
        self,
        pool: Pool,
        passwords: Passwords,
        attempts: Attempts,
        secrets: TotpSecrets,
        now: clock.Clock = clock.now,
    ) -> None:
        self._pool = pool
        self._passwords = passwords
        self._attempts = attempts
        self._secrets = secrets
        self._now = now

    async def prove(self, asked: Credentials, address: str | None) -> Proven:
        """Return whose credentials these are; raises Unauthenticated or RateLimited.

        Holds no database connection while the password is checked.
        """
        await self._attempts.require_address(address)
        await self._attempts.begin(asked.email)
        async with self._pool.acquire() as connection:
            person = await repository.find_person(connection, asked.email)
        known = None if person is None else person.password_hash
        is_right = await self._passwords.verify(known, asked.password)
        if person is not None and is_right and _lacks_code(person, asked):
            raise refused("is needed")  # the first half of an honest sign-in is no failure
        try:
            if person is None or not is_right:
                raise refused()
            return self._check_factor(person, asked)
        except Unauthenticated:
            await self._attempts.fail(address)
            _log.info("sign_in_refused", address=address)
            raise

    async def settle(self, connection: Connection, proven: Proven) -> Person:
        """Spend what proved a person, and lock them, in the transaction of what follows.

        Raises Unauthenticated when the password changed or the code was used meanwhile.
        """
        person = await repository.lock_person(connection, proven.person.id)
        if person is None or person.password_hash != proven.person.password_hash:
            raise refused()
        is_spent = True
        if proven.step is not None:
            is_spent = await repository.use_totp_step(connection, person.id, proven.step)
        elif proven.recovery_hash is not None:
            is_spent = await repository.use_recovery_code(
                connection, person.id, proven.recovery_hash
            )
        if not is_spent or person.has_totp != proven.person.has_totp:
            raise refused("was used before")
        await self._attempts.succeed(connection, person.email)
        return person

    async def prove_again(self, person: Person, password: str, field_name: str) -> None:
        """Let a signed-in person prove their password; raises InvalidInput at the field."""
        await self._attempts.begin(person.email)
        if not await self._passwords.verify(person.password_hash, password):
            problem = Problem(field_name, "is not your password")
            raise InvalidInput("The password is wrong.", [problem])

    async def succeed_again(self, connection: Connection, person: Person) -> None:
        """Forget the attempts of `prove_again`, in the transaction of the act it was for."""
        await self._attempts.succeed(connection, person.email)

    def _check_factor(self, person: Person, asked: Credentials) -> Proven:
        if not person.has_totp:
            return Proven(person)
        if asked.recovery_code is not None:
            code_hash = totp.hash_recovery_code(person.id, asked.recovery_code)
            if code_hash not in person.recovery_hashes:
                raise refused("the recovery code is wrong or was used before")
            return Proven(person, recovery_hash=code_hash)
        secret = self._secrets.unseal(person)
        code = asked.totp or ""
        step = totp.find_step(secret, code, self._now(), after=person.totp_last_step)
        if step is None:
            raise refused("is wrong or was used before")
        return Proven(person, step=step)


def _lacks_code(person: Person, asked: Credentials) -> bool:
    return person.has_totp and asked.totp is None and asked.recovery_code is None


def refused(about_code: str | None = None) -> Unauthenticated:
    """Make the one refusal of a sign-in; `about_code` only once the password was right."""
    return Unauthenticated(_REFUSED, [Problem("totp", about_code)] if about_code else ())
