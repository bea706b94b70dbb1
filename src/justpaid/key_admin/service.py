"""The acts of people on API keys, within their own role's rights.

Guarantee: nobody grants a scope that their own role lacks, be it by a new key, a changed one or a
successor; and a key in use is not revoked by a slip.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from justpaid import clock
from justpaid.api_keys import repository
from justpaid.api_keys.key_changes import KeyChanges
from justpaid.api_keys.model import ApiKey, CreatedKey, KeyRequest, KeyStatus
from justpaid.api_keys.service import ApiKeys
from justpaid.audit.model import Actor
from justpaid.db.pool import Connection
from justpaid.errors import Conflict, InvalidInput, NotFound, Problem
from justpaid.ids import Prefix, decode_id
from justpaid.members import repository as members
from justpaid.scopes import Scope
from justpaid.usage import repository as usage
from justpaid.web.caller import Caller, missing_scope

UNUSED_AFTER: Final = timedelta(days=30)
REQUEST_DAYS: Final = 30

_RECENTLY: Final = timedelta(hours=1)


class KeyAdmin:
    """Made once at composition; `scope_of_route` says what `METHOD /path` needs."""

    def __init__(self, keys: ApiKeys, scope_of_route: Mapping[str, Scope]) -> None:
        self._keys = keys
        self._scope_of_route = scope_of_route

    async def create(self, changes: KeyChanges, caller: Caller, asked: KeyRequest) -> CreatedKey:
        """Make a key, owned by whoever asks. Raises InvalidInput, Forbidden."""
        _require_grantable(caller, asked.scopes)
        return await self._keys.create_key(changes, caller.company_id, asked, by=actor_of(caller))

    async def update(
        self,
        changes: KeyChanges,
        caller: Caller,
        key_id: UUID,
        fields: Mapping[str, Any],
        revisions: frozenset[int] | None = None,
    ) -> ApiKey:
        """Change what `fields` name, if the key is at one of the revisions.

        Raises NotFound, InvalidState for a revoked key, Conflict, InvalidInput, Forbidden.
        """
        key = await get_key(changes.connection, caller.company_id, key_id)
        if revisions is not None and key.revision not in revisions:
            raise Conflict("Somebody else changed the key in the meantime.")
        wanted = replace(key, **fields)
        _require_grantable(caller, wanted.scopes - key.scopes)
        if wanted.owner != key.owner:
            await _require_member(changes.connection, caller.company_id, wanted.owner)
        return await self._keys.update_key(changes, caller.company_id, wanted, by=actor_of(caller))

    async def trim(
        self, changes: KeyChanges, caller: Caller, key_id: UUID, scopes: frozenset[Scope]
    ) -> ApiKey:
        """Take scopes away; all of them must be the key's, and one must be left."""
        key = await get_key(changes.connection, caller.company_id, key_id)
        foreign = [scope for scope in Scope if scope in scopes - key.scopes]
        if foreign or not scopes:
            message = f"the key has no {', '.join(foreign)}" if foreign else "name at least one"
            raise InvalidInput("The scopes are not valid.", [Problem("scopes", message)])
        return await self.update(changes, caller, key_id, {"scopes": key.scopes - scopes})

    async def rotate(
        self, changes: KeyChanges, caller: Caller, key_id: UUID, expires_at: datetime | None
    ) -> tuple[CreatedKey, ApiKey]:
        """Make a successor; return it and the old key. Raises NotFound, InvalidState, Forbidden."""
        key = await get_key(changes.connection, caller.company_id, key_id)
        _require_grantable(caller, key.scopes)
        created = await self._keys.rotate_key(
            changes, caller.company_id, key_id, by=actor_of(caller), expires_at=expires_at
        )
        return created, await get_key(changes.connection, caller.company_id, key_id)

    async def revoke(
        self,
        changes: KeyChanges,
        caller: Caller,
        key_id: UUID,
        reason: str | None,
        confirm: str | None,
    ) -> ApiKey:
        """End a key for good; one used in the last hour only by its name. A repeat is no error."""
        key = await get_key(changes.connection, caller.company_id, key_id)
        if key.stored_status is not KeyStatus.REVOKED and confirm != key.name:
            await _require_quiet(changes.connection, key)
        return await self._keys.revoke_key(
            changes, caller.company_id, key_id, by=actor_of(caller), reason=reason
        )

    async def replace_compromised(
        self,
        changes: KeyChanges,
        caller: Caller,
        key_id: UUID,
        reason: str | None,
        *,
        is_replaced: bool,
    ) -> tuple[ApiKey, CreatedKey | None]:
        """Revoke a key that others may know, now, and make another on the same terms if wanted."""
        key = await get_key(changes.connection, caller.company_id, key_id)
        if is_replaced:
            _require_grantable(caller, key.scopes)
        return await self._keys.replace_key(
            changes,
            caller.company_id,
            key_id,
            by=actor_of(caller),
            reason=reason,
            replace=is_replaced,
        )

    async def switch(
        self,
        changes: KeyChanges,
        caller: Caller,
        key_id: UUID,
        reason: str | None,
        *,
        is_on: bool,
    ) -> ApiKey:
        """Disable a key, or enable it again. Raises NotFound, InvalidState."""
        await get_key(changes.connection, caller.company_id, key_id)
        act = self._keys.enable_key if is_on else self._keys.disable_key
        return await act(changes, caller.company_id, key_id, by=actor_of(caller), reason=reason)

    async def find_unused_scopes(
        self, connection: Connection, company_id: UUID, key_id: UUID
    ) -> tuple[list[Scope], datetime]:
        """Find which scopes a key has not used for 30 days, and since when it was watched.

        A younger key has had no chance to prove what it needs. Raises NotFound.
        """
        key = await get_key(connection, company_id, key_id)
        since = clock.now() - UNUSED_AFTER
        if key.created_at > since:
            return [], key.created_at
        routes = await usage.list_routes_used(connection, company_id, key_id, since)
        used = {self._scope_of_route.get(route) for route in routes}
        return [scope for scope in Scope if scope in key.scopes - used], since


