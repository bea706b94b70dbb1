"""`/api/v1/admin/keys`: for people with the permission `keys`; no API key manages keys."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Depends, Query, Request

from justpaid import clock
from justpaid.api_keys import repository
from justpaid.api_keys.key_changes import changing_keys
from justpaid.api_keys.key_view import show_key
from justpaid.api_keys.model import ApiKey, KeyStatus
from justpaid.db.pool import Pool
from justpaid.exact_json import JsonObject
from justpaid.ids import Prefix
from justpaid.key_admin import schemas
from justpaid.key_admin.pairs import get_pair
from justpaid.key_admin.service import KeyAdmin, count_requests, get_key
from justpaid.web.answers import NO_STORE, Page, Success, answers
from justpaid.web.caller import Caller, permits
from justpaid.web.cursors import DEFAULT_LIMIT, Position, split_page
from justpaid.web.envelope import Answer, page, success
from justpaid.web.parameters import After, Limit, Revisions, path_id
from justpaid.web.permissions import Permission
from justpaid.web.routing import EdgeResources, api_router
from justpaid.web.unit_of_work import Connection, Unit

router = api_router("Keys", "/api/v1/admin")

_ETAG: Final[dict[str, Any]] = {
    "ETag": {
        "description": "The key's revision, for `If-Match`.",
        "schema": {"type": "string"},
        "example": '"3"',
    }
}
_ONE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"model": Success[schemas.KeyView], "headers": _ETAG}
}


async def current_keys(request: Request) -> KeyAdmin:
    """Return what composition made for this app."""
    keys: KeyAdmin = request.app.state.key_admin
    return keys


async def current_pool(request: Request) -> Pool:
    """Return the pool on which a change of keys is settled."""
    edge: EdgeResources = request.app.state.edge
    return edge.pool


Keys = Annotated[KeyAdmin, Depends(current_keys)]
Settling = Annotated[Pool, Depends(current_pool)]
Manager = Annotated[Caller, permits(Permission.KEYS)]
KeyId = Annotated[UUID, path_id(Prefix.KEY, "id")]


@router.get("/keys", summary="List keys", responses=answers(Page[schemas.ListedKeyView]))
async def list_keys(
    caller: Manager,
    connection: Connection,
    after: After,
    limit: Limit = DEFAULT_LIMIT,
    status: Annotated[KeyStatus | None, Query(description="Only of this status.")] = None,
    search: Annotated[str | None, Query(description="Part of a name.")] = None,
    due: Annotated[bool, Query(description="Only active keys of 90 days or more.")] = False,  # noqa: FBT002  a query parameter
) -> Answer:
    """List the company's keys, the newest first, with their requests of the last 30 days."""
    rows = await repository.list_page(
        connection,
        caller.company_id,
        now=clock.now(),
        limit=limit + 1,
        after=None if after is None else (after.created_at, after.id),
        status=status,
        search=search,
        due=due,
    )
    items, cursor = split_page(rows, limit, lambda key: Position(key.created_at, key.id))
    counts = await count_requests(connection, caller.company_id, list(items))
    return page([{**show_key(key), "requests30d": counts[key.id]} for key in items], cursor)


@router.post(
    "/keys",
    status_code=201,
    summary="Create a key",
    responses=answers(Success[schemas.KeyWithSecretView], 201),
)
async def create_key(
    caller: Manager, unit: Unit, pool: Settling, keys: Keys, body: schemas.CreateKey
) -> Answer:
    """Make a key and show it, this once. You own it."""
    async with changing_keys(unit, pool) as changes:
        created = await keys.create(changes, caller, body.asked())
    shown, replay = schemas.show_created(created)
    return success(shown, 201, headers=_headers(created.key) | NO_STORE, replay=replay)


@router.get("/keys/{id}", summary="Get a key", responses=_ONE)
async def read_key(caller: Manager, connection: Connection, key_id: KeyId) -> Answer:
    """Show one key, whatever its status."""
    return _one(await get_key(connection, caller.company_id, key_id))


@router.patch("/keys/{id}", summary="Change a key", responses=_ONE)
async def update_key(
    caller: Manager,
    unit: Unit,
    pool: Settling,
    keys: Keys,
    key_id: KeyId,
    revisions: Revisions,
    body: schemas.UpdateKey,
) -> Answer:
    """Change a key's terms; once this answers, no request is accepted on the old ones."""
    async with changing_keys(unit, pool) as changes:
        changed = await keys.update(changes, caller, key_id, _given(body), revisions)
    return _one(changed)


@router.post(
    "/keys/{id}/rotate",
    status_code=201,
    summary="Rotate a key",
    responses=answers(Success[schemas.RotatedView], 201),
)
async def rotate_key(
    caller: Manager,
    unit: Unit,
    pool: Settling,
    keys: Keys,
    key_id: KeyId,
    body: schemas.RotateKey,
) -> Answer:
    """Make a successor on the same terms and show it, this once; the old key stays valid."""
    async with changing_keys(unit, pool) as changes:
        created, old = await keys.rotate(changes, caller, key_id, body.expires_at)
    shown, again = schemas.show_created(created)
    predecessor = show_key(old)
    return success(
        {"successor": shown, "predecessor": predecessor},
        201,
        headers=NO_STORE,
        replay={"successor": again, "predecessor": predecessor},
    )


