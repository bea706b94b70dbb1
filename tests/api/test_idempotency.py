"""`Idempotency-Key`: the first answer again for the same caller, path and body; else a conflict."""

import asyncio
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from justpaid.db.pool import connect
from justpaid.scopes import Scope
from tests.api.whole_service import WholeService

STEP: dict[str, Any] = {"id": "a", "type": "transform", "config": {"mapping": {"x": 1}}}
_WAITING = """
SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'workflows'::regclass)
"""
DEFINITION: dict[str, Any] = {"name": "Once", "trigger": {"type": "api"}, "steps": [STEP]}


@pytest.fixture
async def key(service: WholeService, own_company_id: UUID) -> str:
    """Make a key with every scope."""
    return await service.make_key(own_company_id)


async def _create(
    service: WholeService, key: str, idempotency_key: str, **changes: Any
) -> httpx.Response:
    async with service.client(key) as client:
        return await client.post(
            "/workflows",
            json={**DEFINITION, **changes},
            headers={"idempotency-key": idempotency_key},
        )


async def test_a_repeat_gets_the_first_answer(service: WholeService, key: str) -> None:
    """A caller that lost the answer asks again, and nothing is made twice."""
    first = await _create(service, key, "one")
    again = await _create(service, key, "one")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    async with service.client(key) as client:
        assert len((await client.get("/workflows")).json()["data"]) == 1


async def test_another_body_is_a_conflict(service: WholeService, key: str) -> None:
    """A key used for something else is a mistake of the caller's, and is said to be one."""
    await _create(service, key, "one")
    other = await _create(service, key, "one", name="Other")
    assert other.status_code == 409
    assert other.json()["error"]["code"] == "IDEMPOTENCY_CONFLICT"


async def test_keys_of_others_do_not_meet(
    service: WholeService, key: str, own_company_id: UUID
) -> None:
    """The same text from another caller, or on another path, is another key."""
    colleague = await service.make_key(own_company_id)
    stranger = await service.make_key(await service.make_company("Other"))
    made = [(await _create(service, caller, "one")) for caller in (key, colleague, stranger)]
    ids = {answer.json()["data"]["id"] for answer in made}
    assert len(ids) == 3
    async with service.client(key) as client:
        path = f"/workflows/{made[0].json()['data']['id']}"
        answer = await client.post(f"{path}/activate", headers={"idempotency-key": "one"})
    assert answer.status_code == 200


async def test_mistakes_are_not_kept_and_refusals_are(service: WholeService, key: str) -> None:
    """A corrected request may use its key again; a conflict stays the answer it was."""
    wrong = await _create(service, key, "one", name="")
    right = await _create(service, key, "one")
    assert (wrong.status_code, right.status_code) == (400, 201)
    path = f"/workflows/{right.json()['data']['id']}"
    async with service.client(key) as client:
        headers = {"idempotency-key": "resume"}
        refused = await client.post(f"{path}/resume", headers=headers)
        await client.post(f"{path}/activate")
        await client.post(f"{path}/pause")
        repeated = await client.post(f"{path}/resume", headers=headers)
    assert (refused.status_code, repeated.status_code) == (409, 409)
    assert repeated.headers["idempotent-replayed"] == "true"
    assert repeated.json()["error"]["code"] == refused.json()["error"]["code"] == "INVALID_STATE"


async def test_of_many_at_once_one_acts(service: WholeService, key: str) -> None:
    """Twenty identical requests at once make one workflow; the others wait or are told to."""
    answers = await asyncio.gather(*(_create(service, key, "one") for _ in range(20)))
    made = {answer.json()["data"]["id"] for answer in answers if answer.status_code == 201}
    assert len(made) == 1
    for answer in answers:
        if answer.status_code != 201:
            assert answer.status_code == 409
            assert int(answer.headers["retry-after"]) >= 1


async def test_a_first_request_under_way_is_said_to_be(service: WholeService, key: str) -> None:
    """While the first one works, a repeat is a conflict with a time to come back."""
    holder = await connect(service.settings.database_url or "")
    transaction = holder.transaction()
    await transaction.start()
    await holder.execute("LOCK TABLE workflows IN ACCESS EXCLUSIVE MODE")
    first = asyncio.create_task(_create(service, key, "one"))
    await _until_locked(holder)
    second = await _create(service, key, "one")
    await transaction.rollback()
    await holder.close()
    assert second.status_code == 409
    assert second.headers["retry-after"] == "1"
    assert (await first).status_code == 201


async def _until_locked(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Poll until the first request waits for the table: by then it holds its key's lock."""
    async with asyncio.timeout(20):
        while not await connection.fetchval(_WAITING):  # noqa: ASYNC110  the database tells nobody
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("bad", ["", "x" * 256])
async def test_an_unusable_key_is_named(service: WholeService, key: str, bad: str) -> None:
    """A key that cannot be kept is refused before anything happens."""
    answer = await _create(service, key, bad)
    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0]["field"] == "Idempotency-Key"


async def test_no_body_is_kept(service: WholeService, key: str) -> None:
    """What was sent is kept as a keyed hash only."""
    await _create(service, key, "one", description="a sentence only the caller knows")
    rows = await service.pool.fetch("SELECT encode(body_hash, 'escape') FROM idempotency_keys")
    assert rows
    assert all("sentence" not in row[0] for row in rows)


async def test_scopes_come_first(service: WholeService, own_company_id: UUID, key: str) -> None:
    """A key that may not write learns nothing from a stored answer."""
    await _create(service, key, "one")
    reader = await service.make_key(own_company_id, Scope.WORKFLOWS_READ)
    assert (await _create(service, reader, "one")).status_code == 403