async def get_key(connection: Connection, company_id: UUID, key_id: UUID) -> ApiKey:
    """Return a company's key; raises NotFound."""
    key = await repository.find(connection, company_id, key_id)
    if key is None:
        raise NotFound("There is no such object.")
    return key


async def count_requests(
    connection: Connection, company_id: UUID, keys: list[ApiKey]
) -> dict[UUID, list[int]]:
    """Count each key's requests on each of the last 30 days (UTC), today the last."""
    today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    days = [today - timedelta(days=back) for back in range(REQUEST_DAYS - 1, -1, -1)]
    ids = [key.id for key in keys]
    counts = await usage.count_by_day(connection, company_id, ids, days[0])
    return {key_id: [counts.get((key_id, day.date()), 0) for day in days] for key_id in ids}


def actor_of(caller: Caller) -> Actor:
    """Name a caller as the audit log does."""
    return Actor(caller.actor, caller.address, caller.request_id)


def _require_grantable(caller: Caller, scopes: frozenset[Scope]) -> None:
    for scope in Scope:
        if scope in scopes - caller.scopes:
            raise missing_scope(scope)


async def _require_member(connection: Connection, company_id: UUID, owner: str) -> None:
    membership_id = decode_id(Prefix.MEMBER, owner)
    if membership_id is not None and await members.find_member(
        connection, company_id, membership_id
    ):
        return
    problem = Problem("owner", "must be a member of the company")
    raise InvalidInput("The key is not valid.", [problem])


async def _require_quiet(connection: Connection, key: ApiKey) -> None:
    """Raise InvalidInput when a key was used in the last hour, saying how much."""
    since = clock.now() - _RECENTLY
    if key.last_used_at is None or key.last_used_at < since:
        return
    hour = since.replace(minute=0, second=0, microsecond=0)
    requests = max(1, await usage.count_since(connection, key.company_id, key.id, hour))
    message = (
        f"must be the key's name: {requests} requests came with it since {hour:%H:%M} UTC, the last"
        f" at {key.last_used_at:%H:%M:%S} from {key.last_used_ip or 'an unknown address'}"
    )
    raise InvalidInput("The key is in use.", [Problem("confirm", message)])
