"""The verbs on keys against a real database, and what the audit log keeps of them."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from justpaid import clock, ids
from justpaid.api_keys import repository
from justpaid.api_keys.key_changes import zero_tail
from justpaid.api_keys.key_format import Pepper, Peppers, is_well_formed
from justpaid.api_keys.model import CreatedKey, KeyRequest, KeyStatus
from justpaid.api_keys.service import ApiKeys
from justpaid.audit import repository as audit_repository
from justpaid.audit.chain import AuditSecret, AuditSecrets
from justpaid.audit.model import Actor
from justpaid.audit.service import AuditLog
from justpaid.companies import service as companies
from justpaid.db.pool import Connection, Pool
from justpaid.errors import Conflict, InvalidInput, InvalidState, NotFound
from justpaid.scopes import Category, Scope

PEPPERS = Peppers(Pepper(1, b"p" * 32))
AUDIT = AuditLog(AuditSecrets(AuditSecret(1, b"a" * 32)))
KEYS = ApiKeys(PEPPERS, AUDIT)
BILLING = KeyRequest(name="Billing", scopes=frozenset({Scope.RUNS_READ}))
OPERATOR = Actor("operator:test", "127.0.0.1", "req-1")


@pytest.fixture
async def connection(pool: Pool) -> AsyncIterator[Connection]:
    """One connection, as the command line has it."""
    async with pool.acquire() as acquired:
        yield acquired


async def make_key(
    connection: Connection, company_id: UUID, request: KeyRequest = BILLING
) -> CreatedKey:
    """Make a key as the command line does."""
    async with zero_tail(connection) as changes:
        return await KEYS.create_key(changes, company_id, request, by=OPERATOR)


async def test_a_created_key_is_found_by_its_digest_only(
    connection: Connection, company_id: UUID
) -> None:
    """The secret comes back once, works, and stands in no column of the database."""
    created = await make_key(connection, company_id)
    found = await repository.find_by_digests(connection, PEPPERS.digests(created.secret))
    assert found is not None
    assert found[0] == created.key
    assert is_well_formed(created.secret)
    for table in ("api_keys", "audit_log"):
        rows = await connection.fetchval(f"SELECT json_agg(t)::text FROM {table} t")
        assert created.secret not in rows
        assert created.secret[8:40] not in rows


async def test_every_wrong_field_is_named(connection: Connection, company_id: UUID) -> None:
    """Whoever asks for a wrong key learns of all its mistakes at once."""
    with pytest.raises(InvalidInput) as refused:
        await make_key(
            connection,
            company_id,
            KeyRequest(
                name=" ",
                scopes=frozenset(),
                expires_at=clock.now(),
                allowed_ips=("10.0.0.0/8", "10.0.0.1/8", "nowhere"),
                limits={Category.READ: 0},
                note="x" * 2001,
            ),
        )
    assert [problem.field for problem in refused.value.problems] == [
        "name",
        "scopes",
        "expiresAt",
        "note",
        "allowedIps[1]",
        "allowedIps[2]",
        "limits.read",
    ]


async def test_revoking_is_final_and_repeatable(connection: Connection, company_id: UUID) -> None:
    """A revoked key stays revoked; revoking again changes and records nothing."""
    key = (await make_key(connection, company_id)).key
    for _ in range(2):
        async with zero_tail(connection) as changes:
            revoked = await KEYS.revoke_key(
                changes, company_id, key.id, by=OPERATOR, reason="left in a repository"
            )
        assert revoked.stored_status is KeyStatus.REVOKED
        assert revoked.revoked_reason == "left in a repository"
        assert revoked.revision == key.revision + 1
    with pytest.raises(InvalidState):
        async with zero_tail(connection) as changes:
            await KEYS.enable_key(changes, company_id, key.id, by=OPERATOR)


async def test_disabling_can_be_undone(connection: Connection, company_id: UUID) -> None:
    """A disabled key comes back; a second disable or enable is a wrong state."""
    key = (await make_key(connection, company_id)).key
    async with zero_tail(connection) as changes:
        disabled = await KEYS.disable_key(changes, company_id, key.id, by=OPERATOR)
    assert disabled.status_at(clock.now()) is KeyStatus.DISABLED
    with pytest.raises(InvalidState):
        async with zero_tail(connection) as changes:
            await KEYS.disable_key(changes, company_id, key.id, by=OPERATOR)
    async with zero_tail(connection) as changes:
        enabled = await KEYS.enable_key(changes, company_id, key.id, by=OPERATOR)
    assert enabled.status_at(clock.now()) is KeyStatus.ACTIVE


async def test_rotation_leaves_the_old_key_valid(connection: Connection, company_id: UUID) -> None:
    """Old and new keys both work until the old one is revoked, and each names the other."""
    old = (await make_key(connection, company_id, replace(BILLING, limits={Category.WRITE: 7}))).key
    async with zero_tail(connection) as changes:
        new = (await KEYS.rotate_key(changes, company_id, old.id, by=OPERATOR)).key
    again = await repository.find(connection, company_id, old.id)
    assert again is not None
    assert again.status_at(clock.now()) is KeyStatus.ACTIVE
    assert again.expires_at is None
    assert (again.rotated_to, new.rotated_from) == (new.id, old.id)
    assert (new.name, new.scopes, new.limits) == (old.name, old.scopes, old.limits)
    with pytest.raises(InvalidState):
        async with zero_tail(connection) as changes:
            await KEYS.rotate_key(changes, company_id, old.id, by=OPERATOR)


async def test_a_change_must_know_the_present_revision(
    connection: Connection, company_id: UUID
) -> None:
    """Two people who edit one key do not overwrite each other unseen."""
    key = (await make_key(connection, company_id)).key
    async with zero_tail(connection) as changes:
        await KEYS.disable_key(changes, company_id, key.id, by=OPERATOR)
    with pytest.raises(Conflict):
        async with zero_tail(connection) as changes:
            await KEYS.update_key(changes, company_id, key, by=OPERATOR)


async def test_another_companys_key_does_not_exist(
    connection: Connection, company_id: UUID
) -> None:
    """No verb reaches a key of another company."""
    key = (await make_key(connection, company_id)).key
    other = await companies.create_company(connection, name="Other")
    for verb in (KEYS.revoke_key, KEYS.disable_key, KEYS.enable_key, KEYS.rotate_key):
        with pytest.raises(NotFound):
            async with zero_tail(connection) as changes:
                await verb(changes, other.id, key.id, by=OPERATOR)
    untouched = await repository.find(connection, company_id, key.id)
    assert untouched == key


async def test_keys_are_listed_newest_first_in_pages(
    connection: Connection, company_id: UUID
) -> None:
    """Pages neither repeat nor lose a key, and filters by status and name hold."""
    made = [
        (await make_key(connection, company_id, replace(BILLING, name=f"Key {n}"))).key
        for n in range(5)
    ]
    async with zero_tail(connection) as changes:
        await KEYS.revoke_key(changes, company_id, made[0].id, by=OPERATOR)
    now = clock.now()
    seen: list[UUID] = []
    after = None
    while page := await repository.list_page(connection, company_id, now=now, limit=2, after=after):
        seen += [key.id for key in page]
        after = (page[-1].created_at, page[-1].id)
    assert seen == [key.id for key in reversed(made)]
    active = await repository.list_page(
        connection, company_id, now=now, limit=9, status=KeyStatus.ACTIVE, search="key 3"
    )
    assert [key.id for key in active] == [made[3].id]


async def test_a_use_is_noted_without_touching_the_keys_row(
    connection: Connection, company_id: UUID
) -> None:
    """Noting a use waits for nobody who holds the key's row, and never goes back in time."""
    key = (await make_key(connection, company_id)).key
    now = clock.now()
    async with connection.transaction():
        before = await connection.fetchval("SELECT xmin::text FROM api_keys WHERE id = $1", key.id)
        await repository.note_uses(connection, [(key.id, now, "192.0.2.1")])
        await repository.note_uses(connection, [(key.id, now - timedelta(hours=1), "192.0.2.9")])
        await repository.note_uses(connection, [(ids.new_id(), now, None)])
    assert before == await connection.fetchval(
        "SELECT xmin::text FROM api_keys WHERE id = $1", key.id
    )
    used = await repository.find(connection, company_id, key.id)
    assert used is not None
    assert (used.last_used_at, used.last_used_ip) == (now, "192.0.2.1")


