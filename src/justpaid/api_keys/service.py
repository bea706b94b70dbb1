"""The verbs on API keys: each writes its audit row and announces the change it makes.

Every verb takes the `KeyChanges` of its transaction: no request is accepted on the old terms after
those have settled, whoever asked and on whichever process.
"""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from justpaid import clock, ids
from justpaid.api_keys import repository
from justpaid.api_keys.key_changes import KeyChanges
from justpaid.api_keys.key_format import Peppers, generate_key, hint_of
from justpaid.api_keys.model import ApiKey, CreatedKey, KeyRequest, KeyStatus, find_problems
from justpaid.audit.model import Actor
from justpaid.audit.service import AuditLog
from justpaid.errors import Conflict, InvalidInput, InvalidState, NotFound
from justpaid.exact_json import JsonObject
from justpaid.ids import Prefix, encode_id
from justpaid.scopes import Scope


class ApiKeys:
    """The keys of this installation: made once at composition with its pepper and audit log."""

    def __init__(self, peppers: Peppers, audit: AuditLog) -> None:
        self._peppers = peppers
        self._audit = audit

    async def create_key(
        self, changes: KeyChanges, company_id: UUID, request: KeyRequest, *, by: Actor
    ) -> CreatedKey:
        """Make a key and return it with its secret, which nothing can show again.

        Raises InvalidInput naming every field that is wrong.
        """
        created = await self._store(changes, company_id, request, by=by, rotated_from=None)
        await self._record(changes, created.key, "created", by, after=describe(created.key))
        return created

    async def revoke_key(
        self,
        changes: KeyChanges,
        company_id: UUID,
        key_id: UUID,
        *,
        by: Actor,
        reason: str | None = None,
    ) -> ApiKey:
        """End a key for good; a repeat changes nothing. Raises NotFound.

        A key whose successor this is stands again as if it had never been rotated.
        """
        key = await self._lock(changes, company_id, key_id)
        changes.note(key_id)  # also on a repeat: its answer promises the same as the first
        if key.stored_status is KeyStatus.REVOKED:
            return key
        now = clock.now()
        await repository.revoke(changes.connection, company_id, key_id, at=now, reason=reason)
        before: JsonObject = {"status": key.status_at(now)}
        after: JsonObject = {"status": KeyStatus.REVOKED, "reason": reason}
        await self._record(changes, key, "revoked", by, before=before, after=after)
        await self._undo_rotation(changes, key, by)
        return await self._read(changes, company_id, key_id)

    async def disable_key(
        self,
        changes: KeyChanges,
        company_id: UUID,
        key_id: UUID,
        *,
        by: Actor,
        reason: str | None = None,
    ) -> ApiKey:
        """Shut a key out until `enable_key`. Raises NotFound, or InvalidState unless active."""
        return await self._switch(
            changes, company_id, key_id, (KeyStatus.ACTIVE, KeyStatus.DISABLED), by, reason
        )

    async def enable_key(
        self,
        changes: KeyChanges,
        company_id: UUID,
        key_id: UUID,
        *,
        by: Actor,
        reason: str | None = None,
    ) -> ApiKey:
        """Let a disabled key in again. Raises NotFound, or InvalidState unless disabled."""
        return await self._switch(
            changes, company_id, key_id, (KeyStatus.DISABLED, KeyStatus.ACTIVE), by, reason
        )

    async def rotate_key(
        self,
        changes: KeyChanges,
        company_id: UUID,
        key_id: UUID,
        *,
        by: Actor,
        expires_at: datetime | None = None,
    ) -> CreatedKey:
        """Make a successor with the same terms; the old key stays valid until it is revoked.

        The successor has the expiry given, or none. Raises NotFound, or InvalidState unless the key
        is active and has no unrevoked successor.
        """
        old = await self._lock(changes, company_id, key_id)
        _require(old, KeyStatus.ACTIVE)
        if (successor := await self._unrevoked_successor(changes, old)) is not None:
            raise InvalidState(f"The key already has a successor, {successor.hint}.")
        return await self._succeed(changes, old, by, expires_at)

    async def replace_key(
        self,
        changes: KeyChanges,
        company_id: UUID,
        key_id: UUID,
        *,
        by: Actor,
        reason: str | None = None,
        replace: bool = True,
    ) -> tuple[ApiKey, CreatedKey | None]:
        """Revoke a key that others may know and, with `replace`, make another on the same terms.

        Raises NotFound.
        """
        reason = reason or "compromised"
        revoked = await self.revoke_key(changes, company_id, key_id, by=by, reason=reason)
        if not replace:
            return revoked, None
        if await self._unrevoked_successor(changes, revoked) is None:
            created = await self._succeed(changes, revoked, by, None)
            return await self._read(changes, company_id, key_id), created
        request = _request_like(revoked, None)
        return revoked, await self.create_key(changes, company_id, request, by=by)

    async def _undo_rotation(self, changes: KeyChanges, successor: ApiKey, by: Actor) -> None:
        """Let the key that a revoked successor should have replaced be rotated anew."""
        company_id = successor.company_id
        old_id = await repository.unmark_rotated(changes.connection, company_id, successor.id)
        if old_id is None:
            return
        changes.note(old_id)
        old = await self._read(changes, company_id, old_id)
        before: JsonObject = {"rotatedTo": encode_id(Prefix.KEY, successor.id)}
        await self._record(changes, old, "changed", by, before=before, after={"rotatedTo": None})

    async def _unrevoked_successor(self, changes: KeyChanges, key: ApiKey) -> ApiKey | None:
        if key.rotated_to is None:
            return None
        successor = await self._read(changes, key.company_id, key.rotated_to)
        return None if successor.stored_status is KeyStatus.REVOKED else successor

    async def _succeed(
        self, changes: KeyChanges, old: ApiKey, by: Actor, expires_at: datetime | None
    ) -> CreatedKey:
        """Make a successor and point the old key at it."""
        request = _request_like(old, expires_at)
        created = await self._store(changes, old.company_id, request, by=by, rotated_from=old.id)
        await repository.mark_rotated(
            changes.connection,
            old.company_id,
            old.id,
            successor_id=created.key.id,
            at=clock.now(),
        )
        changes.note(old.id)
        successor_id = encode_id(Prefix.KEY, created.key.id)
        await self._record(changes, old, "rotated", by, after={"rotatedTo": successor_id})
        await self._record(changes, created.key, "created", by, after=describe(created.key))
        return created

    async def update_key(
        self, changes: KeyChanges, company_id: UUID, wanted: ApiKey, *, by: Actor
    ) -> ApiKey:
        """Change name, scopes, expiry, addresses, limits, owner and note to those of `wanted`.

        Raises NotFound, InvalidState for a revoked key, Conflict when `wanted.revision` is not the
        present one, InvalidInput naming every wrong field.
        """
        key = await self._lock(changes, company_id, wanted.id)
        if key.stored_status is KeyStatus.REVOKED:
            raise InvalidState("A revoked key cannot be changed.")
        if key.revision != wanted.revision:
            raise Conflict("Somebody else changed the key in the meantime.")
        kept_expiry = wanted.expires_at == key.expires_at
        _check(_terms_of(wanted, keeps_expiry=kept_expiry))
        await repository.update(changes.connection, company_id, wanted)
        changes.note(key.id)
        await self._record(
            changes, key, "changed", by, before=describe(key), after=describe(wanted)
        )
        return await self._read(changes, company_id, wanted.id)

    async def _store(
        self,
        changes: KeyChanges,
        company_id: UUID,
        request: KeyRequest,
        *,
        by: Actor,
        rotated_from: UUID | None,
    ) -> CreatedKey:
        request = replace(request, name=request.name.strip())
        _check(request)
        secret, key_id = generate_key(), ids.new_id()
        await repository.insert(
            changes.connection,
            company_id,
            key_id,
            request,
            digest=self._peppers.digest(secret),
            pepper_version=self._peppers.current.version,
            hint=hint_of(secret),
            created_by=by.name,
            created_at=clock.now(),
            rotated_from=rotated_from,
        )
        changes.note(key_id)
        return CreatedKey(await self._read(changes, company_id, key_id), secret)

    async def _switch(
        self,
        changes: KeyChanges,
        company_id: UUID,
        key_id: UUID,
        step: tuple[KeyStatus, KeyStatus],
        by: Actor,
        reason: str | None,
    ) -> ApiKey:
        from_status, to_status = step
        key = await self._lock(changes, company_id, key_id)
        _require(key, from_status)
        await repository.set_status(changes.connection, company_id, key_id, to_status)
        changes.note(key_id)
        action = "disabled" if to_status is KeyStatus.DISABLED else "enabled"
        before: JsonObject = {"status": from_status}
        after: JsonObject = {"status": to_status, "reason": reason}
        await self._record(changes, key, action, by, before=before, after=after)
        return await self._read(changes, company_id, key_id)

    async def _lock(self, changes: KeyChanges, company_id: UUID, key_id: UUID) -> ApiKey:
        return _found(await repository.lock(changes.connection, company_id, key_id))

    async def _read(self, changes: KeyChanges, company_id: UUID, key_id: UUID) -> ApiKey:
        return _found(await repository.find(changes.connection, company_id, key_id))

    async def _record(
        self,
        changes: KeyChanges,
        key: ApiKey,
        action: str,
        by: Actor,
        *,
        before: JsonObject | None = None,
        after: JsonObject | None = None,
    ) -> None:
        await self._audit.record_event(
            changes.connection,
            key.company_id,
            by=by,
            action=f"api_key.{action}",
            object_type="api_key",
            object_id=encode_id(Prefix.KEY, key.id),
            before=before,
            after=after,
        )


