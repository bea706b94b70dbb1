"""Rotation as callers meet it: which answers say that a key is old, since when, until when."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import timedelta
from email.utils import parsedate_to_datetime
from uuid import UUID

import pytest

from justpaid import clock
from justpaid.api_keys import repository
from justpaid.api_keys.key_changes import zero_tail
from justpaid.db.pool import Pool
from justpaid.errors import NotFound
from justpaid.key_admin.pairs import get_pair
from tests.api.gate_world import KEYS, OPERATOR, World, running

THINGS = "/api/v1/things"


@pytest.fixture
async def world(pool: Pool, database_url: str) -> AsyncGenerator[World]:
    """Run an API process."""
    async with running(World(pool, database_url)) as process:
        yield process


async def test_an_old_key_is_marked(world: World, company_id: UUID) -> None:
    """A rotated key goes on working and says since when it is old, and until when it works."""
    expires_at = clock.now() + timedelta(days=300)
    old = await world.make_key(company_id, expires_at=expires_at)
    soon = await world.make_key(company_id, expires_at=clock.now() + timedelta(days=29))
    async with world.client(old.secret) as client:
        assert "deprecation" not in (await client.get(THINGS)).headers
        async with world.pool.acquire() as connection, zero_tail(connection) as changes:
            new = await KEYS.rotate_key(changes, company_id, old.key.id, by=OPERATOR)
        response = await client.get(THINGS)
    assert response.status_code == 200
    assert response.headers["deprecation"] == f"@{int(new.key.created_at.timestamp())}"
    assert parsedate_to_datetime(response.headers["sunset"]) == expires_at.replace(microsecond=0)
    async with world.client(soon.secret) as client:
        headers = (await client.get(THINGS)).headers
        assert {"deprecation", "sunset"} <= set(headers)
    async with world.client(new.secret) as client:
        assert "deprecation" not in (await client.get(THINGS)).headers


async def test_a_key_whose_successor_is_revoked_is_not_marked(
    world: World, company_id: UUID
) -> None:
    """Who revokes the new key of a rotation keeps the old one: it is current again, at once."""
    old = await world.make_key(company_id)
    async with world.client(old.secret) as client:
        for _ in range(2):
            async with world.pool.acquire() as connection, zero_tail(connection) as changes:
                new = await KEYS.rotate_key(changes, company_id, old.key.id, by=OPERATOR)
            assert "deprecation" in (await client.get(THINGS)).headers
            async with world.pool.acquire() as connection, zero_tail(connection) as changes:
                await KEYS.revoke_key(changes, company_id, new.key.id, by=OPERATOR)
            assert "deprecation" not in (await client.get(THINGS)).headers


async def test_a_period_of_grace_does_not_change_since_when_a_key_is_old(
    world: World, company_id: UUID
) -> None:
    """A rotated key that is given an end soon is deprecated since its rotation, not before."""
    old = await world.make_key(company_id)
    async with world.pool.acquire() as connection, zero_tail(connection) as changes:
        new = await KEYS.rotate_key(changes, company_id, old.key.id, by=OPERATOR)
        rotated = await repository.find(connection, company_id, old.key.id)
        assert rotated is not None
        ends_at = clock.now() + timedelta(hours=1)
        await KEYS.update_key(
            changes, company_id, replace(rotated, expires_at=ends_at), by=OPERATOR
        )
    async with world.client(old.secret) as client:
        headers = (await client.get(THINGS)).headers
    assert headers["deprecation"] == f"@{int(new.key.created_at.timestamp())}"
    assert parsedate_to_datetime(headers["sunset"]) == ends_at.replace(microsecond=0)


async def test_a_rotation_that_was_undone_is_no_pair(world: World, company_id: UUID) -> None:
    """Nobody is told to revoke the old key because of a successor that does not work any more."""
    old = await world.make_key(company_id)
    async with world.pool.acquire() as connection, zero_tail(connection) as changes:
        new = await KEYS.rotate_key(changes, company_id, old.key.id, by=OPERATOR)
        assert (await get_pair(connection, company_id, old.key.id)).successor.id == new.key.id
        await KEYS.revoke_key(changes, company_id, new.key.id, by=OPERATOR)
        for key_id in (old.key.id, new.key.id):
            with pytest.raises(NotFound):
                await get_pair(connection, company_id, key_id)


async def test_a_finished_rotation_stays_a_pair(world: World, company_id: UUID) -> None:
    """What replaced a revoked key can still be seen after it was itself revoked."""
    old = await world.make_key(company_id)
    async with world.pool.acquire() as connection, zero_tail(connection) as changes:
        new = await KEYS.rotate_key(changes, company_id, old.key.id, by=OPERATOR)
        for key_id in (old.key.id, new.key.id):
            await KEYS.revoke_key(changes, company_id, key_id, by=OPERATOR)
        assert (await get_pair(connection, company_id, new.key.id)).predecessor.id == old.key.id
