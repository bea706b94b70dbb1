"""What people do to their own account: password, second factor, and a reset by link."""

from typing import Final
from uuid import UUID

from justpaid import clock
from justpaid.audit.model import Actor
from justpaid.audit.service import AuditLog
from justpaid.db.pool import Connection, Pool
from justpaid.errors import InvalidInput, InvalidState, NotFound, Problem
from justpaid.ids import Prefix, encode_id
from justpaid.members import link_repository, repository, session_repository, totp
from justpaid.members.attempts import Attempts
from justpaid.members.joining import refused_password
from justpaid.members.links import record_everywhere
from justpaid.members.model import Person, Session, Visit
from justpaid.members.password_rules import find_password_problem
from justpaid.members.passwords import Passwords
from justpaid.members.proof import Proofs
from justpaid.members.tokens import hash_token, is_token
from justpaid.members.totp_secrets import TotpSecrets
from justpaid.web.unit_of_work import UnitOfWork

_PASSWORD: Final = "password"  # noqa: S105  the field's name


class Account:
    """One for an API process."""

    def __init__(
        self,
        pool: Pool,
        passwords: Passwords,
        proofs: Proofs,
        attempts: Attempts,
        secrets: TotpSecrets,
        audit: AuditLog,
        now: clock.Clock = clock.now,
    ) -> None:
        self._pool = pool
        self._passwords = passwords
        self._proofs = proofs
        self._attempts = attempts
        self._secrets = secrets
        self._audit = audit
        self._now = now

    async def change_password(
        self, unit: UnitOfWork, session: Session, current: str, new: str, *, by: Actor
    ) -> None:
        """Set a new password; other sessions and a reset link end. Raises InvalidInput."""
        person = await self._read(session.person_id)
        problem = find_password_problem(new, email=person.email, name=person.name)
        if problem is None and new == current:
            problem = "must differ from the current one"
        if problem is not None:
            raise refused_password(problem, "new")
        await self._proofs.prove_again(person, current, "current")
        password_hash = await self._passwords.hash(new)
        connection = await unit.connection()
        await self._lock_unchanged(connection, person)
        await repository.set_password(connection, person.id, password_hash, self._now())
        await session_repository.end_others(connection, person.id, but=session.id)
        await link_repository.drop_reset_link(connection, person.id)
        await self._proofs.succeed_again(connection, person)
        await self._record(connection, session, "password_changed", by)

    async def redeem_reset(self, unit: UnitOfWork, token: str, password: str, visit: Visit) -> None:
        """Set a new password by a reset link; every session of the person ends.

        Raises NotFound for a link that is wrong, used or too old, and InvalidInput for a password
        that is refused, which leaves the link as it was.
        """
        await self._attempts.require_address(visit.address)
        token_hash = hash_token(token)
        async with self._pool.acquire() as reading:
            person_id = (
                await link_repository.find_reset_link(reading, token_hash, self._now())
                if is_token(token)
                else None
            )
        if person_id is None:
            await self._attempts.fail(visit.address)
            raise _stale()
        person = await self._read(person_id)
        problem = find_password_problem(password, email=person.email, name=person.name)
        if problem is not None:
            raise refused_password(problem)
        password_hash = await self._passwords.hash(password)
        connection = await unit.connection()
        if await link_repository.take_reset_link(connection, token_hash, self._now()) is None:
            raise _stale()
        await repository.set_password(connection, person.id, password_hash, self._now())
        await session_repository.end_others(connection, person.id, but=None)
        await self._attempts.succeed(connection, person.email)
        await record_everywhere(
            connection, self._audit, person.id, by=visit, action="member.password_reset"
        )

    async def begin_totp(
        self, unit: UnitOfWork, session: Session, password: str, *, by: Actor
    ) -> tuple[str, str]:
        """Make a secret to be confirmed and return it with its URI; raises InvalidState if on."""
        person = await self._read(session.person_id)
        if person.has_totp:
            raise InvalidState("The second factor is on. Turn it off to set it up anew.")
        await self._proofs.prove_again(person, password, _PASSWORD)
        secret = totp.new_secret()
        connection = await unit.connection()
        await self._lock_unchanged(connection, person)
        await repository.set_totp(connection, person.id, self._secrets.seal(person, secret))
        await self._proofs.succeed_again(connection, person)
        await self._record(connection, session, "totp_begun", by)
        return secret, totp.enrolment_uri(secret, person.email)

    async def confirm_totp(
        self, unit: UnitOfWork, session: Session, code: str, *, by: Actor
    ) -> list[str]:
        """Turn the second factor on by its first code; return the recovery codes, this once."""
        person = await self._read(session.person_id)
        await self._attempts.begin(person.email)
        connection = await unit.connection()
        person = await self._lock(connection, person.id)
        if person.has_totp or person.totp_sealed is None:
            raise InvalidState("There is no second factor to confirm. Begin anew.")
        secret = self._secrets.unseal(person)
        step = totp.find_step(secret, code, self._now(), after=person.totp_last_step)
        if step is None:
            problem = Problem("code", "is not the code of now")
            raise InvalidInput("The code is wrong.", [problem])
        codes = totp.new_recovery_codes()
        await repository.confirm_totp(
            connection,
            person.id,
            at=self._now(),
            step=step,
            recovery_hashes=totp.hash_recovery_codes(person.id, codes),
        )
        await self._proofs.succeed_again(connection, person)
        await self._record(connection, session, "totp_enabled", by)
        return codes

    async def remove_totp(
        self, unit: UnitOfWork, session: Session, password: str, *, by: Actor
    ) -> None:
        """Turn the second factor off, or drop one that was never confirmed."""
        person = await self._read(session.person_id)
        if person.totp_sealed is None:
            raise InvalidState("There is no second factor.")
        await self._proofs.prove_again(person, password, _PASSWORD)
        connection = await unit.connection()
        await self._lock_unchanged(connection, person)
        await repository.set_totp(connection, person.id, None)
        await self._proofs.succeed_again(connection, person)
        await self._record(connection, session, "totp_disabled", by)

    async def _read(self, person_id: UUID) -> Person:
        async with self._pool.acquire() as connection:
            return _found(await repository.find_person_by_id(connection, person_id))

    async def _lock(self, connection: Connection, person_id: UUID) -> Person:
        return _found(await repository.lock_person(connection, person_id))

    async def _lock_unchanged(self, connection: Connection, proven: Person) -> None:
        """Lock a person who was proven; raises InvalidState if the account changed meanwhile."""
        if await self._lock(connection, proven.id) != proven:
            raise InvalidState("Your account was changed a moment ago. Try again.")

    async def _record(self, connection: Connection, session: Session, verb: str, by: Actor) -> None:
        await self._audit.record_event(
            connection,
            session.company_id,
            by=by,
            action=f"member.{verb}",
            object_type="member",
            object_id=encode_id(Prefix.MEMBER, session.membership_id),
        )


def _found(person: Person | None) -> Person:
    if person is None:
        raise NotFound("There is no such person.")
    return person


def _stale() -> NotFound:
    return NotFound("This reset link does not work any more. Ask your operator for a new one.")