def describe(key: ApiKey) -> JsonObject:
    """Write a key's terms as the audit log keeps them; nothing of the secret but its hint."""
    return {
        "name": key.name,
        "hint": key.hint,
        "scopes": [scope.value for scope in Scope if scope in key.scopes],
        "owner": key.owner,
        "expiresAt": None if key.expires_at is None else clock.to_wire(key.expires_at),
        "allowedIps": list(key.allowed_ips),
        "limits": {category.value: limit for category, limit in key.limits.items()},
        "note": key.note,
    }


def _request_like(key: ApiKey, expires_at: datetime | None) -> KeyRequest:
    """Ask for another key on a key's terms."""
    return KeyRequest(
        name=key.name,
        scopes=key.scopes,
        owner=key.owner,
        expires_at=expires_at,
        allowed_ips=key.allowed_ips,
        limits=key.limits,
        note=key.note,
    )


def _terms_of(key: ApiKey, *, keeps_expiry: bool) -> KeyRequest:
    """Write a key's terms as a request to be checked; a kept expiry may lie in the past."""
    return KeyRequest(
        name=key.name,
        scopes=key.scopes,
        owner=key.owner,
        expires_at=None if keeps_expiry else key.expires_at,
        allowed_ips=key.allowed_ips,
        limits=key.limits,
        note=key.note,
    )


def _check(request: KeyRequest) -> None:
    problems = find_problems(request, clock.now())
    if problems:
        raise InvalidInput("The key is not valid.", problems)


def _require(key: ApiKey, status: KeyStatus) -> None:
    present = key.status_at(clock.now())
    if present is not status:
        raise InvalidState(f"The key is {present}; it would have to be {status}.")


def _found(key: ApiKey | None) -> ApiKey:
    if key is None:
        raise NotFound("There is no such API key.")
    return key