@router.post("/keys/{id}/revoke", summary="Revoke a key", responses=_ONE)
async def revoke_key(
    caller: Manager,
    unit: Unit,
    pool: Settling,
    keys: Keys,
    key_id: KeyId,
    body: schemas.RevokeKey,
) -> Answer:
    """End a key for good: once this answers, no process accepts it. A repeat changes nothing.

    A key used in the last hour is revoked only with its name in `confirm`; without it, the answer
    says how much it was used.
    """
    async with changing_keys(unit, pool) as changes:
        revoked = await keys.revoke(changes, caller, key_id, body.reason, body.confirm)
    return _one(revoked)


@router.post(
    "/keys/{id}/compromised",
    summary="Revoke and replace a key",
    responses=answers(Success[schemas.CompromisedView]),
)
async def replace_key(
    caller: Manager,
    unit: Unit,
    pool: Settling,
    keys: Keys,
    key_id: KeyId,
    body: schemas.CompromisedKey,
) -> Answer:
    """End a key that others may know and, if wanted, show another on the same terms, this once."""
    async with changing_keys(unit, pool) as changes:
        revoked, created = await keys.replace_compromised(
            changes, caller, key_id, body.reason, is_replaced=body.replace
        )
    shown: JsonObject = {"revoked": show_key(revoked)}
    if created is None:
        return success(shown)
    replacement, again = schemas.show_created(created)
    return success(
        {**shown, "replacement": replacement},
        headers=NO_STORE,
        replay={**shown, "replacement": again},
    )


@router.post("/keys/{id}/disable", summary="Disable a key", responses=_ONE)
async def disable_key(
    caller: Manager,
    unit: Unit,
    pool: Settling,
    keys: Keys,
    key_id: KeyId,
    body: schemas.SwitchKey,
) -> Answer:
    """Shut a key out until it is enabled again."""
    async with changing_keys(unit, pool) as changes:
        disabled = await keys.switch(changes, caller, key_id, body.reason, is_on=False)
    return _one(disabled)


@router.post("/keys/{id}/enable", summary="Enable a key", responses=_ONE)
async def enable_key(
    caller: Manager,
    unit: Unit,
    pool: Settling,
    keys: Keys,
    key_id: KeyId,
    body: schemas.SwitchKey,
) -> Answer:
    """Let a disabled key in again."""
    async with changing_keys(unit, pool) as changes:
        enabled = await keys.switch(changes, caller, key_id, body.reason, is_on=True)
    return _one(enabled)


@router.get(
    "/keys/{id}/pair", summary="Watch a rotation", responses=answers(Success[schemas.PairView])
)
async def read_pair(caller: Manager, connection: Connection, key_id: KeyId) -> Answer:
    """Show a key and its successor: who still uses the old one, and whether it may be revoked."""
    return success(schemas.show_pair(await get_pair(connection, caller.company_id, key_id)))


@router.get(
    "/keys/{id}/advice",
    summary="Find unused scopes",
    responses=answers(Success[schemas.AdviceView]),
)
async def read_advice(caller: Manager, connection: Connection, keys: Keys, key_id: KeyId) -> Answer:
    """Show which scopes the key has not used for 30 days."""
    unused, since = await keys.find_unused_scopes(connection, caller.company_id, key_id)
    shown = [scope.value for scope in unused]
    return success({"unusedScopes": shown, "since": clock.to_wire(since)})


@router.post("/keys/{id}/trim", summary="Take scopes away", responses=_ONE)
async def trim_key(
    caller: Manager,
    unit: Unit,
    pool: Settling,
    keys: Keys,
    key_id: KeyId,
    body: schemas.TrimKey,
) -> Answer:
    """Take scopes away from a key; at least one has to stay."""
    async with changing_keys(unit, pool) as changes:
        trimmed = await keys.trim(changes, caller, key_id, frozenset(body.scopes))
    return _one(trimmed)


def _one(key: ApiKey) -> Answer:
    return success(show_key(key), headers=_headers(key))


def _headers(key: ApiKey) -> dict[str, str]:
    return {"ETag": f'"{key.revision}"'}


def _given(body: schemas.UpdateKey) -> dict[str, Any]:
    """Return what was sent, by the names that a key's fields have inside."""
    values: dict[str, Any] = {
        "name": body.name.strip(),
        "scopes": frozenset(body.scopes),
        "expires_at": body.expires_at,
        "allowed_ips": tuple(body.allowed_ips),
        "limits": body.limits.by_category(),
        "owner": body.owner,
        "note": body.note,
    }
    return {name: values[name] for name in body.model_fields_set}