async def test_every_act_is_in_the_chain_and_tampering_is_seen(
    connection: Connection, company_id: UUID
) -> None:
    """Each act leaves a row naming who, from where and by which request; edits are found."""
    key = (await make_key(connection, company_id)).key
    async with zero_tail(connection) as changes:
        await KEYS.revoke_key(changes, company_id, key.id, by=OPERATOR, reason="test")
    rows = await audit_repository.list_rows(connection, company_id)
    assert [row.action for row in rows] == ["api_key.revoked", "api_key.created"]
    assert {(row.actor, row.address, row.request_id) for row in rows} == {
        ("operator:test", "127.0.0.1", "req-1")
    }
    whole = await AUDIT.verify(connection, company_id)
    assert (whole.valid, whole.rows) == (True, 2)
    await connection.execute("UPDATE audit_log SET actor = 'system' WHERE seq = 2")
    broken = await AUDIT.verify(connection, company_id)
    assert (broken.valid, broken.first_bad_id) == (False, rows[0].id)
    await connection.execute("DELETE FROM audit_log WHERE seq = 2")
    cut = await AUDIT.verify(connection, company_id)
    assert not cut.valid


async def test_events_of_one_company_keep_one_chain_under_concurrency(
    pool: Pool, company_id: UUID
) -> None:
    """Acts at the same time line up in the chain: no fork, no gap, nothing lost."""

    async def act() -> None:
        async with pool.acquire() as connection:
            await make_key(connection, company_id)

    await asyncio.gather(*(act() for _ in range(10)))
    async with pool.acquire() as connection:
        verified = await AUDIT.verify(connection, company_id)
    assert (verified.valid, verified.rows) == (True, 10)


async def test_a_company_needs_a_real_zone_and_currency(connection: Connection) -> None:
    """A company with an unknown time zone or currency would break its schedules later."""
    with pytest.raises(InvalidInput) as refused:
        await companies.create_company(connection, name="", time_zone="Mars/Base", currency="euro")
    assert [problem.field for problem in refused.value.problems] == ["name", "timeZone", "currency"]
    made = await companies.create_company(
        connection, name="Acme", time_zone="Europe/Berlin", currency="EUR"
    )
    assert made in await companies.list_companies(connection)
    assert await companies.get_company(connection, made.id) == made
